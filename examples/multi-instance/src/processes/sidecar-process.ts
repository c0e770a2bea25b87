// The demo's end of the sidecar: the very process that is deployed, with its settings from the environment.
import { freePort, until, type Watchdog } from '@tidemark/devstack';
import { type Child, startChild } from './child.ts';
import { HttpJson } from './http-json.ts';

/** The part of the answer of /readyz that is shown. */
interface SidecarReport {
  readonly isReady: boolean;
  readonly problems: readonly string[];
  readonly engine: {
    readonly namespaces: readonly { readonly namespace: string; readonly position: string | null }[];
    readonly hints: readonly {
      readonly name: string;
      readonly state: string;
      readonly heard: number;
      readonly silences: number;
    }[];
  };
}

export type SidecarState =
  | { readonly kind: 'down' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly report: SidecarReport };

export interface SidecarOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
  readonly onExit: (reason: string) => void;
}

export class SidecarProcess implements AsyncDisposable {
  readonly #options: SidecarOptions;
  readonly #port: number;
  readonly #http: HttpJson;
  #child: Child | undefined;
  #lastWords = 'the sidecar is down';

  private constructor(options: SidecarOptions, port: number) {
    this.#options = options;
    this.#port = port;
    this.#http = new HttpJson(`http://127.0.0.1:${port}`);
  }

  /** Resolves when it runs rounds. */
  static async start(options: SidecarOptions): Promise<SidecarProcess> {
    // Killed and started again, it comes back under the address that it had.
    const sidecar = new SidecarProcess(options, await freePort());
    sidecar.run();
    try {
      await sidecar.untilReady();
    } catch (error) {
      await sidecar[Symbol.asyncDispose]();
      throw error;
    }
    return sidecar;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Starts the process again, on the same port. Does nothing while it runs. */
  run(): void {
    this.#child ??= startChild({
      name: 'the sidecar',
      program: new URL('../../../../sidecar/src/main.ts', import.meta.url),
      env: { ...this.#options.env, TIDEMARK_PORT: String(this.#port) },
      watchdog: this.#options.watchdog,
      onExit: (reason) => {
        this.#child = undefined;
        this.#lastWords = reason;
        this.#options.onExit(reason);
      },
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.kill();
  }

  async state(): Promise<SidecarState> {
    if (this.#child === undefined) return { kind: 'down' };
    try {
      const { body } = await this.#http.get('/readyz');
      return { kind: 'running', report: body as SidecarReport };
    } catch {
      // Not listening yet.
      return { kind: 'starting' };
    }
  }

  async untilReady(): Promise<void> {
    const isReady = async (): Promise<boolean> => {
      const state = await this.state();
      if (state.kind === 'down') throw new Error(this.#lastWords);
      return state.kind === 'running' && state.report.isReady;
    };
    await until(isReady, { what: 'the sidecar to be ready', everyMs: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.end();
    this.#http.close();
  }
}
