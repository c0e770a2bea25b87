// The deployment under examination: what several checks ask is asked once. Owns the connections, and ends them with it.
import type { SupabaseClient } from '@supabase/supabase-js';
import { postgresJournal, supabaseJournal } from '@tidemark/engine';
import {
  announcementNamespace,
  ByNamespace,
  type Clock,
  deadlineIn,
  type Journal,
  type JournalRead,
  type KeyLayout,
  layoutOf,
  namespaceKeys,
  type NamespaceKeys,
  TidemarkError,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { redisOption } from '../config/redis-config.ts';
import { connectOnce } from '../redis/connect-once.ts';
import { parseRedisInfo, type RedisInfo } from '../redis/redis-info.ts';
import { connectSupabase } from '../start/supabase-client.ts';
import type { DoctorConfig } from './doctor-config.ts';
import { inspect, type Inspection } from './inspection.ts';

/** Enough for a project that wakes up. */
const readDeadlineMs = 5_000;

export interface PatientOptions {
  readonly config: DoctorConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export class Patient implements AsyncDisposable {
  readonly config: DoctorConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly #parts = new AsyncDisposableStack();
  #direct: Journal | undefined;
  #rpc: Journal | undefined;
  readonly #layout: KeyLayout;
  readonly #redis: ByNamespace<Promise<Redis>>;
  #read: Promise<JournalRead> | undefined;
  #inspection: Promise<Inspection> | undefined;

  constructor({ config, clock, signal }: PatientOptions) {
    this.config = config;
    this.clock = clock;
    this.signal = signal;
    this.#layout = config.redis === undefined ? 'plain' : layoutOf(redisOption(config.redis));
    this.#redis = new ByNamespace({
      layout: this.#layout,
      keyPrefix: config.keyPrefix,
      open: (_, slotOf) => this.#connectRedis(slotOf, false),
    });
  }

  /** The journal that rounds read: over the direct connection where there is one. */
  get journal(): Journal {
    return this.config.databaseUrl === undefined ? this.rpcJournal : this.directJournal;
  }

  get directJournal(): Journal {
    const { databaseUrl } = this.config;
    if (databaseUrl === undefined) throw notConfigured('DATABASE_URL');
    this.#direct ??= this.#keep(postgresJournal({ connectionString: databaseUrl }));
    return this.#direct;
  }

  get rpcJournal(): Journal {
    this.#rpc ??= this.#keep(supabaseJournal(this.newSupabase()));
    return this.#rpc;
  }

  #keep(journal: Journal): Journal {
    this.#parts.defer(() => journal.close());
    return journal;
  }

  /** A client of its own for each user: whoever opens channels on it ends its connection. */
  newSupabase(): SupabaseClient {
    const { supabase } = this.config;
    if (supabase === undefined) throw notConfigured('SUPABASE_URL');
    const client = connectSupabase(supabase);
    this.#parts.defer(() => {
      void client.realtime.disconnect();
    });
    return client;
  }

  /** Where the journal is now, and its whole watch. */
  read(): Promise<JournalRead> {
    this.#read ??= this.readJournal(this.journal);
    return this.#read;
  }

  async readJournal(journal: Journal): Promise<JournalRead> {
    using deadline = deadlineIn(this.clock, readDeadlineMs, this.signal);
    return await journal.read({ since: null, knownWatchHash: null, signal: deadline.signal });
  }

  /** Of all tables that are tracked, declared, or best effort. */
  async inspection(): Promise<Inspection> {
    const { tables, bestEffortTables } = this.config;
    const targets = [...tables, ...bestEffortTables].map(({ table }) => table);
    this.#inspection ??= inspect(this.newSupabase(), targets);
    return await this.#inspection;
  }

  keysOf(namespace: string): NamespaceKeys {
    return namespaceKeys(this.config.keyPrefix, namespace, this.#layout);
  }

  /** The server of a namespace. @throws the error of Redis or of the socket */
  redis(namespace: string = announcementNamespace): Promise<Redis> {
    return this.#redis.of(namespace);
  }

  async redisInfo(): Promise<RedisInfo> {
    const redis = await this.redis();
    return parseRedisInfo(await redis.info());
  }

  newSubscriber(namespace: string): Promise<Redis> {
    return this.#connectRedis(this.keysOf(namespace).head, true);
  }

  async #connectRedis(slotOf: string, isSubscriber: boolean): Promise<Redis> {
    const { redis: config } = this.config;
    if (config === undefined) throw notConfigured('REDIS_URL');
    const redis = await connectOnce(config, {
      name: 'tidemark-doctor',
      slotOf,
      clock: this.clock,
      isSubscriber,
    });
    this.#parts.defer(() => redis.disconnect());
    return redis;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

/** Checks ask only for what is configured; this tells of one that forgot to. */
function notConfigured(setting: string): TidemarkError {
  return new TidemarkError(`${setting} is not set`, { code: 'CONFIG_INVALID' });
}
