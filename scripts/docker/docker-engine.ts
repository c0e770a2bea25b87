// A Docker engine of our own, where this machine has none: Debian's, with its data, its socket and its process in a private
// folder. Owns that process and that folder, from install to removal; never touches an engine that answers already.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

interface DockerEngine extends AsyncDisposable {
  /** What programs are told, for all of them to find it. */
  readonly env: Readonly<Record<string, string>>;
}

export type EngineSearch =
  | { readonly kind: 'answers'; readonly isOurs: boolean; readonly engine: DockerEngine }
  | { readonly kind: 'none'; readonly reason: string };

const startDeadlineMs = 30_000;
const lookEveryMs = 100;

/** Every engine makes it; two on one machine share it. */
const usualBridge = '/sys/class/net/docker0';

/** docker-compose for the files, iptables for the networks of containers. */
const packages = ['docker.io', 'docker-compose', 'iptables'];

/** The second for a kernel without address translation: containers then reach each other, and nothing else. */
const attempts: readonly (readonly string[])[] = [[], ['--iptables=false', '--ip-masq=false']];

/** The engine of this machine, or one of our own. */
export async function findDockerEngine(): Promise<EngineSearch> {
  if (doesAnswer({}))
    return { kind: 'answers', isOurs: false, engine: { env: {}, [Symbol.asyncDispose]: nothing } };
  const reason = missingFor();
  if (reason !== undefined) return { kind: 'none', reason };
  const reasons: string[] = [];
  for (const options of attempts) {
    const started = await start(options);
    if (typeof started !== 'string') return { kind: 'answers', isOurs: true, engine: started };
    reasons.push(started);
  }
  return { kind: 'none', reason: `dockerd does not start: ${reasons.join('; ')}` };
}

/** Installs what is missing, if it can. */
function missingFor(): string | undefined {
  const isMissing = (): boolean =>
    ['dockerd', 'docker', 'docker-compose', 'iptables'].some((program) => !isInstalled(program));
  if (process.getuid?.() !== 0) return 'no Docker engine answers, and only root can start one';
  if (!isMissing()) return undefined;
  if (!existsSync('/usr/bin/apt-get'))
    return 'no Docker engine answers, and this is no Debian to install one on';
  try {
    // RUNLEVEL=1: the package would start an engine of its own, on the usual socket, and leave it there.
    const options = {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      stdio: 'pipe',
    } as const;
    execFileSync('apt-get', ['update'], options);
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], options);
  } catch (error) {
    return `${packages.join(', ')} can not be installed: ${String(error)}`;
  }
  return isMissing() ? `${packages.join(', ')} are installed, and have no programs` : undefined;
}

function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin'];
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

function doesAnswer(env: Readonly<Record<string, string>>): boolean {
  try {
    const options = { env: { ...process.env, ...env }, stdio: 'pipe', timeout: 10_000 } as const;
    return (
      execFileSync('docker', ['info', '--format', '{{.ServerVersion}}'], options).toString().trim() !== ''
    );
  } catch {
    return false;
  }
}

/** @returns why not, where it does not start */
async function start(options: readonly string[]): Promise<DockerEngine | string> {
  // Of a fixed place: the path of a socket must be short.
  const folder = mkdtempSync('/tmp/tidemark-docker-');
  const socket = `unix://${folder}/docker.sock`;
  const logFile = path.join(folder, 'log');
  const log = openSync(logFile, 'w');
  const hadBridge = existsSync(usualBridge);
  const child = spawn(
    'dockerd',
    [
      `--data-root=${folder}/data`,
      `--exec-root=${folder}/exec`,
      `--pidfile=${folder}/pid`,
      `--host=${socket}`,
      // Containers that outlive a test would keep it waiting.
      '--shutdown-timeout=2',
      '--log-level=warn',
      ...options,
    ],
    // A group of its own: Ctrl-C in a terminal must reach it after the tests, and not with them.
    {
      stdio: ['ignore', log, log],
      detached: true,
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    },
  );
  closeSync(log);
  const env = {
    DOCKER_HOST: socket,
    // The newer builder is a program of its own, which Debian's engine has not.
    DOCKER_BUILDKIT: '0',
    COMPOSE_DOCKER_CLI_BUILD: '0',
    // Its image can't be pulled; what it would clean up goes with the data of the engine.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    // Ports are published on this machine, also where it is a container itself.
    TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
  };
  const stop = async (): Promise<void> => {
    removeNetworks(env);
    await end(child, folder);
    if (!hadBridge) removeUsualBridge();
  };
  if (await hasStarted(child, env)) return { env, [Symbol.asyncDispose]: stop };
  const lastWords = readFileSync(logFile, 'utf8').trim().split('\n').at(-1) ?? 'it says nothing';
  await stop();
  return lastWords;
}

async function hasStarted(child: ChildProcess, env: Readonly<Record<string, string>>): Promise<boolean> {
  const over = new AbortController();
  for (const event of ['error', 'exit']) child.once(event, () => over.abort());
  for (let waitedMs = 0; waitedMs < startDeadlineMs && !over.signal.aborted; waitedMs += lookEveryMs) {
    if (doesAnswer(env)) return true;
    await sleep(lookEveryMs);
  }
  return false;
}

async function end(child: ChildProcess, folder: string): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGTERM');
    await Promise.race([once(child, 'exit'), sleep(20_000, undefined, { ref: false })]);
    if (child.exitCode === null) child.kill('SIGKILL');
  }
  unmountBelow(folder);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Their interfaces would outlive the engine. */
function removeNetworks(env: Readonly<Record<string, string>>): void {
  const options = { env: { ...process.env, ...env }, stdio: 'pipe', timeout: 60_000 } as const;
  try {
    const containers = execFileSync('docker', ['ps', '--all', '--quiet'], options).toString().split('\n');
    const ids = containers.filter((id) => id !== '');
    if (ids.length > 0) execFileSync('docker', ['rm', '--force', ...ids], options);
    execFileSync('docker', ['network', 'prune', '--force'], options);
  } catch {
    // It does not answer any more: what is left of it goes with the machine.
  }
}

function removeUsualBridge(): void {
  try {
    execFileSync('ip', ['link', 'delete', path.basename(usualBridge)], { stdio: 'ignore' });
  } catch {
    // It never came to be.
  }
}

/** What a killed engine leaves mounted would be emptied instead of removed. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((place) => place.startsWith(`${folder}/`));
  for (const place of mounts.toReversed()) execFileSync('umount', ['--lazy', place], { stdio: 'ignore' });
}

async function nothing(): Promise<void> {}
