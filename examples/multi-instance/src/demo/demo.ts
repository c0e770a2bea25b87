// The parts of the demo, in the order in which they start and end: stack, sidecar, three instances, the outside writer.
// Both ways to run it, live and once, stand on this.
import type { OvertakenEvent, StoredEvent } from '@tidemark/cache';
import { type Stack, startStack } from '@tidemark/devstack';
import type { Hints } from '../command-line.ts';
import { InstanceProcess } from '../processes/instance-process.ts';
import { SidecarProcess } from '../processes/sidecar-process.ts';
import { OutsideWriter } from './outside-writer.ts';

export const instanceNames = ['a', 'b', 'c'] as const;

/** R1's B of the policy store: the cache's default, see `defaultMaxStaleness`. */
export const boundMs = 2_000;

export interface DemoOptions {
  readonly hints: Hints;
  readonly onOvertaken: (instance: string, event: OvertakenEvent, atMs: number) => void;
  readonly onStored?: (instance: string, event: StoredEvent, atMs: number) => void;
  /** A process ended that nobody had asked to. */
  readonly onInstanceExit: (instance: string, reason: string) => void;
  readonly onSidecarExit: (reason: string) => void;
  /** What is being started, for whoever waits. */
  readonly onStep: (step: string) => void;
  /** Runs before anything reads the database. */
  readonly prepare: (writer: OutsideWriter) => Promise<void>;
}

export interface Demo extends AsyncDisposable {
  readonly stack: Stack;
  readonly sidecar: SidecarProcess;
  readonly instances: readonly InstanceProcess[];
  readonly writer: OutsideWriter;
}

export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { hints, onStep } = options;
  const disposables = new AsyncDisposableStack();
  try {
    onStep('starting PostgreSQL, the Data API, Realtime and Redis');
    const stack = disposables.use(await startStack());
    applyHints(stack, hints);
    const writer = disposables.use(await OutsideWriter.connect(stack.databaseUrl));
    await options.prepare(writer);

    onStep(`starting the sidecar and ${instanceNames.length} instances`);
    const env = {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      REDIS_URL: stack.redisUrl,
    };
    const { watchdog } = stack;
    const keep = async <T extends AsyncDisposable>(part: Promise<T>): Promise<T> =>
      disposables.use(await part);
    const startingSidecar = keep(
      SidecarProcess.start({
        env: { ...env, TIDEMARK_HINTS: sidecarHints[hints] },
        watchdog,
        onExit: options.onSidecarExit,
      }),
    );
    const startingInstances = instanceNames.map((name) =>
      keep(
        InstanceProcess.start({
          name,
          env,
          watchdog,
          onOvertaken: (event, atMs) => options.onOvertaken(name, event, atMs),
          onStored: (event, atMs) => options.onStored?.(name, event, atMs),
          onExit: (reason) => options.onInstanceExit(name, reason),
        }),
      ),
    );
    // Whatever of them fails, the others have started before anything is closed.
    await Promise.allSettled([startingSidecar, ...startingInstances]);
    const sidecar = await startingSidecar;
    const instances = await Promise.all(startingInstances);
    return { stack, sidecar, instances, writer, [Symbol.asyncDispose]: () => disposables.disposeAsync() };
  } catch (error) {
    await disposables.disposeAsync();
    throw error;
  }
}

/** Silent: the sidecar listens to everything, and hears nothing. */
const sidecarHints: Readonly<Record<Hints, string>> = {
  broadcast: 'broadcast',
  changes: 'changes',
  silent: 'broadcast,changes',
};

/** What the gateway delivers; joined and answering heartbeats it is in any case, as a real server that went silent. */
function applyHints({ realtime }: Stack, hints: Hints): void {
  realtime.vices.areBroadcastsSilent = hints !== 'broadcast';
  realtime.vices.areChangesSilent = hints !== 'changes';
}
