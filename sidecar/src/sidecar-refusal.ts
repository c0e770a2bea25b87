// Why a sidecar did not start: a configuration that turned out, by trying it, not to work.
import { TidemarkError } from '@tidemark/protocol';

export class SidecarRefusal extends TidemarkError {
  declare readonly code: 'SIDECAR_REFUSED';
  /** One sentence each, without any secret. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'), { code: 'SIDECAR_REFUSED' });
    this.problems = problems;
  }
}
