// One look at the changes that came since the last one: who gets which of them, as what text. The path of a
// postgres_changes event is read here from top to bottom. Never delivers by itself, and forgets everything afterwards.
import type { ResolvedBinding } from './bindings.ts';
import type { Database, Identity } from './database.ts';
import type { Change } from './decoding.ts';
import type { Filter } from './filters.ts';
import { jsonValue } from './json-value.ts';
import type { RealtimeLogger } from './options.ts';
import { shapeChange, type ShapedChange } from './record-shape.ts';
import { type ColumnShape, loadTableShapes, type TableShape } from './table-shape.ts';
import { askForJson, passing, type Question, visibleTo } from './visibility.ts';

/** A channel, as far as its changes are concerned. */
export interface ChangeSubscriber {
  readonly identity: Identity;
  readonly bindings: readonly ResolvedBinding[];
  /** Changes before this one are not for it. */
  readonly firstSequence: number;
}

export interface SequencedChange {
  readonly sequence: number;
  readonly change: Change;
}

export interface Delivery<S extends ChangeSubscriber> {
  readonly subscriber: S;
  /** JSON of the event's `data`. */
  readonly data: string;
  readonly ids: readonly number[];
}

export interface BatchRequest<S extends ChangeSubscriber> {
  readonly database: Database;
  readonly logger: RealtimeLogger;
  readonly subscribers: readonly S[];
  readonly changes: readonly SequencedChange[];
}

/** In the order of the commits. Rejects when PostgreSQL cannot be asked: the batch is lost then, as on the real server. */
export async function deliveriesOf<S extends ChangeSubscriber>(
  request: BatchRequest<S>,
): Promise<readonly Delivery<S>[]> {
  const bound = new Set(
    request.subscribers.flatMap(({ bindings }) => bindings.flatMap((b) => [...b.tableOids])),
  );
  const changes = request.changes.filter(({ change }) => bound.has(change.tableOid));
  if (changes.length === 0) return [];
  const oids = [...new Set(changes.map(({ change }) => change.tableOid))];
  const roles = [...new Set(request.subscribers.map(({ identity }) => identity.role))];
  const shapes = await loadTableShapes(request.database, oids, roles);
  const judges = new Map<number, TableJudge>();
  for (const shape of shapes.values()) {
    const ofTable = changes.filter(({ change }) => change.tableOid === shape.oid).map(({ change }) => change);
    judges.set(shape.oid, new TableJudge({ ...request, shape, changes: ofTable }));
  }
  const deliveries: Delivery<S>[] = [];
  for (const { sequence, change } of changes) {
    const judge = judges.get(change.tableOid);
    // A table that was dropped since is in no catalogue.
    if (judge === undefined) continue;
    for (const subscriber of request.subscribers) {
      if (sequence < subscriber.firstSequence) continue;
      for (const { data, ids } of await judge.frames(change, subscriber))
        deliveries.push({ subscriber, data, ids });
    }
  }
  return deliveries;
}

/** Asks PostgreSQL each question about the changes of one table once, however many subscribers it concerns. */
class TableJudge {
  readonly #question: Question;
  readonly #json: Promise<ReadonlyMap<ColumnShape, ReadonlyMap<string, string>>>;
  readonly #visible = new Map<string, Promise<ReadonlySet<Change>>>();
  readonly #passing = new Map<string, Promise<ReadonlySet<Change>>>();
  readonly #shaped = new Map<string, ShapedChange>();
  #shapedChange: Change | undefined;

  constructor(question: Question) {
    this.#question = question;
    this.#json = this.#askForJson();
    // Awaited below; a rejection must not count as unhandled before.
    this.#json.catch(() => undefined);
  }

  async frames(
    change: Change,
    subscriber: ChangeSubscriber,
  ): Promise<readonly { data: string; ids: readonly number[] }[]> {
    const bindings = subscriber.bindings.filter(
      ({ binding, tableOids }) =>
        tableOids.has(change.tableOid) && (binding.event === '*' || binding.event === change.type),
    );
    const idsByData = new Map<string, number[]>();
    for (const { binding, filters } of bindings) {
      const shaped = await this.#shape(change, subscriber.identity.role, binding.select);
      if (!shaped.isRefused && !(await this.#isSeen(change, subscriber.identity, filters))) continue;
      const ids = idsByData.get(shaped.data);
      if (ids === undefined) idsByData.set(shaped.data, [binding.id]);
      else ids.push(binding.id);
    }
    return [...idsByData].map(([data, ids]) => ({ data, ids }));
  }

  async #isSeen(change: Change, identity: Identity, filters: readonly Filter[]): Promise<boolean> {
    for (const filter of filters) {
      const passed = await once(this.#passing, JSON.stringify(filter), () => passing(this.#question, filter));
      if (!passed.has(change)) return false;
    }
    if (!this.#question.shape.hasRowSecurity || change.type === 'DELETE') return true;
    const key = JSON.stringify(identity);
    return (await once(this.#visible, key, () => visibleTo(this.#question, identity))).has(change);
  }

  async #shape(change: Change, role: string, select: readonly string[] | undefined): Promise<ShapedChange> {
    // The texts of one change are kept only while its subscribers are served: they may be a megabyte each.
    if (this.#shapedChange !== change) {
      this.#shaped.clear();
      this.#shapedChange = change;
    }
    const key = JSON.stringify([role, select]);
    const known = this.#shaped.get(key);
    if (known !== undefined) return known;
    const asked = await this.#json;
    const shaped = shapeChange({
      change,
      shape: this.#question.shape,
      audience: { role, select },
      jsonOf: (column, text) => jsonValue(column, text) ?? asked.get(column)?.get(text ?? '') ?? 'null',
    });
    this.#shaped.set(key, shaped);
    return shaped;
  }

  async #askForJson(): Promise<ReadonlyMap<ColumnShape, ReadonlyMap<string, string>>> {
    const { shape, changes, database } = this.#question;
    const answers = new Map<ColumnShape, ReadonlyMap<string, string>>();
    for (const column of shape.columns) {
      const texts = unknownTexts(column, changes);
      if (texts.length > 0) answers.set(column, await askForJson(database, column, texts));
    }
    return answers;
  }
}

function unknownTexts(column: TableShape['columns'][number], changes: readonly Change[]): readonly string[] {
  const texts = new Set<string>();
  for (const change of changes) {
    for (const text of [change.new?.[column.name], change.old?.[column.name]]) {
      if (typeof text === 'string' && jsonValue(column, text) === undefined) texts.add(text);
    }
  }
  return [...texts];
}

function once<T>(answers: Map<string, Promise<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = ask();
  answers.set(key, answer);
  return answer;
}
