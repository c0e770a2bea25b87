-- The other rpcs of the sidecar: a change by hand, the next generation, a prefix, pruning. Owns nothing but the
-- calls. Safe to run again.

-- Journals a change by hand, as reliable as one that a trigger wrote.
--   target  a tracked table, 'schema.table'
--   keys    encoded as tidemark.encode_key does; null: the whole table
create or replace function public.tidemark_invalidate(target text, keys text[] default null) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  tracked tidemark.watch;
begin
  select w.* into tracked from tidemark.watch w where w.tbl = target;
  if not found then
    raise exception '% is not tracked', coalesce(target, 'null')
      using errcode = 'undefined_object', hint = 'Track the table in a migration: select tidemark.track(...).';
  end if;
  perform tidemark.add_change(
    tracked.tbl,
    -- No keys is no change; no array is the whole table.
    case when keys is null then array[null] else array(select distinct k from unnest(keys) as k) end,
    tracked.broadcast
  );
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_invalidate(text, text[])');

-- A number greater than at_least and than every number given before, whatever was rolled back or crashed in between.
-- nextval alone would not do: it logs 32 numbers ahead and a crash may hand out one of them again, and a commit with
-- synchronous_commit = off is not on disk when it is acknowledged. setval logs each time; the lock, which is held
-- until the commit is on disk, orders the callers.
create or replace function public.tidemark_next_generation(at_least bigint default 0) returns bigint
language plpgsql security definer
set search_path = ''
as $$
begin
  if current_setting('synchronous_commit') in ('off', 'local') then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform pg_advisory_xact_lock(hashtextextended('tidemark.generation', 0));
  return setval('tidemark.generation', greatest((select last_value from tidemark.generation), at_least) + 1);
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_next_generation(bigint)');

-- Adds what the L2 keys of one more region begin with that is fed from the table. Nothing happens if it is there.
create or replace function public.tidemark_add_prefix(target text, prefix text) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  known text[];
begin
  -- In the order of track: a row lock first and the table lock later would be a deadlock with it.
  lock table tidemark.watch in row exclusive mode;
  select w.prefixes into known from tidemark.watch w where w.tbl = target for update;
  if not found then
    raise exception '% is not tracked', coalesce(target, 'null')
      using errcode = 'undefined_object', hint = 'Track the table in a migration: select tidemark.track(...).';
  end if;
  if prefix = any (known) then
    return;
  end if;
  perform tidemark.check_prefixes(known || prefix);
  update tidemark.watch set prefixes = known || prefix where tbl = target;
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_add_prefix(text, text)');

-- Records that mean nothing here: of a clock that was set back since, and of another server, whose dump was restored
-- into this one. A horizon from the future would end every lease for ever, and rows from the future would count as
-- changes once more when their transaction ids come up here.
create or replace function tidemark.forget_other_history() returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from tidemark.recorded_snapshot
  where at > clock_timestamp() or not tidemark.contains(pg_current_snapshot(), snapshot);
  update tidemark.horizon set snapshot = null where not tidemark.contains(pg_current_snapshot(), snapshot);
  -- Visible to this statement, yet not in its snapshot: no transaction of this server wrote that, except the present
  -- one.
  delete from tidemark.change
  where xid >= pg_snapshot_xmin(pg_current_snapshot())
    and not pg_visible_in_snapshot(xid, pg_current_snapshot())
    and xid is distinct from pg_current_xact_id_if_assigned();
end
$$;

-- Removes journal rows that every reader has seen whose cursor is younger than `keep`, at most 50,000 in one call,
-- and returns how many. Age alone would delete rows of long transactions before anybody could read them: so a row
-- goes when it was visible in a snapshot that was recorded at least `keep` ago, and that snapshot becomes the
-- horizon, which changes_since compares cursors with.
create or replace function public.tidemark_prune(keep interval default '1 hour') returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
  max_rows constant integer := 50000;
  -- So many snapshots at most are recorded per `keep`, however often this is called.
  records_per_keep constant integer := 60;
  -- Taken before this transaction has an id: its snapshot would not list it as running.
  present constant pg_snapshot := pg_current_snapshot();
  old_enough timestamptz;
  chosen pg_snapshot;
  removed bigint;
begin
  if keep is null or keep < interval '0' then
    raise exception 'keep must be an interval of at least 0, got %', coalesce(keep::text, 'null')
      using errcode = 'invalid_parameter_value';
  end if;
  -- One at a time: two that delete the same rows in another order would block each other.
  perform from tidemark.horizon for update;
  perform tidemark.forget_other_history();
  insert into tidemark.recorded_snapshot (snapshot)
  select present
  where not exists (
    select from tidemark.recorded_snapshot r where r.at > clock_timestamp() - keep / records_per_keep
  )
  on conflict do nothing;

  old_enough := clock_timestamp() - keep;
  select r.snapshot into chosen
  from tidemark.recorded_snapshot r where r.at <= old_enough order by r.at desc limit 1;
  if not found then
    return 0;
  end if;
  delete from tidemark.recorded_snapshot r
  where r.at < (select max(n.at) from tidemark.recorded_snapshot n where n.at <= old_enough);
  update tidemark.horizon set snapshot = chosen
  where snapshot is null or tidemark.contains(chosen, snapshot);

  delete from tidemark.change c
  where c.id in (
    select o.id from tidemark.change o
    where o.xid < pg_snapshot_xmax(chosen) and pg_visible_in_snapshot(o.xid, chosen)
    order by o.xid
    limit max_rows
  );
  get diagnostics removed = row_count;
  return removed;
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_prune(interval)');

select tidemark.close_functions();
