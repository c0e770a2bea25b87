// Rows of the tables of conversations for tests, as small as they may be.
import type { TestDatabase } from './database.ts';

export const conversations = 'copilot_internal.conversations';
export const paths = 'copilot_internal.conversation_paths';
export const messages = 'copilot_internal.conversation_messages';

export type Row = Record<string, unknown>;

export class ConversationRows {
  readonly #database: TestDatabase;
  #numbers = 0;

  constructor(database: TestDatabase) {
    this.#database = database;
  }

  conversation(columns: Row = {}): Promise<Row> {
    return this.#insert(conversations, { tenant_id: 'acme', ...columns });
  }

  async path(columns: Row = {}): Promise<Row> {
    const conversation = columns['conversation_id'] ?? (await this.conversation())['id'];
    return this.#insert(paths, { tenant_id: 'acme', conversation_id: conversation, ...columns });
  }

  async message(columns: Row = {}): Promise<Row> {
    this.#numbers += 1;
    const path = columns['path_id'] === undefined ? await this.path() : { id: columns['path_id'] };
    return this.#insert(messages, {
      conversation_id: path['conversation_id'],
      path_id: path['id'],
      role: 'user',
      content: 'hello',
      sequence_in_path: this.#numbers,
      effective_sequence: this.#numbers,
      ...columns,
    });
  }

  async #insert(table: string, row: Row): Promise<Row> {
    const names = Object.keys(row).join(', ');
    const [inserted] = await this.#database.sql(
      `insert into ${table} (${names}) select ${names} from jsonb_populate_record(null::${table}, $1) returning *`,
      [JSON.stringify(row)],
    );
    return inserted!;
  }
}
