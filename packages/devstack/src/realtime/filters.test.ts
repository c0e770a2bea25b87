import { expect, test } from 'vitest';
import { type Filter, filterCondition, inspectFilters, parseFilters } from './filters.ts';

function parsed(text: string): readonly Filter[] {
  const result = parseFilters(text);
  if (result.kind === 'refused') throw new Error(result.message);
  return result.filters;
}

test('conditions are split at commas outside of lists and quotes', () => {
  expect(parsed('id=gt.0,name=eq."a,b",state=not.in.(draft,"x,y")')).toEqual([
    { column: 'id', operator: 'gt', values: ['0'], isNegated: false },
    { column: 'name', operator: 'eq', values: ['a,b'], isNegated: false },
    { column: 'state', operator: 'in', values: ['draft', 'x,y'], isNegated: true },
  ]);
});

test('a value may hold dots and equals signs', () => {
  expect(parsed('mail=eq.a.b=c')).toEqual([
    { column: 'mail', operator: 'eq', values: ['a.b=c'], isNegated: false },
  ]);
});

test.each([
  ['tenant_id=foo', '["foo"]'],
  ['tenant_id', '["tenant_id"]'],
  ['tenant_id=near.1', '["near", "1"]'],
  ['tenant_id=in.1,2', '["in", "1"]'],
  ['tenant_id=is.maybe', '["is", "maybe"]'],
])('%s is refused in the words of the real server', (text, pieces) => {
  expect(parseFilters(text)).toEqual({
    kind: 'refused',
    message: `Error parsing \`filter\` params: ${pieces}`,
  });
});

test('the comparison is made in the type of the column, and null is no match, negated or not', () => {
  const [filter] = parsed('id=not.eq.5');
  expect(filterCondition(filter!, 'integer')).toBe(
    'coalesce(not (value::integer = ($1::text[])[1]::integer), false)',
  );
});

test('filters are described as Elixir prints them', () => {
  expect(inspectFilters(parsed('a=eq."x\\"y",b=in.(1,2)'))).toBe(
    '[{"a", "eq", "x\\"y", false}, {"b", "in", "{1,2}", false}]',
  );
});
