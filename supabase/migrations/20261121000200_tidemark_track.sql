-- Attaching the journal to a table, and taking it off again. Owns the triggers and their functions; never a row of
-- the table. For the owner of the tables, in migrations; no API role may execute it. Safe to run again.

-- Triggers ----------------------------------------------------------------------------------------------------------

-- What the trigger function of a table does, for its partitions too. Generated, so that its SQL is static and its
-- plans are kept.
create or replace function tidemark.journal_body(tbl text, encoded text, broadcast boolean) returns text
language sql immutable
set search_path = ''
return format(
  $body$
#variable_conflict use_column
declare
  touched text[];
begin
  begin
    -- 1,001 keys are enough to know that there are more than 1,000. The UNION of a recursive query hands out each new
    -- key as soon as it meets it, so that LIMIT ends the work on a bulk statement there; DISTINCT would compute all.
    case tg_op
      when 'INSERT' then
        touched := array(
          with recursive found (key) as (select %1$s from new_rows union select key from found where false)
          select key from found limit 1001
        );
      when 'DELETE' then
        touched := array(
          with recursive found (key) as (select %1$s from old_rows union select key from found where false)
          select key from found limit 1001
        );
      when 'UPDATE' then
        touched := array(
          with recursive found (key) as (
            (select %1$s from old_rows union all select %1$s from new_rows) union select key from found where false
          )
          select key from found limit 1001
        );
      else
        touched := array[null];
    end case;
  exception when others then
    -- A key that can't be computed must not fail the statement that changed the row: any key may have changed then.
    raise warning 'tidemark: the keys of a change of %% are unknown: %%', %2$L, sqlerrm;
    touched := array[null];
  end;
  perform tidemark.add_change(%2$L, touched, %3$L);
  return null;
end
$body$,
  encoded, tbl, broadcast
);

-- Runs as its owner, because those who write the table may not write the journal. The settings are those that the
-- text of a date, a float or a bytea depends on: the same row must give the same key in every session.
create or replace function tidemark.create_journal_function(watch_id integer, body text) returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'create or replace function tidemark.journal_%s() returns trigger language plpgsql security definer '
    'set search_path = '''' set datestyle = ''ISO, YMD'' set intervalstyle = ''iso_8601'' set timezone = ''UTC'' '
    'set extra_float_digits = 1 set bytea_output = ''hex'' as %L',
    watch_id, body
  );
  perform tidemark.close_functions();
end
$$;

create or replace function tidemark.attach_triggers(relation regclass, watch_id integer) returns void
language plpgsql
set search_path = ''
as $$
declare
  event text;
  referencing text;
begin
  for event, referencing in
    values
      ('insert', 'referencing new table as new_rows'),
      ('update', 'referencing old table as old_rows new table as new_rows'),
      ('delete', 'referencing old table as old_rows'),
      ('truncate', '')
  loop
    execute format(
      'create or replace trigger tidemark_%1$s after %1$s on %2$s %3$s for each statement execute function '
      'tidemark.journal_%4$s()',
      event, relation, referencing, watch_id
    );
    -- Also under session_replication_role = replica, which restores and bulk loads use.
    execute format('alter table %s enable always trigger tidemark_%s', relation, event);
  end loop;
end
$$;

-- Publication -------------------------------------------------------------------------------------------------------

-- Adds the table to Realtime's publication, where there is one and the table is not in it. A table without a replica
-- identity is left out: once published, its rows could no longer be updated or deleted.
-- Returns whether it was added.
create or replace function tidemark.publish(relation regclass) returns boolean
language plpgsql
set search_path = ''
as $$
declare
  publication oid;
begin
  select p.oid into publication
  from pg_catalog.pg_publication p
  where p.pubname = 'supabase_realtime' and not p.puballtables
    and not exists (
      select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = relation
    )
    and not exists (
      select from pg_catalog.pg_publication_namespace s
      join pg_catalog.pg_class c on c.relnamespace = s.pnnspid
      where s.pnpubid = p.oid and c.oid = relation
    );
  if not found then
    return false;
  end if;
  if exists (
    select from tidemark.members(relation) as member
    join pg_catalog.pg_class c on c.oid = member
    where c.relpersistence <> 'p'
      or c.relkind = 'r' and (
        c.relreplident = 'n'
        or c.relreplident = 'd'
          and not exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary)
      )
  ) then
    raise notice '% is not published to Realtime: it has no primary key, or is unlogged', relation;
    return false;
  end if;
  execute format('alter publication supabase_realtime add table %s', relation);
  return true;
exception when insufficient_privilege then
  raise warning '% is not published to Realtime (%): run alter publication supabase_realtime add table % as its owner',
    relation, sqlerrm, relation;
  return false;
end
$$;

-- Track and untrack -------------------------------------------------------------------------------------------------

-- Follows a table: from now on each statement that changes it leaves a row in the journal.
--   target     'schema.table', without quotes; partitions are included, and a new partition needs another call
--   key        SQL over one row, which gives the key of its cache entry: a value of any type (one part), or an array
--              (several). It must depend on the row alone. A row without a key (null) stands for every key.
--   prefixes   what the L2 keys of the regions that are fed from the table begin with, e.g. 'copilot:llm:policy'
--   namespace  which head, log and cursor they share
--   broadcast  whether each transaction also sends a hint through Realtime
-- Called again it replaces what was said before, and repairs; when nothing is to be changed, nothing is.
-- Waits for open transactions that wrote the table, and makes new ones wait meanwhile: run it with a lock_timeout.
create or replace function tidemark.track(
  target text,
  key text,
  prefixes text[] default '{}',
  namespace text default 'main',
  broadcast boolean default true
) returns void
language plpgsql
set search_path = ''
as $$
#variable_conflict use_column
declare
  relation regclass := tidemark.find_table(target);
  checked record;
  tracked tidemark.watch;
  body text;
  remaining_problem text;
begin
  perform tidemark.check_prefixes(coalesce(track.prefixes, array[null]));
  if coalesce(track.namespace !~ '^[a-z][a-z0-9_-]{0,31}$', true) then
    raise exception 'a namespace must be 1 to 32 of a-z, 0-9, "_", "-" and begin with a letter, got %',
      quote_nullable(track.namespace)
      using errcode = 'invalid_parameter_value';
  end if;
  -- One track at a time; and from the first trigger to the last no writer and no new partition.
  lock table tidemark.watch in share row exclusive mode;
  execute format('lock table %s in share row exclusive mode', relation);
  checked := tidemark.check_key(relation, track.key);

  insert into tidemark.watch as w (schema_name, table_name, key, key_columns, prefixes, namespace, broadcast)
  select
    n.nspname, c.relname, track.key, checked.key_columns, track.prefixes, track.namespace,
    coalesce(track.broadcast, true)
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.oid = relation
  on conflict (tbl) do update set
    key = excluded.key, key_columns = excluded.key_columns, prefixes = excluded.prefixes,
    namespace = excluded.namespace, broadcast = excluded.broadcast
  returning * into tracked;

  -- A new function or trigger is a new watch, on which every instance starts anew: not without need.
  body := tidemark.journal_body(tracked.tbl, checked.encoded, tracked.broadcast);
  if not exists (
    select from pg_catalog.pg_proc p
    where p.pronamespace = 'tidemark'::regnamespace and p.proname = 'journal_' || tracked.id and p.prosrc = body
  ) then
    perform tidemark.create_journal_function(tracked.id, body);
  end if;
  if exists (select from tidemark.watch_state s where s.id = tracked.id and s.problem is not null) then
    perform tidemark.attach_triggers(member, tracked.id) from tidemark.members(relation) as member;
  end if;
  select s.problem into remaining_problem from tidemark.watch_state s where s.id = tracked.id;
  if remaining_problem is not null then
    raise exception '%', remaining_problem using errcode = 'object_not_in_prerequisite_state';
  end if;

  if tidemark.publish(relation) then
    update tidemark.watch set is_published_by_track = true where id = tracked.id;
  end if;
end
$$;

-- The inverse: removes triggers, function and watch, and the table from the publication if track had added it. The
-- table itself may be gone already. Rows it left in the journal stay until they are pruned.
create or replace function tidemark.untrack(target text) returns void
language plpgsql
set search_path = ''
as $$
declare
  tracked tidemark.watch;
begin
  lock table tidemark.watch in share row exclusive mode;
  delete from tidemark.watch where tbl = target returning * into tracked;
  if not found then
    raise exception '% is not tracked', coalesce(target, 'null')
      using errcode = 'undefined_object', hint = 'The tracked tables are listed in tidemark.watch.';
  end if;
  -- Cascade, to find the triggers of detached and renamed tables too.
  execute format('drop function if exists tidemark.journal_%s() cascade', tracked.id);
  if tracked.is_published_by_track and exists (
    select from pg_catalog.pg_publication_rel r
    join pg_catalog.pg_publication p on p.oid = r.prpubid
    join pg_catalog.pg_class c on c.oid = r.prrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where p.pubname = 'supabase_realtime' and n.nspname = tracked.schema_name and c.relname = tracked.table_name
  ) then
    execute format(
      'alter publication supabase_realtime drop table %I.%I', tracked.schema_name, tracked.table_name
    );
  end if;
end
$$;

select tidemark.close_functions();
