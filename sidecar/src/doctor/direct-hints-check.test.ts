import { describe, expect, it } from 'vitest';
import { judgeStream } from './direct-hints-check.ts';

describe('hints of PostgreSQL itself', () => {
  it('are fine when the stream is open', () => {
    expect(judgeStream({ state: 'listening' })).toMatchObject({ status: 'ok' });
  });

  it.each([
    ['with the reason of the server', { state: 'refused', reason: 'permission denied' }, /permission denied/],
    ['with what it may be, when nothing is answered', { state: 'joining' }, /pooler/],
    ['also when nothing is known', undefined, /REPLICATION/],
  ] as const)('are warned of %s', (_how, status, sentence) => {
    expect(judgeStream(status)).toMatchObject({ status: 'warn', sentence: expect.stringMatching(sentence) });
  });
});
