// Puts snapshots on an output: redrawn in place on a terminal, otherwise a line for each thing that happened. Owns the
// cursor of the terminal, and gives it back.
import { describeChange, renderFrame } from './terminal.ts';
import type { Snapshot } from './snapshot.ts';
import type { WriteStream } from 'node:tty';

export interface Show {
  update(snapshot: Snapshot): void;
  end(): void;
}

/** The frame is drawn over itself; the addresses above it stay, to be copied. */
export function showFrames(out: WriteStream, addresses: readonly string[]): Show {
  out.write(`${addresses.join('\n')}\n\n\u001B[?25l`);
  let height = 0;
  return {
    update(snapshot) {
      const lines = renderFrame(snapshot, out.columns).slice(0, out.rows - 1);
      const up = height === 0 ? '' : `\u001B[${height}A`;
      out.write(`${up}${lines.map((line) => `${line}\u001B[K\n`).join('')}\u001B[J`);
      height = lines.length;
    },
    end: () => void out.write('\u001B[?25h'),
  };
}

/** A change is told when all instances have followed it, or after so many milliseconds with what there is. */
const tellAfterMs = 5_000;

export function showLines(out: NodeJS.WritableStream, addresses: readonly string[]): Show {
  out.write(`${addresses.join('\n')}\n`);
  const told = new Map<string, string>();
  let lastChange = 0;

  function tellOnce(subject: string, text: string): void {
    if (told.get(subject) === text) return;
    told.set(subject, text);
    out.write(`${subject}: ${text}\n`);
  }

  return {
    update(snapshot) {
      tellOnce('sidecar', snapshot.sidecar.state);
      for (const { name, state, hasLease } of snapshot.instances) {
        const lease = hasLease ? 'lease' : 'no lease';
        tellOnce(`instance ${name}`, state === 'serving' ? lease : state);
      }
      for (const change of snapshot.changes.toReversed()) {
        if (change.id <= lastChange) continue;
        const isComplete = change.arrivals.every(({ freshMs }) => freshMs !== null);
        if (!isComplete && Date.now() - Date.parse(change.at) < tellAfterMs) break;
        lastChange = change.id;
        out.write(`${describeChange(change)}\n`);
      }
    },
    end() {},
  };
}
