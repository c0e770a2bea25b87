// What single settings may be: text in, value out, or the end of a sentence that says what is wrong ("must be ..., got
// ...: what to do"). No schema shows the value of a secret, or of a URL, which may hold one.
import type { RealtimeHintKind } from '@tidemark/engine';
import { type Duration, isKeyPrefix, parseDuration } from '@tidemark/protocol';
import * as z from 'zod';
import { defaultLogLevel, defaultPort } from './defaults.ts';
import { logLevels, type LogLevel } from '../log/logger.ts';

type Refuse = (sentence: string) => never;

/** A schema from a function that returns the value or refuses. */
export function setting<T>(parse: (text: string, refuse: Refuse) => T): z.ZodType<T, string> {
  return z.string().transform((text, context): T => {
    return parse(text, (message) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
  });
}

/** Two from Realtime, one from PostgreSQL itself. */
export type HintKind = RealtimeHintKind | 'direct';

const hintKinds: readonly HintKind[] = ['broadcast', 'changes', 'direct'];

export const portSchema: z.ZodType<number, string> = setting((text, refuse) => {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535
    ? port
    : refuse(
        `must be a whole number from 0 to 65535, got "${text}": ${defaultPort} is the default, 0 takes any free port`,
      );
});

export const hostSchema: z.ZodType<string, string> = setting((text, refuse) =>
  /^[\w.:-]+$/.test(text)
    ? text
    : refuse(
        `must be an address or a host name, got "${text}": 127.0.0.1 for this machine only, 0.0.0.0 for all`,
      ),
);

export const switchSchema: z.ZodType<boolean, string> = setting((text, refuse) => {
  const isOn = /^(?:true|yes|on|1)$/i.test(text);
  if (isOn || /^(?:false|no|off|0)$/i.test(text)) return isOn;
  return refuse(`must be true or false, got "${text}": false is the default`);
});

/** The standard names the base URL: `/v1/metrics` and `/v1/traces` are added to it. */
export const otlpEndpointSchema: z.ZodType<string, string> = setting((text, refuse) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    return refuse(
      'must be an http:// or https:// URL, got something else: name the port of OTLP over HTTP, e.g. http://collector:4318',
    );
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('must hold no password, got one: put it into OTEL_EXPORTER_OTLP_HEADERS');
  }
  return text.replace(/\/+$/, '');
});

export const durationSchema: z.ZodType<number, string> = setting((text, refuse) => {
  try {
    return parseDuration('', /^\d+$/.test(text) ? Number(text) : (text as Duration));
  } catch {
    return refuse(
      `must be a positive number of milliseconds or a duration, got "${text}": write 250ms, 2s or 1m`,
    );
  }
});

export const keyPrefixSchema: z.ZodType<string, string> = setting((text, refuse) =>
  isKeyPrefix(text)
    ? text
    : refuse(
        `must be at most 100 characters without spaces, "*", "?", "[", "]" and "\\", got "${text}": set the keyPrefix of the instances`,
      ),
);

export const logLevelSchema: z.ZodType<LogLevel, string> = setting(
  (text, refuse) =>
    logLevels.find((level) => level === text.toLowerCase()) ??
    refuse(`must be one of ${logLevels.join(', ')}, got "${text}": ${defaultLogLevel} is the default`),
);

export const hintsSchema: z.ZodType<readonly HintKind[], string> = setting((text, refuse) => {
  const names = text
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  if (names.length === 1 && names[0] === 'none') return [];
  const kinds = hintKinds.filter((kind) => names.includes(kind));
  const isUnderstood = names.every((name) => kinds.some((kind) => kind === name));
  return isUnderstood
    ? kinds
    : refuse(
        `must be a comma list of ${hintKinds.join(', ')}, or none, got "${text}": broadcast,changes is the default`,
      );
});

export const databaseUrlSchema: z.ZodType<string, string> = setting((text, refuse) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') && url.hostname !== ''
    ? text
    : refuse(
        'must be a postgres:// or postgresql:// URL with a host, got something else: copy the connection string',
      );
});
