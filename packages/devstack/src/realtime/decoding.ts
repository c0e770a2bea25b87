// From the messages of pgoutput to changes of rows. Owns the meaning of the messages; knows no subscriber and no
// connection. Every value stays the text PostgreSQL wrote: JavaScript's numbers and dates would lose digits.
import type { Pgoutput } from 'pg-logical-replication';

/** null: SQL null. undefined: a large value that did not change, which the log does not repeat. */
export type Tuple = Readonly<Record<string, string | null | undefined>>;

export type ChangeType = 'INSERT' | 'UPDATE' | 'DELETE';

export interface Change {
  readonly type: ChangeType;
  readonly tableOid: number;
  readonly schema: string;
  readonly table: string;
  readonly isFullIdentity: boolean;
  /** The identity of a table without FULL. */
  readonly keyColumns: readonly string[];
  readonly new: Tuple | undefined;
  /** What the log holds of the row before: its key if that changed, or all of it under FULL. */
  readonly old: Tuple | undefined;
  /** ISO 8601, milliseconds. */
  readonly committedAt: string;
}

export type Decoded =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'commit' }
  | { readonly kind: 'nothing' };

export class Decoder {
  #committedAt = '';

  decode(message: Pgoutput.Message): Decoded {
    switch (message.tag) {
      case 'begin':
        this.#committedAt = new Date(Number(message.commitTime.valueOf() / 1_000n)).toISOString();
        return { kind: 'nothing' };
      case 'relation':
        for (const column of message.columns) column.parser = String;
        return { kind: 'nothing' };
      case 'insert':
        return this.#change('INSERT', message.relation, { new: message.new });
      case 'update':
        return this.#change('UPDATE', message.relation, {
          new: message.new,
          old: message.old ?? message.key ?? undefined,
        });
      case 'delete':
        return this.#change('DELETE', message.relation, { old: message.old ?? message.key ?? undefined });
      case 'commit':
        return { kind: 'commit' };
      // TRUNCATE delivers nothing (recorded in 01-*), nor does what carries no row.
      case 'truncate':
      case 'message':
      case 'origin':
      case 'type':
      default:
        return { kind: 'nothing' };
    }
  }

  #change(
    type: ChangeType,
    relation: Pgoutput.MessageRelation,
    rows: { new?: Tuple | undefined; old?: Tuple | undefined },
  ): Decoded {
    return {
      kind: 'change',
      change: {
        type,
        tableOid: relation.relationOid,
        schema: relation.schema,
        table: relation.name,
        isFullIdentity: relation.replicaIdentity === 'full',
        keyColumns: relation.keyColumns,
        new: rows.new,
        old: rows.old,
        committedAt: this.#committedAt,
      },
    };
  }
}
