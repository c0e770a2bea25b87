// Changes of the table behind the journal's back: triggers switched off, the table recreated, columns added.
import { createTableSql, trackSql } from '../parts/scene.ts';
import { breaking, type Fault, times } from './fault.ts';

const lockTimeout = `set local lock_timeout = '5s'`;

const triggersOff: Fault = {
  name: 'triggers disabled',
  what: 'the triggers of the table are off for longer than the bound, and rows go on changing',
  part: 'postgres',
  async run({ scene, outlast, moment }) {
    await scene.pool.query('alter table public.item disable trigger all');
    await outlast();
    await scene.pool.query('alter table public.item enable trigger all');
    await moment();
    // "enable" alone leaves them weaker than they were made.
    await scene.pool.query(trackSql);
  },
};

const triggersBlink = breaking({
  name: 'triggers off between two rounds',
  what: 'the triggers are disabled and enabled again at once, five times, with writes in between',
  part: 'postgres',
  each: ({ pool }) => times(5, pool),
  async breaks(pool) {
    await pool.query('alter table public.item disable trigger all');
    await pool.query(enableAlwaysSql);
  },
  hold: 'moment',
});

/** Back to exactly what `track` made, in one statement. */
const enableAlwaysSql = `
  do $$
  declare
    name text;
  begin
    for name in select tgname from pg_trigger where tgrelid = 'public.item'::regclass and not tgisinternal loop
      execute format('alter table public.item enable always trigger %I', name);
    end loop;
  end $$`;

const recreated: Fault = {
  name: 'table recreated',
  what: 'the table is dropped and made anew with its rows, without triggers at first',
  part: 'postgres',
  async run({ scene, outlast }) {
    await scene.pool.query(`
      begin;
      ${lockTimeout};
      lock table public.item in access exclusive mode;
      create temporary table kept on commit drop as select * from public.item;
      drop table public.item;
      ${createTableSql};
      insert into public.item select * from kept;
      commit`);
    await outlast();
    await scene.pool.query(trackSql);
  },
};

const ddl = breaking({
  name: 'DDL',
  what: 'a column is added, its type changed (which rewrites the table), an index made, both dropped',
  part: 'postgres',
  each: ({ pool }) =>
    [
      'alter table public.item add column note text',
      'create index item_note on public.item (note)',
      'alter table public.item alter column note type integer using null',
      'drop index public.item_note',
      'alter table public.item drop column note',
    ].map((statement) => () => pool.query(statement)),
  breaks: (change) => change(),
  hold: 'moment',
});

const truncated: Fault = {
  name: 'TRUNCATE',
  what: 'in one transaction the table is truncated and filled again with the same rows',
  part: 'postgres',
  async run({ scene, moment }) {
    await scene.pool.query(`
      begin;
      ${lockTimeout};
      lock table public.item in access exclusive mode;
      create temporary table kept on commit drop as select * from public.item;
      truncate public.item;
      insert into public.item select * from kept;
      commit`);
    await moment();
  },
};

export const schemaFaults: readonly Fault[] = [triggersOff, triggersBlink, recreated, ddl, truncated];
