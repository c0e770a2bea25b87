-- The rpcs that read the journal: of a round, what changed since a snapshot, and whether that is the whole truth; of a
-- glance, what changed, and nothing more. They only read. Safe to run again.

-- Whether all that is visible in one snapshot is visible in the other. Snapshots of one server always are in this
-- order; after lost commits, or on another server, they are not.
--
-- In plpgsql, which keeps its plans, and with the ordinary case first, which needs none: this is asked twice in every
-- read, and as an SQL function was a sixth of what one cost.
create or replace function tidemark.contains(present pg_snapshot, past pg_snapshot) returns boolean
language plpgsql immutable strict parallel safe
as $$
begin
  -- All that was begun before the past one was taken has ended.
  if pg_snapshot_xmin(present) >= pg_snapshot_xmax(past) then
    return true;
  end if;
  return pg_snapshot_xmax(present) >= pg_snapshot_xmax(past)
    and not exists (
      select from pg_snapshot_xip(present) as unfinished where pg_visible_in_snapshot(unfinished, past)
    );
end
$$;

-- What tells servers and their lives apart. In microseconds, as text: a number that long may be rounded in JSON.
create or replace function tidemark.server_life() returns jsonb
language sql stable
return jsonb_build_object(
  'startedAt', (extract(epoch from pg_postmaster_start_time()) * 1000000)::bigint::text,
  -- When a backend dies, all others are ended and the log is recovered under the same postmaster, with the same start
  -- time; transaction ids that were never flushed are then given out again, and what they commit would be taken for
  -- known. Each recovery empties the statistics, and they say when. Who resets them by hand costs one new generation.
  'recoveredAt', (extract(epoch from pg_stat_get_bgwriter_stat_reset_time()) * 1000000)::bigint::text
);

-- Who answers. A snapshot means something on the server that made it only, and only until commits are lost.
create or replace function tidemark.server_identity() returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  is_in_recovery constant boolean := pg_is_in_recovery();
  system_id text;
  timeline bigint;
begin
  -- Some platforms keep the control file to superusers. The start time alone already tells servers and their lives
  -- apart.
  if has_function_privilege('pg_catalog.pg_control_system()', 'execute') then
    select c.system_identifier::text into system_id from pg_control_system() c;
  end if;
  -- From the WAL, not from pg_control_checkpoint(), which names the old timeline until the checkpoint after a
  -- promotion.
  if not is_in_recovery then
    timeline := ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint;
  end if;
  return tidemark.server_life()
    || jsonb_build_object('recovery', is_in_recovery, 'systemId', system_id, 'timeline', timeline);
end
$$;

-- Every change that is visible now and was not visible in a snapshot, one entry per table. More than 1,000 keys name
-- the whole table, as in the journal. And which transactions they come from: table, transaction, and how many
-- milliseconds ago it wrote its last row of the table, on this server's clock; the 1,000 newest. With these an
-- announcement of Realtime is matched with its change; nothing that is proved rests on them.
--
-- Only transactions that were not finished in `prev` can have become visible since: those from its xmax on, and those
-- it lists as running. The ones that still run are left out, so that a long transaction costs nothing, however much
-- it has written; and no minimum is ever waited for, so that it holds nothing up.
create or replace function tidemark.changes_between(prev pg_snapshot, present pg_snapshot) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  finished xid8[] := '{}';
begin
  -- None was running: the ordinary case.
  if pg_snapshot_xmin(prev) < pg_snapshot_xmax(prev) then
    finished := array(select x from pg_snapshot_xip(prev) as x where pg_visible_in_snapshot(x, present));
  end if;
  return (
    with found as (
      select c.tbl, c.keys, c.xid, c.at from tidemark.change c
      where c.xid >= pg_snapshot_xmax(prev) and c.xid < pg_snapshot_xmax(present)
      union all
      select c.tbl, c.keys, c.xid, c.at from tidemark.change c
      where c.xid = any (finished)
    ),
    changed as (
      select f.tbl, array_agg(distinct k) as keys, bool_or(f.keys is null) as is_whole
      from found f
      left join lateral unnest(f.keys) as k on true
      group by f.tbl
    ),
    committed as (
      select f.tbl, f.xid, max(f.at) as at from found f group by f.tbl, f.xid order by f.xid desc limit 1000
    )
    select jsonb_build_object(
      'changes', (
        select coalesce(
          jsonb_agg(
            jsonb_build_object('table', tbl, 'keys', case when not is_whole and cardinality(keys) <= 1000 then keys end)
            order by tbl
          ),
          '[]'
        )
        from changed
      ),
      'transactions', (
        select coalesce(
          jsonb_agg(
            jsonb_build_array(tbl, xid::text, round(extract(epoch from clock_timestamp() - at) * 1000, 3))
            order by xid, tbl
          ),
          '[]'
        )
        from committed
      )
    )
  );
end
$$;

-- What both rpcs read, with the snapshot to go on from, and whether it can be gone on from `past`. Stable, because a
-- stable function runs all its queries in the snapshot of the statement that calls it: the returned snapshot, the
-- journal, the pruning horizon and the catalogs behind the watch are of one moment. A volatile one would take a new
-- snapshot for each, and a change between two of them would be lost.
create or replace function tidemark.journal_since(past pg_snapshot) returns jsonb
language plpgsql stable
as $$
declare
  present constant pg_snapshot := pg_current_snapshot();
  horizon pg_snapshot;
begin
  if pg_current_xact_id_if_assigned() is not null then
    -- A snapshot does not list its own transaction as running: what this one writes later would never be found.
    raise exception 'the journal was read in a transaction that has written'
      using errcode = 'active_sql_transaction', hint = 'Read it in a transaction of its own.';
  end if;
  select h.snapshot into horizon from tidemark.horizon h;
  return jsonb_build_object(
    'snapshot', present::text,
    'wentBack', not coalesce(tidemark.contains(present, past), true),
    'pruned', not coalesce(tidemark.contains(past, horizon), true)
  ) || case
    when past is null then '{"changes": [], "transactions": []}'
    else tidemark.changes_between(past, present)
  end;
end
$$;

-- What a round reads.
--   prev         the snapshot to go on from; null asks only where the present is
--   known_watch  the watchHash of the caller; the watch itself is sent when it is another one
--
-- The settings make the cost of a call the same from the first to the last: plans are made once per session, for
-- unknown parameters, and then neither a missing statistic nor a journal that has grown since may lead to a scan of
-- all of it, or to starting workers, which takes ten times as long as the search. (A planner that is not allowed to
-- scan tables thinks everything expensive, hence no compiling.)
create or replace function public.tidemark_changes_since(prev text default null, known_watch text default null)
returns jsonb
language plpgsql stable security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
declare
  watch jsonb;
  watch_hash text;
begin
  select md5(coalesce(string_agg(w.facts, e'\n\n' order by w.tbl), '')) into watch_hash
  from tidemark.watch_state w;
  -- Spelt out only for who does not know it: that is a third of what a round would cost.
  if watch_hash is distinct from known_watch then
    select
      coalesce(
        jsonb_object_agg(
          w.tbl,
          jsonb_build_object('namespace', w.namespace, 'prefixes', w.prefixes, 'problem', w.problem, 'key', w.key)
            -- Said only where it is unusual: nobody waits for the hints of such a table.
            || case when w.broadcast then '{}'::jsonb else '{"broadcast": false}' end
        ),
        '{}'
      )
      into watch
    from tidemark.watch_state w;
  end if;
  return tidemark.journal_since(prev::pg_snapshot)
    || jsonb_build_object('server', tidemark.server_identity(), 'watchHash', watch_hash, 'watch', watch);
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_changes_since(text, text)');

-- What a glance reads: all but the watch, which is most of what a round costs here. Without it nobody can know whether
-- these are all changes: they may be published, and prove nothing, until a round finds the watch of before. Of the
-- server only its life is told: the rest is read from a file.
create or replace function public.tidemark_glance(prev text) returns jsonb
language plpgsql stable security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set max_parallel_workers_per_gather = 0
set jit = off
as $$
begin
  return tidemark.journal_since(prev::pg_snapshot)
    || jsonb_build_object(
      'server', tidemark.server_life() || jsonb_build_object('recovery', pg_is_in_recovery())
    );
end
$$;
select tidemark.grant_to_sidecar('public.tidemark_glance(text)');

select tidemark.close_functions();
