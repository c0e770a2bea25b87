import { expect, test } from 'vitest';
import { isSnapshot } from './snapshot.ts';

test.each(['10:10:', '10:12:10', '10:20:10,11,11,19', '3:9223372036854775807:'])(
  '%j is a snapshot',
  (text) => {
    expect(isSnapshot(text)).toBe(true);
  },
);

test.each([
  '',
  'garbage',
  '10:12',
  '0:12:',
  '12:10:',
  '10:12:9',
  '10:12:12',
  '10:20:12,11',
  '10:20:,11',
  '10:20:11,',
  '-1:5:',
  ' 10:12:',
  '1:99999999999999999999:',
  '1:9999999999999999999:',
])('%j is none: PostgreSQL would refuse it in every round', (text) => {
  expect(isSnapshot(text)).toBe(false);
});
