import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { createRedactor } from './redact.ts';

describe('a redactor', () => {
  it('takes a secret out however it is written', () => {
    const secret = 'p@ss"word/1';
    const redact = createRedactor([secret]);
    for (const text of [secret, encodeURIComponent(secret), JSON.stringify({ secret })]) {
      expect(redact(`before ${text} after ${text}`)).toMatch(/^before .*\[redacted\].* after .*\[redacted\]/);
      expect(redact(text)).not.toContain('word');
    }
  });

  it('takes the longer of two secrets out as a whole', () => {
    expect(createRedactor(['hunter', 'hunter22'])('hunter22')).toBe('[redacted]');
  });

  it('knows keys of Supabase by their shape', () => {
    const redact = createRedactor([]);
    expect(redact('got eyJhbGciOiJI.eyJyb2xlIjoi.c2lnbmF0-dXJl, and sb_secret_abc-1')).toBe(
      'got [redacted], and [redacted]',
    );
  });

  it('leaves ordinary text alone', () => {
    expect(createRedactor(['', 'a', 'id'])('an id and a table')).toBe('an id and a table');
  });
});

describe('the log', () => {
  it('is JSON lines of at least its level, with the component, without secrets', () => {
    const lines: string[] = [];
    const logger = createLogger({
      level: 'info',
      redact: createRedactor(['hunter22']),
      write: (line) => lines.push(line),
    });
    logger.debug({}, 'not told');
    logger.child({ component: 'journal' }).warn({ url: 'redis://:hunter22@db' }, 'refused hunter22');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        level: 40,
        component: 'journal',
        url: 'redis://:[redacted]@db',
        msg: 'refused [redacted]',
      }),
    ]);
  });
});
