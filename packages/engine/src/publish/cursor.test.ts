import { expect, test } from 'vitest';
import { parseCursor } from './cursor.ts';

const cursor = { snapshot: '10:12:11', server: 'here', watchHash: 'w' };

test('a cursor is read as it was written', () => {
  expect(parseCursor(JSON.stringify(cursor))).toEqual(cursor);
});

test('a cursor of a newer version is read for what is known of it', () => {
  expect(parseCursor(JSON.stringify({ ...cursor, more: 1 }))).toEqual(cursor);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['an empty text', ''],
  ['half a cursor', JSON.stringify(cursor).slice(0, -4)],
  ['null as JSON', 'null'],
  ['an array', '[]'],
  ['a cursor without its snapshot', JSON.stringify({ ...cursor, snapshot: undefined })],
  ['a cursor without its server', JSON.stringify({ ...cursor, server: null })],
  ['a cursor without its watch', JSON.stringify({ ...cursor, watchHash: 7 })],
])('%s is no cursor: absence means that nobody may go on', (_what, text) => {
  expect(parseCursor(text)).toBeNull();
});
