// The log of the process: pino, JSON lines, one child per component. Never lets a secret through.
import { pino } from 'pino';
import type { Logger } from '@tidemark/protocol';
import type { Redactor } from './redact.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly redact: Redactor;
  /** Takes whole lines; main.ts hands in the standard output. */
  readonly write: (line: string) => void;
}

export function createLogger({ level, redact, write }: LoggerOptions): Logger {
  return pino(
    { level, base: { name: 'tidemark-sidecar' }, timestamp: pino.stdTimeFunctions.isoTime },
    { write: (line: string) => write(redact(line)) },
  );
}
