// A configuration that can't be started with.
import { TidemarkError } from '@tidemark/protocol';

export class ConfigError extends TidemarkError {
  declare readonly code: 'CONFIG_INVALID';
  /** One sentence each, without any secret. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'), { code: 'CONFIG_INVALID' });
    this.problems = problems;
  }
}
