// What a measurement is and what it finds, for those who measure and for those who report. Types, and the one rule that
// decides whether a target is met. Whoever adds a measurement implements this and joins the list in measurements.ts.

export interface Measurement {
  /** One word, as in `--only`; also the name of its file in bench/results. */
  readonly name: string;
  /** Runs it whole; cleans up after itself, also when it fails. */
  run(options: RunOptions): Promise<Findings>;
}

export interface RunOptions {
  /** Seconds instead of minutes: shows that everything runs. Its figures mean nothing and are not kept. */
  readonly isQuick: boolean;
  /** A line for who waits. */
  readonly tell: (line: string) => void;
}

export interface Findings {
  readonly sections: readonly Section[];
  /** Of everything that was measured beside Tidemark, by name; servers too. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Section {
  readonly title: string;
  /** What is measured, and how. Markdown, one paragraph each. */
  readonly about: readonly string[];
  readonly table: Table;
  readonly plots: readonly Plot[];
  readonly targets: readonly Target[];
  /** Where the rest goes, found by profile; told while a target of the section is missed. Markdown. */
  readonly causes?: readonly string[];
  /** A sentence for each row in which a peer is better, and by how much. Markdown. */
  readonly peerWins: readonly string[];
  /** What a reader could take this for, and it is not. Markdown. */
  readonly notMeasured: readonly string[];
}

export interface Table {
  readonly columns: readonly Column[];
  /** A cell per column; null where there is nothing to say. */
  readonly rows: readonly (readonly Cell[])[];
}

interface Column {
  readonly title: string;
  /** Behind the title: `ns`, `ms`, `×`. */
  readonly unit?: string;
}

export type Cell = string | number | null;

export type Plot = BarPlot | LinePlot;

export interface BarPlot {
  readonly kind: 'bars';
  readonly title: string;
  readonly unit: string;
  /** Default false: lengths are proportional to values. */
  readonly isLogarithmic?: boolean;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** Half of the repetitions lie between these. */
  readonly spread?: readonly [low: number, high: number];
  /** Tidemark's own stand out. */
  readonly isOwn?: boolean;
}

export interface LinePlot {
  readonly kind: 'lines';
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

interface Axis {
  readonly title: string;
  /** Default false. */
  readonly isLogarithmic?: boolean;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly isOwn?: boolean;
}

/** What was aimed at, and what came out. */
export interface Target {
  /** Without the figure: "a lone peek beside lru-cache". */
  readonly what: string;
  readonly unit: string;
  readonly measured: number;
  readonly limit: { readonly atMost: number } | { readonly atLeast: number };
}

export function isMet({ measured, limit }: Target): boolean {
  return 'atMost' in limit ? measured <= limit.atMost : measured >= limit.atLeast;
}
