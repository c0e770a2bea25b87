// What the terminal and the page show: one plain object, made anew whenever something happened. Durations are
// milliseconds after the COMMIT; null: not yet, or not known.

export interface Snapshot {
  readonly hints: string;
  readonly boundMs: number;
  readonly sidecar: SidecarView;
  readonly instances: readonly InstanceView[];
  /** Newest first. */
  readonly changes: readonly ChangeView[];
  readonly answers: { readonly given: number; readonly withinBound: number; readonly beyondBound: number };
}

export interface SidecarView {
  readonly state: 'down' | 'starting' | 'not ready' | 'ready';
  readonly position: string | null;
  readonly hints: readonly { readonly name: string; readonly state: string; readonly heard: number }[];
}

export interface InstanceView {
  readonly name: string;
  readonly url: string;
  readonly state: 'serving' | 'frozen' | 'gone';
  readonly hasLease: boolean;
  readonly tidemarkAgeMs: number | null;
  readonly position: string | null;
  readonly entries: number;
  readonly loads: number;
  readonly holds: readonly HoldView[];
}

/** After the COMMIT. No drop, and yet fresh: there was no old entry. */
export interface Lags {
  readonly droppedMs: number | null;
  readonly freshMs: number | null;
}

/** The lags are those of the tenant's last change. */
export interface HoldView extends Lags {
  readonly tenant: string;
  /** What the instance answered last; null before its first answer. */
  readonly text: string | null;
  readonly isDropped: boolean;
  readonly from: 'L2' | 'source' | null;
}

export interface ChangeView {
  readonly id: number;
  /** Of the wall clock, ISO. */
  readonly at: string;
  readonly what: string;
  readonly arrivals: readonly ({ readonly instance: string } & Lags)[];
}
