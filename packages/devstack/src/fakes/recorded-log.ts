// A logger that keeps what it is told, with the bindings of its parents. It fits the logger port of the libraries, and
// knows nothing of them.

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export class RecordedLog {
  readonly lines: LogLine[];
  readonly #bindings: Readonly<Record<string, string>>;

  constructor(lines: LogLine[] = [], bindings: Readonly<Record<string, string>> = {}) {
    this.lines = lines;
    this.#bindings = bindings;
  }

  debug(fields: object, message: string): void {
    this.#add('debug', fields, message);
  }

  info(fields: object, message: string): void {
    this.#add('info', fields, message);
  }

  warn(fields: object, message: string): void {
    this.#add('warn', fields, message);
  }

  error(fields: object, message: string): void {
    this.#add('error', fields, message);
  }

  child(bindings: Record<string, string>): RecordedLog {
    return new RecordedLog(this.lines, { ...this.#bindings, ...bindings });
  }

  /** The sentences of one level, in order. */
  told(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.message);
  }

  #add(level: LogLine['level'], fields: object, message: string): void {
    this.lines.push({ level, fields: { ...this.#bindings, ...fields }, message });
  }
}
