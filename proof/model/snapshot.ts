// PostgreSQL snapshots as the journal uses them: which transactions are visible, as `xmin:xmax:xip,…`.

export interface Snapshot {
  readonly xmax: number;
  /** Still running when the snapshot was taken. */
  readonly running: readonly number[];
}

export function formatSnapshot({ xmax, running }: Snapshot): string {
  return `${running[0] ?? xmax}:${xmax}:${running.join(',')}`;
}

export function parseSnapshot(text: string): Snapshot {
  const [, xmax = '0', running = ''] = text.split(':');
  return { xmax: Number(xmax), running: running === '' ? [] : running.split(',').map(Number) };
}

export function isVisible(xid: number, { xmax, running }: Snapshot): boolean {
  return xid < xmax && !running.includes(xid);
}

/** Whether all that is visible in `past` is visible in `present`; false after commits were lost. */
export function contains(present: Snapshot, past: Snapshot): boolean {
  return present.xmax >= past.xmax && !present.running.some((xid) => isVisible(xid, past));
}
