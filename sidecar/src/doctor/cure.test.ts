import { expect, it } from 'vitest';
import { cureSql } from './cure.ts';
import type { Finding } from './finding.ts';

const trigger: Finding = {
  check: 'triggers',
  status: 'fail',
  sentence: 'a trigger is missing\n; drop table a',
  sql: ['select 1;', 'select 2;'],
};

it('a migration holds each cure once, under the sentence it mends, which is a comment to its last line', () => {
  const again: Finding = { check: 'grants', status: 'warn', sentence: 'the same', sql: ['select 2;'] };
  expect(cureSql([trigger, again])?.split('\n')).toEqual([
    expect.stringMatching(/^-- Mends/),
    expect.stringMatching(/^-- /),
    `set lock_timeout = '5s';`,
    '',
    '-- a trigger is missing',
    '-- ; drop table a',
    'select 1;',
    'select 2;',
    '',
    'reset lock_timeout;',
    '',
  ]);
});

it('there is no migration where nothing can be mended by SQL', () => {
  expect(cureSql([{ check: 'redis', status: 'fail', sentence: 'gone', command: 'redis-server' }])).toBeNull();
});
