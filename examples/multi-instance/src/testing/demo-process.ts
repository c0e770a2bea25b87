// The demo as a person runs it: a process of its own, its output, its page. For tests.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '@tidemark/devstack';
import type { Snapshot } from '../live/snapshot.ts';
import type { Action } from '../page/actions.ts';

const sqlProgram = new URL('../../../../packages/devstack/src/bin/sql.ts', import.meta.url);
const nodeOptions = ['--conditions=@tidemark/source', '--disable-warning=ExperimentalWarning'];

export class DemoProcess implements AsyncDisposable {
  readonly pid: number;
  readonly exited: Promise<[code: number | null, signal: string | null]>;
  readonly #child: ChildProcess;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'tidemark-demo-'));
  #snapshot: Snapshot | undefined;
  stdout = '';
  stderr = '';

  constructor(...words: readonly string[]) {
    const program = fileURLToPath(new URL('../main.ts', import.meta.url));
    this.#child = spawn(process.execPath, [...nodeOptions, program, ...words], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.exited = once(this.#child, 'close') as Promise<[number | null, string | null]>;
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  /** The note of a demo that a developer runs meanwhile stays. */
  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, TIDEMARK_STACK_FILE: path.join(this.#folder, 'stack.json') };
  }

  get page(): string {
    return /page\s+(http:\S+)/.exec(this.stdout)?.[1] ?? '';
  }

  /** Waits for the page, then follows what it shows. */
  async open(): Promise<void> {
    await until(() => this.stdout.includes('Ctrl-C ends everything'), {
      what: `the addresses, ${this.stderr}`,
      deadlineMs: 60_000,
    });
    const response = await fetch(`${this.page}/snapshots`);
    void this.#follow(response.body).catch(() => undefined);
  }

  async #follow(body: ReadableStream<Uint8Array> | null): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      const last = events.findLast((event) => event.startsWith('data:'));
      if (last !== undefined) this.#snapshot = JSON.parse(last.slice('data:'.length)) as Snapshot;
    }
  }

  async untilShown(what: string, isShown: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
    await until(() => this.#snapshot !== undefined && isShown(this.#snapshot), { what, deadlineMs: 30_000 });
    if (this.#snapshot === undefined) throw new Error('there is no snapshot');
    return this.#snapshot;
  }

  async act(action: Action): Promise<{ readonly done?: string; readonly problem?: string }> {
    const response = await fetch(`${this.page}/actions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(action),
    });
    return (await response.json()) as { done?: string; problem?: string };
  }

  /** `npm run sql -- statement` */
  sqlByHand(statement: string): string {
    const words = [...nodeOptions, fileURLToPath(sqlProgram), statement];
    return execFileSync(process.execPath, words, { env: this.#env, encoding: 'utf8' });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** All processes that this one has started, and theirs. */
export function descendantsOf(pid: number): number[] {
  const all = processes();
  const found = [pid];
  // Grows while it is walked: the children of the children too.
  for (const parent of found) found.push(...all.filter((one) => one.parent === parent).map(({ pid }) => pid));
  return found.slice(1);
}

export function livingOf(pids: readonly number[]): number[] {
  const all = new Set(processes().map(({ pid }) => pid));
  return pids.filter((pid) => all.has(pid));
}

function processes(): { readonly pid: number; readonly parent: number }[] {
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , state]) => state !== undefined && !state.startsWith('Z'))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
}
