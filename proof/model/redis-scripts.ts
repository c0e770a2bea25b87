// The five scripts in TypeScript, step by step what their Lua does, and how a call by digest finds them. A weakness takes
// one guard out of a script: that is how the model shows what the guard is for.
import { begin, fill, publish, since, takeover } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { RedisModel, Reply } from './redis-model.ts';

export type ScriptWeakness =
  | 'begin without compare'
  | 'publish without compare'
  | 'takeover without compare'
  | 'publish without unlink'
  | 'cursor not stored'
  | 'fill without fence'
  | 'fill without generation'
  | 'fill ignores a trimmed log'
  | 'fill ignores a head that went back';

interface ScriptCall {
  readonly keys: readonly string[];
  readonly values: readonly string[];
  readonly weakness: string | undefined;
}

/** An error is what Redis answers when a command of the script fails; what was done before it stays done. */
type ModelledScript = (redis: RedisModel, call: ScriptCall) => Reply | Error;

function isWeak(call: ScriptCall, weakness: ScriptWeakness): boolean {
  return call.weakness === weakness;
}

const runBegin: ModelledScript = (redis, call) => {
  const { keys, values } = call;
  const [head = ''] = keys;
  const [expected, next = ''] = values;
  const found = redis.get(head);
  if (found !== expected && !(isWeak(call, 'begin without compare') && found !== null)) return found;
  redis.set(head, next);
  return next;
};

/** @returns undefined when it is in the log, else what XADD answers: then nothing else is done */
function addRecord(redis: RedisModel, call: ScriptCall): Error | undefined {
  const [, log = '', , , ...valueKeys] = call.keys;
  const [, , , id = '', previous = '', changes = '', , max] = call.values;
  const entry = { id, fields: ['p', previous, 'c', changes] };
  if (!redis.append(log, entry, Number(max))) return new Error('the id is not greater than the last one');
  if (!isWeak(call, 'publish without unlink')) redis.unlink(valueKeys);
  return undefined;
}

const runPublish: ModelledScript = (redis, call) => {
  const [head = '', , cursorKey = '', watchKey = ''] = call.keys;
  const [expected, next = '', cursor = '', id = '', , , channel = '', , message = '', watch = ''] =
    call.values;
  if (redis.get(head) !== expected && !isWeak(call, 'publish without compare')) return 0;
  const refusal = id === '' ? undefined : addRecord(redis, call);
  if (refusal !== undefined) return refusal;
  redis.set(head, next);
  if (!isWeak(call, 'cursor not stored')) redis.set(cursorKey, cursor);
  if (watch !== '') redis.set(watchKey, watch);
  if (id !== '') redis.publish(channel, message);
  return 1;
};

const runTakeover: ModelledScript = (redis, call) => {
  const [head = '', log = '', cursorKey = '', watchKey = ''] = call.keys;
  const [expected, next = '', cursor = '', watch = '', id = '', previous = '', ...rest] = call.values;
  const [channel = '', max, message = ''] = rest;
  if ((redis.get(head) ?? '') !== expected && !isWeak(call, 'takeover without compare')) return 0;
  const link = { id, fields: ['p', previous, 'c', '{}'] };
  if (previous === '') redis.unlink([log]);
  if (!redis.append(log, link, Number(max))) {
    redis.unlink([log]);
    redis.append(log, link, Number(max));
  }
  redis.set(head, next);
  if (!isWeak(call, 'cursor not stored')) redis.set(cursorKey, cursor);
  redis.set(watchKey, watch);
  redis.publish(channel, message);
  return 1;
};

const runSince: ModelledScript = (redis, { keys, values }) => {
  const [headKey = '', log = '', watchKey = ''] = keys;
  const [position = '', knownHash, limit] = values;
  const head = redis.get(headKey);
  if (head === null) return [];
  const entries = position === '' ? [] : redis.range(log, position).slice(0, Number(limit));
  const watch = head.includes(` ${knownHash} `) ? '' : (redis.get(watchKey) ?? '');
  return [head, entries.map(({ id, fields }) => [id, [...fields]]), watch];
};

const searchLimit = 64;

const runFill: ModelledScript = (redis, call) => {
  const [headKey = '', log = '', valueKey = ''] = call.keys;
  const [generation = '', notedAt = '', value = '', , ...needles] = call.values;
  const head = redis.get(headKey);
  if (head === null) return 0;
  const [headGeneration, sequence = ''] = head.split(' ');
  if (headGeneration !== generation && !isWeak(call, 'fill without generation')) return 0;
  const behind = Number(sequence) - Number(notedAt);
  if (behind < 0 && !isWeak(call, 'fill ignores a head that went back')) return 0;
  if (behind > searchLimit) return 0;
  if (behind > 0 && !isWeak(call, 'fill without fence')) {
    const records = redis.range(log, `${headGeneration}-${notedAt}`, `${headGeneration}-${sequence}`);
    if (records.length !== behind && !isWeak(call, 'fill ignores a trimmed log')) return 0;
    const isNamed = records.some(({ fields }) => needles.some((needle) => fields[3]?.includes(needle)));
    if (isNamed) return 0;
  }
  redis.set(valueKey, value);
  return 1;
};

export type Scripts = ReadonlyMap<string, ModelledScript>;

/** Which digest is which script: each real function is called once with a client that only listens. */
export async function learnScripts(): Promise<Scripts> {
  const scripts = new Map<string, ModelledScript>();
  const learn = async (run: (redis: Redis) => Promise<unknown>, modelled: ModelledScript): Promise<void> => {
    const listener = {
      options: {},
      evalsha(digest: string): Promise<null> {
        scripts.set(digest, modelled);
        return Promise.resolve(null);
      },
    };
    // The scripts use this one method of a client and the number of its database, and nothing else.
    await run(listener as unknown as Redis);
  };
  const position = { generation: 0, sequence: 0 };
  const link = { position, previous: null, changes: new Map() };
  const keys = { head: '', log: '', cursor: '', watch: '', records: '', hints: '', tickets: '' };
  const heads = { keys, expectedHead: '', nextHead: '', cursor: '' };
  await learn((redis) => begin(redis, { headKey: '', expected: '', next: '' }), runBegin);
  await learn((redis) => publish(redis, { ...heads, record: null, valueKeys: [] }), runPublish);
  await learn((redis) => takeover(redis, { ...heads, watch: '', link }), runTakeover);
  await learn((redis) => since(redis, { keys, position: null, knownWatchHash: null }), runSince);
  const value = { notedAt: position, payload: '' };
  await learn(
    (redis) => fill(redis, { keys, valueKey: '', encodedKey: '', tables: [], value, ttlMs: 1 }),
    runFill,
  );
  return scripts;
}
