// Who may do what with the journal: service_role calls the rpcs and sees the rows Realtime would send it; nobody else
// anything. Writers need no right on it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiRole, TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await TestDatabase.start();
  await database.sql(
    'create table app.cached (id text primary key); grant usage on schema app to authenticated, anon',
  );
  await database.sql('grant select, insert, update, delete on app.cached to authenticated, anon');
  await database.track('app.cached');
});
afterAll(() => database.close());

const outsiders: readonly ApiRole[] = ['anon', 'authenticated'];

const rpcs = [
  'select public.tidemark_changes_since()',
  `select public.tidemark_glance('1:1:')`,
  `select public.tidemark_invalidate('app.cached')`,
  'select public.tidemark_next_generation()',
  `select public.tidemark_add_prefix('app.cached', 'p')`,
  'select public.tidemark_prune()',
  `select public.tidemark_inspect(array['app.cached'])`,
  `select public.tidemark_row('app.cached', 'x')`,
];

describe.each(outsiders)('%s (#23)', (role) => {
  test.each(rpcs)('may not %s', async (call) => {
    await expect(database.as(role, call)).rejects.toThrow(/permission denied for function tidemark_/);
  });

  test.each(['change', 'watch', 'recorded_snapshot', 'horizon', 'watch_state', 'generation'])(
    'may not read tidemark.%s',
    async (relation) => {
      await expect(database.as(role, `select * from tidemark.${relation}`)).rejects.toThrow(
        'permission denied for schema tidemark',
      );
    },
  );

  test('may not track or untrack', async () => {
    await expect(database.as(role, `select tidemark.track('app.cached', 'id')`)).rejects.toThrow(
      'permission denied',
    );
    await expect(database.as(role, `select tidemark.untrack('app.cached')`)).rejects.toThrow(
      'permission denied',
    );
  });

  test('writes a tracked table, which journals on its behalf', async () => {
    expect(
      await database.journaled('app.cached', () =>
        database.as(role, `insert into app.cached values ('by ${role}')`),
      ),
    ).toEqual([[`by ${role}`]]);
  });
});

describe('service_role (#23)', () => {
  test.each(rpcs)('may %s', async (call) => {
    expect(await database.as('service_role', call)).toHaveLength(1);
  });

  test('reads the rows of the journal, as Realtime does on its behalf, and writes none', async () => {
    await database.sql(`insert into app.cached values ('seen')`);
    expect(await database.as('service_role', 'select from tidemark.change')).not.toEqual([]);
    await expect(
      database.as('service_role', `insert into tidemark.change (tbl) values ('app.cached')`),
    ).rejects.toThrow('permission denied for table change');
    await expect(database.as('service_role', 'delete from tidemark.change')).rejects.toThrow(
      'permission denied',
    );
  });

  test.each(['watch', 'recorded_snapshot', 'horizon', 'watch_state'])(
    'may not read tidemark.%s',
    async (relation) => {
      await expect(database.as('service_role', `select * from tidemark.${relation}`)).rejects.toThrow(
        'permission denied',
      );
    },
  );

  test('may not track or untrack: that belongs into a migration', async () => {
    await expect(database.as('service_role', `select tidemark.track('app.cached', 'id')`)).rejects.toThrow(
      'permission denied for function track',
    );
    await expect(database.as('service_role', `select tidemark.untrack('app.cached')`)).rejects.toThrow(
      'permission denied for function untrack',
    );
  });
});

describe('whatever there is of the journal, by the catalogue (#23)', () => {
  test.each(outsiders)('%s may read and write none of its tables, views and sequences', async (role) => {
    const relations = await database.sql<{ relation: string }>(
      `select c.oid::regclass::text as relation from pg_class c
       where c.relnamespace = 'tidemark'::regnamespace and c.relkind in ('r', 'v', 'm', 'p', 'S')`,
    );
    expect(relations.length).toBeGreaterThan(5);
    for (const { relation } of relations) {
      await expect(database.as(role, `select * from ${relation}`), relation).rejects.toThrow(
        'permission denied',
      );
      await expect(database.as(role, `delete from ${relation}`), relation).rejects.toThrow(
        /permission denied|is not a table|cannot/,
      );
    }
    const granted = await database.sql(
      `select c.oid::regclass::text as relation from pg_class c
       where c.relnamespace = 'tidemark'::regnamespace and (
         c.relkind in ('r', 'v', 'm', 'p') and (
           has_table_privilege('${role}', c.oid, 'select, insert, update, delete, truncate, references, trigger')
           or has_any_column_privilege('${role}', c.oid, 'select, insert, update, references'))
         or c.relkind = 'S' and has_sequence_privilege('${role}', c.oid, 'usage, select, update'))`,
    );
    expect(granted).toEqual([]);
  });

  test.each(outsiders)('%s may call none of its functions', async (role) => {
    const functions = await database.sql<{ call: string }>(
      `select format('%s.%I(%s)', p.pronamespace::regnamespace, p.proname, (
         select string_agg(format('null::%s', format_type(type, null)), ', ' order by place)
         from unnest(p.proargtypes) with ordinality as argument (type, place)
       )) as call
       from pg_proc p
       where (p.pronamespace = 'tidemark'::regnamespace or p.proname like 'tidemark%')
         and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype) and p.prokind = 'f'`,
    );
    expect(functions.length).toBeGreaterThan(15);
    for (const { call } of functions) {
      await expect(database.as(role, `select ${call}`), call).rejects.toThrow('permission denied');
    }
  });
});

test('no function of the journal is open to everybody', async () => {
  const open = await database.sql(`
    select p.oid::regprocedure::text as function
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    cross join (values ('public'), ('anon'), ('authenticated')) as r (role)
    where (n.nspname = 'tidemark' or n.nspname = 'public' and p.proname like 'tidemark%')
      and has_function_privilege(r.role, p.oid, 'execute')
  `);
  expect(open).toEqual([]);
});

test('every function that runs with the rights of its owner fixes its search path', async () => {
  const loose = await database.sql(`
    select p.oid::regprocedure::text as function
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('tidemark', 'public', 'copilot_internal', 'copilot_private')
      and p.prosecdef and not 'search_path=""' = any (coalesce(p.proconfig, '{}'))
  `);
  expect(loose).toEqual([]);
});

test('row level security is on for every table of the journal (#23)', async () => {
  expect(
    await database.sql(
      `select relname from pg_class where relnamespace = 'tidemark'::regnamespace and relkind = 'r' and not relrowsecurity`,
    ),
  ).toEqual([]);
});
