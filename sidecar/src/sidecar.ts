// The sidecar in one piece: checks, HTTP port, status page, engine, and their end. Owns the order of these; reads no
// environment and never exits, so that a test can run it inside its own process.
//
//   check journal and Redis ──(misconfigured)──► refused
//        │ fine, or unavailable: told, and waited for
//        ▼
//   listen ──(port taken)──► refused
//        ▼
//   rounds ──(close)──► port, rounds, connections
import type { EngineObserver, EngineStatus, RunningEngine } from '@tidemark/engine';
import { type Clock, type Logger, sleep, systemClock } from '@tidemark/protocol';
import type { Hono } from 'hono';
import type { CheckerStatus } from './checker/checker-counts.ts';
import type { Checker } from './checker/checker.ts';
import { openChecker } from './checker/open-checker.ts';
import type { SidecarConfig } from './config/config.ts';
import { redisAddress, redisOption } from './config/redis-config.ts';
import { secretsOf } from './config/secrets.ts';
import { type HttpServer, listen } from './http/http-server.ts';
import { problemsOf } from './http/readiness.ts';
import { createRoutes } from './http/routes.ts';
import { createRedactor, type Redactor } from './log/redact.ts';
import { addMetrics } from './metrics/all-metrics.ts';
import { MetricRegistry } from './metrics/metric-registry.ts';
import { createMetricsRoute } from './metrics/metrics-route.ts';
import { openOtlpExport } from './metrics/open-otlp-export.ts';
import type { OtlpExport } from './metrics/otlp-export.ts';
import { nothingSeen, type Observation, Observer } from './observer/observer.ts';
import { createStatusPage } from './page/page-routes.ts';
import { takeSnapshot } from './page/snapshot.ts';
import { SidecarRefusal } from './sidecar-refusal.ts';
import { assembleEngine } from './start/assemble-engine.ts';
import { checkJournal } from './start/check-journal.ts';
import { checkRedis } from './start/check-redis.ts';
import { type FollowedTable, FollowedTables } from './start/followed-tables.ts';
import { sidecarVersion } from './version.ts';

export interface SidecarOptions {
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Whether the metrics of the process are this sidecar's to tell. Default: false, it is a guest in it. */
  readonly ownsProcess?: boolean;
}

export interface SidecarStatus {
  readonly isReady: boolean;
  /** One sentence for each thing that keeps rounds from being run. */
  readonly problems: readonly string[];
  /** As the last journal reads of this process said; a sidecar that stands by reads none. */
  readonly tables: readonly FollowedTable[];
  readonly engine: EngineStatus;
  /** Absent while it is off. */
  readonly checker?: CheckerStatus;
}

export interface Sidecar extends AsyncDisposable {
  /** Where `/healthz`, `/readyz`, `/metrics` and the status page are. */
  readonly url: string;
  readonly port: number;
  status(): SidecarStatus;
  /** Stops serving and ends the rounds, within a few seconds whatever is dead. Idempotent. */
  close(): Promise<void>;
}

/** Orchestrators kill after ten seconds; what a dead peer holds longer than this is left to the end of the process. */
const closeDeadlineMs = 3_000;

/**
 * Starts a sidecar. A part that can't be reached does not keep it from starting: the sidecar is then not ready.
 *
 * @throws SidecarRefusal with every problem that waiting would not help against
 */
export async function startSidecar(config: SidecarConfig, options: SidecarOptions): Promise<Sidecar> {
  const { logger, clock = systemClock, ownsProcess = false } = options;
  const tables = new FollowedTables(logger.child({ component: 'journal' }), config.tables);
  const redact = createRedactor(secretsOf(config));
  const late: Late = { observer: undefined, otlp: undefined, checker: undefined };
  const observation = (): Observation => late.observer?.observation ?? nothingSeen;
  const status = (): SidecarStatus => statusOf(engine, tables, late.checker?.status);
  const metrics = new MetricRegistry();
  if (ownsProcess) metrics.addProcessMetrics();
  const counted = addMetrics(metrics, { version: sidecarVersion, status, observation });
  const measuring: EngineObserver = {
    ...counted,
    onRound: (round) => {
      counted.onRound?.(round);
      late.otlp?.onRound(round);
    },
  };
  const engine = assembleEngine(config, { tables, logger, clock, observer: measuring });
  try {
    await refuseOrWarn(config, { engine, logger, clock });
    const { routes, update } = serve(config, { status, observation, metrics, redact });
    const server = await listenOrRefuse(config, () => listen(routes, config));
    const otlp = await openOtlpExport(config.otlpEndpoint, {
      version: sidecarVersion,
      registry: metrics,
      clock,
      logger: logger.child({ component: 'opentelemetry' }),
      redact,
    });
    late.otlp = otlp;
    engine.start({ redis: redisOption(config.redis), keyPrefix: config.keyPrefix });
    const observer = observe(config, { status, clock, onReading: update });
    late.observer = observer;
    const checker = openChecker(config, { tables, clock, logger });
    late.checker = checker;
    tellStart(config, server, logger);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> =>
      (closing ??= closeAll({ engine, server, observer, otlp, checker, logger, clock }));
    return { url: server.url, port: server.port, status, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** What begins after that which asks it; before, there is nothing to be seen or sent. */
interface Late {
  observer: Observer | undefined;
  otlp: OtlpExport | undefined;
  checker: Checker | undefined;
}

interface Served {
  readonly routes: Hono;
  /** Shows what is new to everybody who looks at the page. */
  readonly update: () => void;
}

interface Shown {
  readonly status: () => SidecarStatus;
  readonly observation: () => Observation;
  readonly metrics: MetricRegistry;
  readonly redact: Redactor;
}

function serve(config: SidecarConfig, { status, observation, metrics, redact }: Shown): Served {
  const page = createStatusPage({
    host: config.host,
    snapshot: () => redact(JSON.stringify(takeSnapshot(status(), observation()))),
  });
  const routes = createRoutes({ status, redact });
  routes.route('/', page.routes);
  routes.route('/', createMetricsRoute(metrics, redact));
  return { routes, update: page.update };
}

interface Observing {
  readonly status: () => SidecarStatus;
  readonly clock: Clock;
  readonly onReading: () => void;
}

function observe(config: SidecarConfig, { status, clock, onReading }: Observing): Observer {
  return new Observer({
    redis: redisOption(config.redis),
    keyPrefix: config.keyPrefix,
    clock,
    namespaces: () => status().engine.namespaces.map(({ namespace }) => namespace),
    onReading,
  });
}

function statusOf(
  engine: RunningEngine,
  tables: FollowedTables,
  checker: CheckerStatus | undefined,
): SidecarStatus {
  const status = engine.status();
  const problems = problemsOf(status);
  return {
    isReady: problems.length === 0,
    problems,
    tables: tables.list(),
    engine: status,
    ...(checker === undefined ? {} : { checker }),
  };
}

interface Running {
  readonly engine: RunningEngine;
  readonly logger: Logger;
  readonly clock: Clock;
}

async function refuseOrWarn(config: SidecarConfig, { engine, logger, clock }: Running): Promise<void> {
  const results = await Promise.all([checkJournal(engine.journal, clock), checkRedis(config.redis, clock)]);
  const problems: string[] = [];
  for (const result of results) {
    if (result.kind === 'misconfigured') problems.push(result.problem);
    if (result.kind === 'unavailable')
      logger.warn({ problem: result.problem }, 'starting, and not ready yet');
  }
  if (problems.length > 0) throw new SidecarRefusal(problems);
}

async function listenOrRefuse(
  { host, port }: SidecarConfig,
  listen: () => Promise<HttpServer>,
): Promise<HttpServer> {
  try {
    return await listen();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SidecarRefusal([
      `TIDEMARK_HOST and TIDEMARK_PORT must be an address to listen on, got ${host} and ${port} (${reason}): set others`,
    ]);
  }
}

function tellStart(config: SidecarConfig, { url }: HttpServer, logger: Logger): void {
  const { roundEveryMs, hints, bestEffortTables, databaseUrl } = config;
  logger.info(
    {
      url,
      redis: redisAddress(config.redis),
      journal: databaseUrl === undefined ? 'rpc' : 'direct connection',
      roundEveryMs,
      hints,
      bestEffortTables: bestEffortTables.map(({ table }) => table),
      ...(config.otlpEndpoint !== undefined && { otlpEndpoint: config.otlpEndpoint }),
    },
    'the sidecar has started',
  );
}

interface Serving extends Running {
  readonly server: HttpServer;
  readonly observer: Observer;
  readonly otlp: OtlpExport | undefined;
  readonly checker: Checker | undefined;
}

async function closeAll(serving: Serving): Promise<void> {
  const { engine, server, observer, otlp, checker, logger, clock } = serving;
  observer.close();
  await server[Symbol.asyncDispose]();
  // A journal call or a channel may hang on a peer that is gone; nothing of it is needed any more.
  const giveUp = new AbortController();
  const isClosed = await Promise.race([
    // The last rounds are sent, too.
    Promise.all([engine.close(), checker?.close()]).then(async () => {
      await otlp?.close();
      return true;
    }),
    sleep(clock, closeDeadlineMs, giveUp.signal).then(() => false),
  ]);
  giveUp.abort();
  if (isClosed) logger.info({}, 'the sidecar has stopped');
  else logger.warn({ closeDeadlineMs }, 'the sidecar has stopped, and left connections that did not close');
}
