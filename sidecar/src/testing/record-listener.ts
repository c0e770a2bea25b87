// Hears the records of a namespace, as an instance does.
import { until } from '@tidemark/devstack';
import { type LogRecord, namespaceKeys, parseMessage } from '@tidemark/protocol';
import { Redis } from 'ioredis';

export class RecordListener implements AsyncDisposable {
  readonly records: LogRecord[] = [];
  readonly #redis: Redis;

  private constructor(redis: Redis) {
    this.#redis = redis;
    redis.on('message', (_channel: string, text: string) => {
      const record = parseMessage(text);
      if (record !== undefined) this.records.push(record);
    });
    redis.on('error', () => {});
  }

  static async listen(redisUrl: string, namespace: string): Promise<RecordListener> {
    const redis = new Redis(redisUrl);
    const listener = new RecordListener(redis);
    await redis.subscribe(namespaceKeys('copilot', namespace).records);
    return listener;
  }

  /** How often a key was named, or its whole table. */
  count(table: string, key: string): number {
    return this.records.filter(({ changes }) => {
      const keys = changes.get(table);
      return keys === null || keys?.includes(key) === true;
    }).length;
  }

  async hears(table: string, key: string): Promise<void> {
    await until(() => this.count(table, key) > 0, { what: `a record that names ${key} of ${table}` });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#redis.disconnect();
  }
}
