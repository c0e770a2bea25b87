// Guards of packages/protocol, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const protocol = 'packages/protocol/src';

export const protocolMutations: readonly Mutation[] = [
  {
    keeps: 'I10',
    file: `${protocol}/scripts/fill.ts`,
    guard: 'if string.find(changes, ARGV[needle], 1, true) then return 0 end',
    test: {
      file: `${protocol}/scripts/fill.stack.test.ts`,
      name: 'is refused when the whole of any of its tables changed (R2)',
    },
  },
  {
    keeps: 'I10',
    file: `${protocol}/scripts/fill.ts`,
    guard: ' or #records ~= behind then return 0 end',
    instead: ' then return 0 end',
    test: {
      file: `${protocol}/scripts/fill.stack.test.ts`,
      name: 'is refused when the log between its position and the head was trimmed (R2)',
    },
  },
  {
    keeps: 'I10',
    file: `${protocol}/scripts/fill.ts`,
    guard: 'if generation ~= ARGV[1] then return 0 end',
    test: {
      file: `${protocol}/scripts/fill.stack.test.ts`,
      name: 'of an older generation is refused, also when the new one is linked to its position (R2)',
    },
  },
  {
    keeps: 'I12',
    file: `${protocol}/wire/value.ts`,
    guard: ' || !text.startsWith(key, header.length)',
    test: {
      file: `${protocol}/wire/value.test.ts`,
      name: "under another key is refused: never a wrong tenant's row (R4)",
    },
  },
  {
    keeps: 'I17',
    file: `${protocol}/scripts/publish.ts`,
    guard: "redis.call('SET', KEYS[3], ARGV[3])",
    test: {
      file: `${protocol}/scripts/rounds.stack.test.ts`,
      name: 'without changes moves head and cursor only',
    },
  },
  {
    keeps: 'I17',
    file: `${protocol}/scripts/publish.ts`,
    guard: "if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end",
    test: {
      file: `${protocol}/scripts/rounds.stack.test.ts`,
      name: 'on another head changes nothing at all, neither value nor log nor cursor (R1)',
    },
  },
  {
    keeps: 'I18',
    file: `${protocol}/scripts/begin.ts`,
    guard: 'if head ~= ARGV[1] then return head end',
    test: {
      file: `${protocol}/scripts/rounds.stack.test.ts`,
      name: 'on another head writes nothing and says what it found: one of two sidecars works (R1)',
    },
  },
  {
    keeps: 'I22',
    file: `${protocol}/ports/journal.ts`,
    guard: '    !read.wasPruned &&\n',
    test: { file: `${protocol}/ports/journal.test.ts`, name: 'but not when %s (R1)' },
  },
  {
    keeps: 'I4',
    file: `${protocol}/redis/slot-connector.ts`,
    guard: '/^(?:MOVED|CLUSTERDOWN|READONLY)',
    instead: '/^(?:CLUSTERDOWN|READONLY)',
    test: {
      file: `${protocol}/redis/slot-connector.fault.test.ts`,
      name: 'a command fails, nothing is sent twice, and the next connection leads there (R1)',
    },
  },
  {
    keeps: 'I28',
    file: `${protocol}/redis/connect.ts`,
    guard: "  subscriber.on('moved', () => reconnect(subscriber));\n",
    test: {
      file: `${protocol}/redis/slot-connector.fault.test.ts`,
      name: 'that is asked for where its slot is not ends the connection, and leaves nothing to wait for (R6)',
    },
  },
  {
    keeps: 'I28',
    file: `${protocol}/redis/connect.ts`,
    guard: '    cancel = systemClock.schedule(timeoutMs, () => reconnect(redis));\n',
    test: {
      file: `${protocol}/redis/connect.stack.test.ts`,
      name: 'that a silent peer accepted is given up for another, until one can be used (R6)',
    },
  },
];
