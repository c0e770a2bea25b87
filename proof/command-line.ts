// What the runs have in common on the command line: help, refused options, signals, and rows that are told as they come.
// Serves main files only: no other part of a run prints, hears signals or exits.

/** Prints the usage and exits when `--help` is among them; exits with 2 when `parse` refuses them. */
export function readOptions<T>(usage: string, parse: (args: readonly string[]) => T): T {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return process.exit(0);
  }
  try {
    return parse(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}

/** @throws Error with a sentence for what is no whole number */
export function parseNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`${option} must be a whole number, got "${text}": write for example ${option} 10`);
}

/** For runs that are not told their seed. */
export function newSeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

interface JudgedRow {
  readonly isGood: boolean;
  /** What went wrong, for people. */
  readonly examples: readonly string[];
}

export interface RowCollection<Row extends JudgedRow> {
  /** Starts the run; it ends early, and leaves nothing behind, when the signal aborts. */
  readonly run: (hooks: {
    readonly signal: AbortSignal;
    readonly onRow: (row: Row) => void;
  }) => Promise<unknown>;
  readonly rowLine: (row: Row) => string;
  readonly tell: (text: string) => void;
}

export interface CollectedRows<Row> {
  readonly rows: readonly Row[];
  /** Why the run ended early. What was judged until then is told all the same. */
  readonly failure: Error | undefined;
  /** By a signal, a first Ctrl-C for example; the second one ends the process. */
  readonly isStopped: boolean;
}

/** Runs until the end or a signal, and tells each row as it is judged. */
export async function collectRows<Row extends JudgedRow>(
  collection: RowCollection<Row>,
): Promise<CollectedRows<Row>> {
  const { run, rowLine, tell } = collection;
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());
  const rows: Row[] = [];
  const onRow = (row: Row): void => {
    rows.push(row);
    tell(rowLine(row));
    for (const example of row.isGood ? [] : row.examples) tell(`        ${example}`);
  };
  const failure = await run({ signal: stopping.signal, onRow }).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
  return { rows, failure, isStopped: stopping.signal.aborted };
}
