// Tries the bound (R1) while something breaks: one writer that counts a policy up, one reader that never rests, and the rule
// that no read returns what was overtaken longer ago than B. All moments are of this process's one clock.
import { createCache, type Cache, type Region } from '@tidemark/cache';
import { until } from '@tidemark/devstack';
import { Pool } from 'pg';

const table = 'copilot_internal.tenant_llm_policies';
const tenant = 'bound-check';
const boundMs = 2_000;
const readEveryMs = 2;
const writeEveryMs = 100;
/** One is enough to fail; some show the pattern. */
const mostViolations = 10;

interface Commit {
  readonly version: number;
  /** When its acknowledgement was here: it was visible before. */
  readonly atMs: number;
}

export class BoundCheck implements AsyncDisposable {
  /** One sentence for each of the first reads that were too old. */
  readonly violations: string[] = [];
  reads = 0;
  /** Reads that the source failed; they return nothing, and so nothing old. */
  failures = 0;
  readonly #cache: Cache;
  readonly #policies: Region<number>;
  readonly #pool: Pool;
  readonly #commits: Commit[] = [];
  readonly #running: Promise<unknown>;
  #isOver = false;
  #lastRead = 0;

  private constructor(cache: Cache, policies: Region<number>, pool: Pool) {
    this.#cache = cache;
    this.#policies = policies;
    this.#pool = pool;
    this.#running = Promise.all([this.#write(), this.#read()]);
  }

  static async start(addresses: { redisUrl: string; databaseUrl: string }): Promise<BoundCheck> {
    const pool = new Pool({
      connectionString: addresses.databaseUrl,
      max: 4,
      connectionTimeoutMillis: 1_000,
      query_timeout: 2_000,
    });
    pool.on('error', () => {});
    const cache = createCache({ redis: addresses.redisUrl, instanceName: 'bound-check' });
    const policies = cache.region<number>({
      name: 'llm:policy',
      table,
      ttl: '5m',
      maxStaleness: boundMs,
      load: async () => {
        const { rows } = await pool.query<{ version: number }>(
          `select default_model::int as version from ${table} where tenant_id = $1`,
          [tenant],
        );
        return rows[0]?.version ?? null;
      },
    });
    const isPrepared = (): Promise<boolean> =>
      pool
        .query(
          `insert into ${table} (tenant_id, default_model, default_provider) values ($1, '0', 'p')
           on conflict (tenant_id) do update set default_model = '0'`,
          [tenant],
        )
        .then(
          () => true,
          () => false,
        );
    // The deadlines of this pool are those of a check; a busy machine may miss them at first.
    await until(isPrepared, { what: 'the row of the check to be written', deadlineMs: 30_000, everyMs: 100 });
    return new BoundCheck(cache, policies, pool);
  }

  /** Resolves when reads are served under a lease again, and show what was committed last. */
  async heals(): Promise<void> {
    await until(() => this.#hasLease(), { what: 'the lease to be live', deadlineMs: 60_000, everyMs: 20 });
    const wanted = (this.#commits.at(-1)?.version ?? 0) + 1;
    await until(() => this.#lastRead >= wanted, { what: `version ${wanted} to be read`, deadlineMs: 60_000 });
  }

  async losesLease(): Promise<void> {
    await until(() => !this.#hasLease(), { what: 'the lease to end', deadlineMs: 60_000, everyMs: 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.#cache.close();
    await this.#pool.end();
  }

  #hasLease(): boolean {
    return this.#policies.status().lease === 'live';
  }

  async #write(): Promise<void> {
    for (let version = 1; !this.#isOver; version += 1) {
      try {
        await this.#pool.query(`update ${table} set default_model = $2 where tenant_id = $1`, [
          tenant,
          String(version),
        ]);
        this.#commits.push({ version, atMs: performance.now() });
      } catch {
        // Whether it was committed is not known: the next one says more.
      }
      await pause(writeEveryMs);
    }
  }

  async #read(): Promise<void> {
    while (!this.#isOver) {
      const beganMs = performance.now();
      try {
        const version = (await this.#policies.get(tenant)) ?? -1;
        this.reads += 1;
        this.#lastRead = version;
        const demanded = this.#commits.findLast(({ atMs }) => atMs <= beganMs - boundMs);
        const isOld = demanded !== undefined && version < demanded.version;
        if (isOld && this.violations.length < mostViolations) {
          this.violations.push(
            `read ${version}, ${demanded.version} was committed ${beganMs - demanded.atMs} ms before`,
          );
        }
      } catch {
        this.failures += 1;
      }
      await pause(readEveryMs);
    }
  }
}

function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  return promise;
}
