// A namespace as the page shows it: who publishes, and how far the history goes. Pure.
import type { LoopState } from '@tidemark/engine';
import { formatPosition, type Head } from '@tidemark/protocol';

export interface NamespaceView {
  readonly namespace: string;
  readonly isWell: boolean;
  readonly publisher: string;
  /** null: there is no head. */
  readonly position: string | null;
  /** Of this generation; null: there is no head. */
  readonly roundsDone: number | null;
  /** Why nobody publishes; null when somebody does. */
  readonly sentence: string | null;
}

export function viewNamespace(
  namespace: string,
  { head, loop }: { head: Head | null; loop: LoopState | undefined },
): NamespaceView {
  return {
    namespace,
    ...publisherOf(loop, head),
    position: head && formatPosition(head.position),
    roundsDone: head && head.done,
  };
}

type Publisher = Pick<NamespaceView, 'isWell' | 'publisher' | 'sentence'>;

function publisherOf(loop: LoopState | undefined, head: Head | null): Publisher {
  // A sidecar that stands by reads no journal, and serves only the namespaces it knows by name.
  if (loop === undefined) {
    return head === null
      ? { isWell: false, publisher: 'nobody', sentence: 'No sidecar has published in this namespace yet.' }
      : { isWell: true, publisher: 'another process', sentence: null };
  }
  if (loop.kind === 'working') return { isWell: true, publisher: 'this sidecar', sentence: null };
  if (loop.kind === 'standby') return { isWell: true, publisher: 'another sidecar', sentence: null };
  if (loop.kind === 'starting') {
    return { isWell: false, publisher: 'nobody yet', sentence: 'Its rounds have not begun yet.' };
  }
  return { isWell: false, publisher: 'nobody', sentence: `Its rounds fail: ${loop.reason}.` };
}
