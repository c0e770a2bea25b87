import { describe, expect, test } from 'vitest';
import { redactSensitiveText } from './sanitizer.ts';

describe('what has an unmistakable form is replaced', () => {
  test.each([
    ['email', 'write to jane.doe+x@mail.example.org, please', 'write to [email], please'],
    ['email', 'jörg.müller@bücher.example', '[email]'],
    ['payment-card', 'pay with 4111 1111 1111 1111 now', 'pay with [payment-card] now'],
    ['payment-card', '4111111111111111', '[payment-card]'],
    ['payment-card', 'amex 3782-822463-10005.', 'amex [payment-card].'],
    ['payment-card', '4111 1111 1111 1111 12 apples', '[payment-card] 12 apples'],
    ['iban', 'to DE89 3704 0044 0532 0130 00 today', 'to [iban] today'],
    ['iban', 'GB29NWBK60161331926819', '[iban]'],
    ['iban', 'DE89 3704 0044 0532 0130 00 THIS WEEK', '[iban] THIS WEEK'],
    ['phone', 'call +49 (170) 123-4567', 'call [phone]'],
    ['api-key', 'key=sk-proj-abcdefghijklmnop1234', 'key=[api-key]'],
    ['api-key', 'AKIAIOSFODNN7EXAMPLE', '[api-key]'],
    ['token', 'Authorization: Bearer abcdef0123456789abcdef', 'Authorization: [token]'],
    ['token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmN', '[token]'],
    [
      'private-key',
      'a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b',
      'a [private-key] b',
    ],
    ['private-key', 'cut off: -----BEGIN PRIVATE KEY-----\nMIIE', 'cut off: [private-key]'],
  ])('%s in %j', (kind, text, sanitized) => {
    expect(redactSensitiveText(text)).toEqual({ text: sanitized, changes: [{ kind, count: 1 }] });
  });
});

describe('what only looks alike is left', () => {
  test.each([
    'the order 4111 1111 1111 1112 is late',
    'GB29 NWBK 6016 1331 9268 18 has wrong check digits',
    'at 5 @ home',
    'version 1.2.3-beta, 2026-11-21T10:00:00Z',
    'sk-ip the intro',
    'the bearer of this letter',
    '+1 + 2 = 3',
    '',
  ])('%j', (text) => {
    expect(redactSensitiveText(text)).toEqual({ text, changes: [] });
  });
});

test('each kind is counted once for each place', () => {
  expect(redactSensitiveText('a@x.example, b@x.example and +491701234567').changes).toEqual([
    { kind: 'email', count: 2 },
    { kind: 'phone', count: 1 },
  ]);
});

test('sanitising twice changes nothing more', () => {
  const { text } = redactSensitiveText('a@x.example 4111111111111111 sk-abcdefghijklmnopqrst');
  expect(redactSensitiveText(text)).toEqual({ text, changes: [] });
});

describe('no text makes it slow: ten times the text takes not much more than ten times as long', () => {
  test.each([
    ['one token', 'a'],
    ['dots', 'a.'],
    ['at signs', 'a@'],
    ['a domain without an end', '@b.'],
    ['digits', '1'],
    ['groups of digits', '1234 '],
    ['capitals', 'AB12 '],
    ['beginnings of a token', 'eyJ'],
    ['beginnings of a token, apart', 'eyJ-'],
    ['Bearer and spaces', 'Bearer  '],
    ['beginnings of a private key', '-----BEGIN PRIVATE KEY-----'],
    ['plus signs', '+1 '],
  ])('%s', (_, piece) => {
    const measure = (size: number): number => {
      const text = piece.repeat(Math.ceil(size / piece.length));
      const runs = Array.from({ length: 5 }, () => {
        // Time of this process alone: the clock on the wall also counts what others do meanwhile.
        const start = process.cpuUsage();
        redactSensitiveText(text);
        const { user, system } = process.cpuUsage(start);
        return user + system;
      });
      return Math.min(...runs);
    };
    measure(5_000);
    const ratio = measure(200_000) / measure(20_000);
    // Quadratic time would be 100; the margin is for what else the process does, such as compiling.
    expect(ratio).toBeLessThan(40);
  });
});
