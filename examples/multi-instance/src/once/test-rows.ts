// The rows that the fixed series changes: which tenants there are, which have a row, and the next change of each. Every
// row it writes has a model name of its own, so that an answer tells which version it came from.
import type { OutsideWriter } from '../demo/outside-writer.ts';
import { policyTable } from '../demo/policy-rows.ts';
import { textOfPolicy } from '../answers/answer.ts';

/** A statement, and what the tenants it changes are to be answered after it. */
export interface PlannedChange {
  readonly what: string;
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly texts: ReadonlyMap<string, string>;
}

/** Enough of them that a tenant's next change comes long after its last one was served anew. */
const singleCount = 24;

/** Above the thousand keys that a journal row names: the whole table is overtaken at once. */
const bulkCount = 2_000;

/** Of the bulk rows one in so many is cached and asked for; all of them would only take longer. */
const bulkWatchedEvery = 10;

const absentText = textOfPolicy(null);

export class TestRows {
  readonly singles: readonly string[] = Array.from({ length: singleCount }, (_, at) => `single-${at + 1}`);
  readonly #bulk: readonly string[] = Array.from({ length: bulkCount }, (_, at) => `bulk-${at + 1}`);
  readonly #present = new Set<string>();
  /** Whose row was updated since it came: the next change deletes it. */
  readonly #updated = new Set<string>();
  #version = 0;
  #turn = 0;

  /** Those whose answers are checked. */
  get watched(): readonly string[] {
    return [...this.singles, ...this.#bulk.filter((_, at) => at % bulkWatchedEvery === 0)];
  }

  /** Some single tenants begin without a row, others are about to lose theirs: the three kinds of changes mix. */
  async create(writer: OutsideWriter): Promise<void> {
    this.singles.forEach((tenant, at) => {
      if (at % 3 !== 0) this.#present.add(tenant);
      if (at % 3 === 2) this.#updated.add(tenant);
    });
    for (const tenant of this.#bulk) this.#present.add(tenant);
    await writer.write(
      `insert into ${policyTable} (tenant_id, default_model, default_provider)
       select id, 'model-0', 'openai' from unnest($1::text[]) as id`,
      [[...this.#present]],
    );
  }

  /** Insert, update, delete and again, all tenants in turn: a tenant is seen anew before it changes once more. */
  planNext(): PlannedChange {
    const tenant = this.singles[this.#turn % this.singles.length] ?? '';
    this.#turn += 1;
    if (!this.#present.has(tenant)) return this.#planInsert(tenant);
    return this.#updated.has(tenant) ? this.#planDelete(tenant) : this.#planUpdate(tenant);
  }

  #planInsert(tenant: string): PlannedChange {
    const model = this.#nextModel();
    this.#present.add(tenant);
    const sql = `insert into ${policyTable} (tenant_id, default_model, default_provider) values ($1, $2, 'openai')`;
    return {
      what: `insert ${tenant}`,
      sql,
      values: [tenant, model],
      texts: new Map([[tenant, textOf(model)]]),
    };
  }

  #planUpdate(tenant: string): PlannedChange {
    const model = this.#nextModel();
    this.#updated.add(tenant);
    const sql = `update ${policyTable} set default_model = $2 where tenant_id = $1`;
    return {
      what: `update ${tenant}`,
      sql,
      values: [tenant, model],
      texts: new Map([[tenant, textOf(model)]]),
    };
  }

  #planDelete(tenant: string): PlannedChange {
    this.#present.delete(tenant);
    this.#updated.delete(tenant);
    const sql = `delete from ${policyTable} where tenant_id = $1`;
    return { what: `delete ${tenant}`, sql, values: [tenant], texts: new Map([[tenant, absentText]]) };
  }

  planBulk(): PlannedChange {
    const model = this.#nextModel();
    const sql = `update ${policyTable} set default_model = $2 where tenant_id = any($1)`;
    const texts = this.#watchedBulk().map((tenant) => [tenant, textOf(model)] as const);
    return { what: `update ${bulkCount} rows`, sql, values: [this.#bulk, model], texts: new Map(texts) };
  }

  planTruncate(): PlannedChange {
    this.#present.clear();
    this.#updated.clear();
    const texts = this.watched.map((tenant) => [tenant, absentText] as const);
    return { what: 'truncate', sql: `truncate ${policyTable}`, values: [], texts: new Map(texts) };
  }

  #watchedBulk(): string[] {
    const singles = new Set(this.singles);
    return this.watched.filter((tenant) => !singles.has(tenant));
  }

  #nextModel(): string {
    this.#version += 1;
    return `model-${this.#version}`;
  }
}

function textOf(defaultModel: string): string {
  return textOfPolicy({
    tenantId: 'any',
    defaultModel,
    defaultProvider: 'openai',
    allowRemoteEgress: true,
    tasks: [],
  });
}
