// How @supabase/lite gets at the database for /rest/v1, made to behave as PostgREST does where lite is laxer: it logs in
// as authenticator, becomes the role of the token for one transaction, grants nothing, and rolls back what it answers
// with an error. Owns the request context of a transaction; never parses a request.
import { PostgresConnection } from '@supabase/lite/postgres';
import { sql } from 'kysely';
import { asPostgrestError } from './postgrest-errors.ts';

type ContextArguments = Parameters<PostgresConnection['withContext']>;
type ContextDatabase = Parameters<ContextArguments[1]>[0];
type RpcContext = NonNullable<ContextArguments[2]>['rpc'];
type Introspection = Awaited<ReturnType<PostgresConnection['introspect']>>;

interface Auth {
  readonly role?: string;
  readonly jwt?: { readonly sub?: unknown } | null;
}

/** PostgREST lets PostgreSQL write the JSON, where a time has the form of ISO 8601; on the wire it has not. */
function isoTime(text: string): string {
  return text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00');
}

/** PostgreSQL writes a numeric as a JSON number, but for NaN and the infinities; a client reads it as a double. */
function jsonNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

/**
 * lite writes the JSON of an rpc's parameter itself and hands it on as a text; written once more, an object would arrive
 * as a text within JSON. PostgREST gives the parameter what the body holds.
 */
function jsonText(value: unknown): string {
  return typeof value === 'string' && isJsonDocument(value) ? value : JSON.stringify(value);
}

function isJsonDocument(text: string): boolean {
  if (!/^[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const postgresOptions = {
  // As PostgREST: a pool of ten, and a request waits ten seconds for the database at most.
  max: 10,
  connect_timeout: 10,
  onnotice: () => undefined,
  types: {
    timestamp: { to: 1114, from: [1114], serialize: String, parse: isoTime },
    timestamptz: { to: 1184, from: [1184], serialize: String, parse: isoTime },
    timetz: { to: 1266, from: [1266], serialize: String, parse: isoTime },
    numeric: { to: 1700, from: [1700], serialize: String, parse: jsonNumber },
    json: { to: 114, from: [114], serialize: jsonText, parse: JSON.parse },
    jsonb: { to: 3802, from: [3802], serialize: jsonText, parse: JSON.parse },
    // As PostgreSQL writes it: \x and hexadecimal digits.
    bytea: { to: 17, from: [17], serialize: String, parse: String },
  },
};

export class RestConnection extends PostgresConnection {
  readonly #catalog: PostgresConnection;
  #timeouts: ReadonlyMap<string, string> = new Map();
  #reading: Promise<Introspection> | undefined;
  #schemaVersion = 0;

  constructor(restUrl: string, catalogUrl: string) {
    super({ url: restUrl, postgresOptions });
    this.#catalog = new PostgresConnection({
      url: catalogUrl,
      postgresOptions: { ...postgresOptions, max: 1 },
    });
  }

  /** The schema cache. authenticator may see nothing of the catalog's information schema, so another role reads it. */
  override async introspect(options?: { useCache?: boolean }): Promise<Introspection> {
    const cached = await this.readCachedIntrospection(options);
    if (cached !== undefined) return cached;
    this.#reading ??= this.#readSchema().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  override async clearSchemaCache(): Promise<void> {
    this.#schemaVersion += 1;
    await super.clearSchemaCache();
  }

  /** Calls `onReload` whenever the database asks for a new schema cache, and after each reconnect. */
  async listenForReload(onReload: () => void): Promise<void> {
    await this.#catalog.driver.listen('pgrst', onReload, onReload);
  }

  /**
   * One transaction per request, as the role of its token. lite would first grant all tables of every schema that has
   * row level security to everybody, and would stay the login role where there is none: a migration that forgets a
   * GRANT, or a policy, has to fail here as it does on Supabase.
   */
  override async withContext<T>(
    variables: ContextArguments[0],
    run: (database: ContextDatabase) => Promise<T>,
    options?: ContextArguments[2],
  ): Promise<T> {
    return this.kysely.connection().execute(async (connection) => {
      let end = 'rollback';
      try {
        await sql.raw(this.#entrance(variables?.['auth'] ?? {}, options?.rpc)).execute(connection);
        const answer = await run(connection);
        const isError = answer instanceof Response && answer.status >= 400;
        if (!isError) end = 'commit';
        return answer;
      } finally {
        await sql.raw(end).execute(connection);
      }
    });
  }

  override normalizeDbError(error: unknown): unknown {
    return asPostgrestError(super.normalizeDbError(error));
  }

  override async close(): Promise<void> {
    await Promise.all([super.close(), this.#catalog.close()]);
  }

  /** The begin of the transaction and all its settings in one message: each round trip is latency of every read. */
  #entrance(auth: Auth, rpc: RpcContext): string {
    const role = auth.role ?? 'anon';
    const settings: Array<readonly [name: string, value: string]> = [
      ['role', role],
      ['request.jwt.claims', JSON.stringify(auth.jwt ?? { role })],
      ['request.jwt.claim.sub', typeof auth.jwt?.sub === 'string' ? auth.jwt.sub : ''],
      ['request.jwt.claim.role', role],
    ];
    const timeout = this.#timeouts.get(role);
    if (timeout !== undefined) settings.push(['statement_timeout', timeout]);
    if (rpc !== undefined) {
      settings.push(
        ['response.status', ''],
        ['response.headers', ''],
        ['request.method', rpc.method],
        ['request.path', rpc.path],
        ['request.headers', JSON.stringify(rpc.requestHeaders ?? {})],
      );
      if (rpc.readOnly) settings.push(['transaction_read_only', 'on']);
    }
    const calls = settings.map(([name, value]) => `set_config('${name}', ${quoteLiteral(value)}, true)`);
    return `begin; select ${calls.join(', ')}`;
  }

  async #readSchema(): Promise<Introspection> {
    for (;;) {
      const version = this.#schemaVersion;
      this.#timeouts = await this.#readTimeouts();
      const introspection = await this.#catalog.introspect();
      // lite turns a failure into a database without anything in it, and without this field.
      if (introspection.functions === undefined) throw await this.#reasonOfFailure();
      // The schema changed while it was read: this would be kept as the new one.
      if (version !== this.#schemaVersion) continue;
      await this.writeCachedIntrospection(introspection);
      return introspection;
    }
  }

  async #reasonOfFailure(): Promise<unknown> {
    const failure = new Error('the schema of the database cannot be read');
    return this.#catalog.driver`select 1`.then(
      () => failure,
      (error: unknown) => error,
    );
  }

  async #readTimeouts(): Promise<Map<string, string>> {
    const rows = await this.#catalog.driver<Array<{ role: string; timeout: string }>>`
      select r.rolname as role, split_part(setting, '=', 2) as timeout
      from pg_db_role_setting s join pg_roles r on r.oid = s.setrole, unnest(s.setconfig) as setting
      where s.setdatabase = 0 and setting like 'statement_timeout=%'`;
    return new Map(rows.map(({ role, timeout }) => [role, timeout]));
  }
}

/** Safe under standard_conforming_strings, which is on unless somebody turns it off for authenticator. */
function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
