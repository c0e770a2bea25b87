// Whether the sidecar does its work, as a pure function of its status: the answer of /readyz.
import type { EngineStatus, LoopState } from '@tidemark/engine';

/** One sentence for each thing that keeps rounds from being run; empty: ready. */
export function problemsOf(status: EngineStatus): string[] {
  const problems: string[] = [];
  if (status.redis === 'unreachable') {
    problems.push(
      "Redis can't be reached: rounds can't be published, and instances cache for their bound only",
    );
  }
  if (status.namespaces.length === 0) problems.push('rounds have not begun yet');
  for (const { namespace, loop } of status.namespaces) {
    const problem = problemOf(loop);
    if (problem !== null) problems.push(`rounds of the namespace ${namespace} ${problem}`);
  }
  return problems;
}

/** To stand by is to be ready: another sidecar runs the rounds. */
function problemOf(loop: LoopState): string | null {
  if (loop.kind === 'failing') return `fail: ${loop.reason}`;
  return loop.kind === 'starting' ? 'have not begun yet' : null;
}
