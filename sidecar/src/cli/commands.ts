// Every command of `tidemark`, in the order of the help.
import { checkConfig } from './check-config.ts';
import type { Command } from './command.ts';

export const commands: readonly Command[] = [checkConfig];

export function findCommand(name: string): Command | undefined {
  return commands.find((command) => command.name === name);
}
