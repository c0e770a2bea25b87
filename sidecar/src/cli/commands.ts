// Every command of `tidemark`, in the order of the help.
import { checkConfig } from './check-config.ts';
import type { Command } from './command.ts';
import { doctor } from './doctor.ts';
import { explain } from './explain.ts';
import { health } from './health.ts';
import { invalidate } from './invalidate.ts';
import { status } from './status.ts';
import { tail } from './tail.ts';
import { track } from './track.ts';

export const commands: readonly Command[] = [
  checkConfig,
  doctor,
  status,
  health,
  tail,
  explain,
  invalidate,
  track,
];

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}
