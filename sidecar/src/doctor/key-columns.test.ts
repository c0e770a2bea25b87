import { expect, it } from 'vitest';
import { columnsOfKey } from './key-columns.ts';

it.each([
  ['id', ['id']],
  [' Id ', ['id']],
  ['"Id"', ['Id']],
  ['"a""b"', ['a"b']],
  ['id::text', ['id']],
  ['array[tenant, user_id]', ['tenant', 'user_id']],
  ['ARRAY [ "Tenant", id::text ]', ['Tenant', 'id']],
  // What only PostgreSQL can say is left to it.
  ["data->>'id'", []],
  ['lower(name)', []],
  ["array[id, coalesce(name, 'x')]", ['id']],
  ['null', []],
])('the key %s names the columns %j', (key, columns) => {
  expect(columnsOfKey(key)).toEqual(columns);
});
