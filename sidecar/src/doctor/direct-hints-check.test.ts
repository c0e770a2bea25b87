import { describe, expect, it } from 'vitest';
import { judgeStream } from './direct-hints-check.ts';

describe('hints of PostgreSQL itself', () => {
  it('are fine when the stream is open, and tells of a change where one could be made', () => {
    expect(judgeStream({ state: 'listening' })).toMatchObject({ status: 'ok' });
    expect(judgeStream({ state: 'listening', wasHeard: true })).toMatchObject({ status: 'ok' });
  });

  it.each([
    ['with the reason of the server', { state: 'refused', reason: 'permission denied' }, /permission denied/],
    ['with what it may be, when nothing is answered', { state: 'joining' }, /pooler/],
    ['that says it listens, and announces no change', { state: 'listening', wasHeard: false }, /publication/],
    ['also when nothing is known', undefined, /REPLICATION/],
  ] as const)('are warned of %s', (_how, status, sentence) => {
    expect(judgeStream(status)).toMatchObject({ status: 'warn', sentence: expect.stringMatching(sentence) });
  });
});
