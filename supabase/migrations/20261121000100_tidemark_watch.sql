-- The state of the watch: is every tracked table still followed without a gap? Owns the question, by reading
-- catalogs; never repairs anything. Safe to run again.

-- One row per tracked table:
--   facts    all that must stay the same for the journal to be the whole truth between two reads
--   problem  null, or a sentence: what is wrong and what to run
--
-- This is plain SQL over catalog tables, on purpose. It then sees catalogs in the snapshot of the statement that
-- reads it, the same one in which the journal is read: a change that was not journaled because a trigger was off can
-- only be visible together with the new state of that trigger. Functions such as to_regclass, pg_get_triggerdef,
-- format_type or casts to regclass read the catalog caches instead, which are at another moment.
--
-- What ordinary work changes must not be among the facts: VACUUM and ANALYZE write statistics into pg_class, so that
-- its xmin would not do; relfilenode changes by TRUNCATE and by a rewrite, and by nothing else. The xmin of a trigger
-- changes when it is disabled and enabled again between two reads.
create or replace view tidemark.watch_state as
with recursive watched as (
  select
    w.*,
    format('select tidemark.track(%L, %L, %L, %L, %L)', tbl, key, prefixes, namespace, broadcast) as track,
    format('select tidemark.untrack(%L)', tbl) as untrack
  from tidemark.watch w
),
member as (
  -- The table, its partitions, and tables that inherit from it: a statement that names one of them fires only the
  -- triggers of that one, and readers of the table see the rows of all.
  select
    w.id as watch_id, c.oid as relation, format('%I.%I', n.nspname, c.relname) as name,
    c.relkind, c.relpersistence, c.relfilenode, null::oid as parent, false as is_detaching
  from watched w
  join pg_catalog.pg_namespace n on n.nspname = w.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.table_name
  union
  select
    m.watch_id, c.oid, format('%I.%I', n.nspname, c.relname),
    c.relkind, c.relpersistence, c.relfilenode, i.inhparent, i.inhdetachpending
  from member m
  join pg_catalog.pg_inherits i on i.inhparent = m.relation
  join pg_catalog.pg_class c on c.oid = i.inhrelid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
),
expected (tgname) as (
  values ('tidemark_delete'), ('tidemark_insert'), ('tidemark_truncate'), ('tidemark_update')
),
member_state as (
  select
    m.watch_id,
    m.relation,
    concat_ws(
      ' ', m.relation, m.parent, m.relkind, m.relpersistence, m.relfilenode, m.is_detaching, is_subscribed,
      columns.facts, triggers.facts
    ) as facts,
    case
      when m.relkind not in ('r', 'p') then
        format('%s is not a table that can have these triggers: run %s', m.name, w.untrack)
      when is_subscribed then
        format('%s is filled by a subscription, which fires no statement trigger: run %s', m.name, w.untrack)
      when triggers.missing is not null then
        format('%s lacks the trigger %s: run %s', m.name, triggers.missing, w.track)
      when triggers.unsteady is not null then
        format('%s has the trigger %s not as ENABLE ALWAYS: run %s', m.name, triggers.unsteady, w.track)
    end as problem
  from member m
  join watched w on w.id = m.watch_id
  cross join lateral (
    select string_agg(
      concat_ws(
        ' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attisdropped, a.attgenerated,
        -- Renaming a label of an enum changes every row that holds it, its key perhaps, and fires no trigger. Types of
        -- PostgreSQL's own have none, and are not asked.
        case when a.atttypid >= 16384 then (
          select string_agg(quote_literal(e.enumlabel), ' ' order by e.enumsortorder)
          from pg_catalog.pg_type t
          join pg_catalog.pg_enum e on e.enumtypid in (t.oid, t.typelem, t.typbasetype)
          where t.oid = a.atttypid
        ) end
      ),
      ',' order by a.attnum
    )
    from pg_catalog.pg_attribute a
    where a.attrelid = m.relation and a.attnum > 0
  ) as columns (facts)
  cross join lateral (
    select
      string_agg(concat_ws(' ', t.oid, t.xmin, t.tgenabled, t.tgfoid, p.xmin), ',' order by e.tgname),
      string_agg(e.tgname, ', ' order by e.tgname) filter (where p.oid is null),
      string_agg(e.tgname, ', ' order by e.tgname) filter (where t.tgenabled <> 'A')
    from expected e
    left join pg_catalog.pg_trigger t on t.tgrelid = m.relation and t.tgname = e.tgname
    -- A trigger of our name that runs another function is as good as none.
    left join pg_catalog.pg_proc p on p.oid = t.tgfoid
      and p.proname = 'journal_' || m.watch_id and p.pronamespace = 'tidemark'::regnamespace
  ) as triggers (facts, missing, unsteady)
  cross join lateral (
    select exists (select from pg_catalog.pg_subscription_rel s where s.srrelid = m.relation)
  ) as subscription (is_subscribed)
),
-- Once for all tables: a look at the members for each of them would cost the square of their number, in every round.
table_state as (
  select s.watch_id, string_agg(s.facts, e'\n' order by s.relation, s.facts) as facts, min(s.problem) as problem
  from member_state s
  group by s.watch_id
),
state as (
  select
    w.*,
    s.watch_id is not null as exists,
    (
      select string_agg(split_part(wanted, ' ', 1), ', ')
      from unnest(w.key_columns) as wanted
      where not exists (
        select
        from pg_catalog.pg_namespace n
        join pg_catalog.pg_class c on c.relnamespace = n.oid
        join pg_catalog.pg_attribute a on a.attrelid = c.oid
        where n.nspname = w.schema_name and c.relname = w.table_name and not a.attisdropped
          and a.attname || ' ' || a.atttypid = wanted
      )
    ) as lost_columns,
    s.facts as member_facts,
    s.problem as member_problem
  from watched w
  left join table_state s on s.watch_id = w.id
)
select
  id,
  tbl,
  key,
  prefixes,
  namespace,
  broadcast,
  concat_ws(e'\n', tbl, key, key_columns, prefixes, namespace, broadcast, member_facts) as facts,
  case
    when not exists then
      format('%s does not exist: create it and run %s, or run %s', tbl, track, untrack)
    when member_problem is not null then member_problem
    when lost_columns is not null then
      format(
        'the key %L of %s needs columns that are gone or have another type (%s): run tidemark.track with a key that '
          'fits',
        key, tbl, lost_columns
      )
  end as problem
from state;

revoke all on tidemark.watch_state from public;
