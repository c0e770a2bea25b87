import { expect, test } from 'vitest';
import { decodeFrame, encodeBroadcast, encodeFrame } from './frames.ts';

/** What realtime-js sends for channel.send({ type: 'broadcast', event: 'moved', payload: { x: 1 } }). */
function push(encoding: number, payload: string): Buffer {
  const texts = ['6', '9', 'realtime:räume', 'moved', ''];
  return Buffer.concat([
    Buffer.from([3, ...texts.map((text) => Buffer.byteLength(text)), encoding]),
    ...texts.map((text) => Buffer.from(text)),
    Buffer.from(payload),
  ]);
}

test('a frame of vsn 2.0.0 is an array, one of vsn 1.0.0 an object without the join ref', () => {
  const frame = {
    joinRef: '6',
    ref: null,
    topic: 'realtime:a',
    event: 'system',
    payload: '{"n": 9007199254740993}',
  };
  expect(encodeFrame('2.0.0', frame)).toBe('["6",null,"realtime:a","system",{"n": 9007199254740993}]');
  expect(encodeFrame('1.0.0', frame)).toBe(
    '{"event":"system","payload":{"n": 9007199254740993},"ref":null,"topic":"realtime:a"}',
  );
});

test('a text frame is read in both versions', () => {
  const message = { kind: 'message', joinRef: '1', ref: '2', topic: 't', event: 'e', payload: { a: 1 } };
  expect(decodeFrame('2.0.0', '["1","2","t","e",{"a":1}]')).toEqual(message);
  const text = '{"join_ref":"1","ref":"2","topic":"t","event":"e","payload":{"a":1}}';
  expect(decodeFrame('1.0.0', text)).toEqual(message);
});

test.each([
  ['no JSON', '['],
  ['an array of a client that speaks another version', '{"topic":"t"}'],
  ['no topic', '["1","2",null,"e",{}]'],
  ['a number', '7'],
])('%s is unreadable', (_what, text) => {
  expect(decodeFrame('2.0.0', text)).toEqual({ kind: 'unreadable' });
});

test('a binary broadcast is read with its texts in UTF-8', () => {
  expect(decodeFrame('2.0.0', push(1, '{"x":1}'))).toEqual({
    kind: 'broadcast',
    joinRef: '6',
    ref: '9',
    broadcast: { topic: 'realtime:räume', event: 'moved', payload: '{"x":1}' },
  });
});

test('a binary broadcast that ends too early, or whose JSON is none, is unreadable', () => {
  expect(decodeFrame('2.0.0', push(1, '{"x":1}').subarray(0, 12))).toEqual({ kind: 'unreadable' });
  expect(decodeFrame('2.0.0', push(1, '{"x":'))).toEqual({ kind: 'unreadable' });
  expect(decodeFrame('2.0.0', Buffer.from([4, 0, 0, 0, 0, 0, 0]))).toEqual({ kind: 'unreadable' });
});

test('a broadcast goes out as recorded: kind 4, three lengths, the encoding, the texts, the payload', () => {
  const frame = encodeBroadcast('2.0.0', {
    topic: 'realtime:p',
    event: 'ping',
    payload: '{"a": 1}',
    meta: '{"id":"x"}',
  });
  expect(frame).toEqual(Buffer.from('\u0004\u000a\u0004\u000a\u0001realtime:pping{"id":"x"}{"a": 1}'));
});

test('bytes reach clients of vsn 2.0.0 only, and names that are too long for a header go as text', () => {
  const bytes = { topic: 't', event: 'e', payload: Buffer.from([1, 2]) };
  expect(encodeBroadcast('2.0.0', bytes)).toEqual(Buffer.from([4, 1, 1, 0, 0, 116, 101, 1, 2]));
  expect(encodeBroadcast('1.0.0', bytes)).toBeUndefined();
  const long = 'e'.repeat(256);
  expect(encodeBroadcast('2.0.0', { topic: 't', event: long, payload: '{}' })).toBe(
    `[null,null,"t","broadcast",{"event":"${long}","payload":{},"type":"broadcast"}]`,
  );
});
