-- The change journal: its tables, the encoding of keys, and how a change is written. Owns the rows of
-- tidemark.change; never decides who may read them through the Data API (that is the business of the
-- public.tidemark_* functions).
--
-- The schema is exposed to nobody. Runs on any PostgreSQL from 15 on: Supabase's roles, publication and Realtime are
-- used where they exist. Safe to run again.

create schema if not exists tidemark;
revoke all on schema tidemark from public;

-- Tables ------------------------------------------------------------------------------------------------------------

-- One row per statement that changed a tracked table.
create table if not exists tidemark.change (
  id bigint generated always as identity primary key,
  -- The top-level transaction, not the subtransaction: snapshots know top-level transactions only.
  xid xid8 not null default pg_current_xact_id(),
  -- 'schema.table', without quotes.
  tbl text not null,
  -- Encoded keys, old and new ones, distinct. Null: any key of the table may have changed.
  keys text[],
  at timestamptz not null default clock_timestamp()
);
-- The only order in which the journal is read: ids and times are not handed out in the order of commits.
create index if not exists change_xid on tidemark.change (xid);

-- The watch: one row per tracked table, found again by its name, so that a table that was dropped and created anew is
-- noticed, and a restored dump works.
create table if not exists tidemark.watch (
  id integer generated always as identity primary key,
  schema_name name not null,
  table_name name not null,
  tbl text not null unique generated always as (schema_name::text || '.' || table_name::text) stored,
  -- An SQL expression over a row of the table, and the columns it read when it was checked: 'name type-oid'.
  key text not null,
  key_columns text[] not null,
  prefixes text[] not null,
  namespace text not null,
  broadcast boolean not null,
  -- Whether track added the table to the publication; if not, untrack leaves it there.
  is_published_by_track boolean not null default false
);

-- Snapshots that prune took of the past, to find one that is old enough.
create table if not exists tidemark.recorded_snapshot (
  at timestamptz primary key default clock_timestamp(),
  snapshot pg_snapshot not null
);

-- One row: all that was pruned was visible in this snapshot. Null: nothing was pruned yet.
create table if not exists tidemark.horizon (
  id boolean primary key default true check (id),
  snapshot pg_snapshot
);
insert into tidemark.horizon default values on conflict do nothing;

create sequence if not exists tidemark.generation;

-- No policies: rows are for the owner and for roles that bypass row level security.
alter table tidemark.change enable row level security;
alter table tidemark.watch enable row level security;
alter table tidemark.recorded_snapshot enable row level security;
alter table tidemark.horizon enable row level security;

-- Access ------------------------------------------------------------------------------------------------------------

do $$
begin
  -- Realtime reads the journal as the subscriber's role.
  if exists (select from pg_roles where rolname = 'service_role') then
    grant usage on schema tidemark to service_role;
    grant select on tidemark.change to service_role;
  end if;
  if exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables)
    and not exists (
      select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = 'tidemark.change'::regclass
    )
  then
    alter publication supabase_realtime add table tidemark.change;
  end if;
end
$$;

-- Supabase grants every new function in public to every API role; an rpc of ours is for the sidecar alone.
create or replace function tidemark.grant_to_sidecar(rpc regprocedure) returns void
language plpgsql
set search_path = ''
as $$
declare
  api_role name;
begin
  execute format('revoke all on function %s from public', rpc);
  for api_role in select rolname from pg_catalog.pg_roles where rolname in ('anon', 'authenticated') loop
    execute format('revoke all on function %s from %I', rpc, api_role);
  end loop;
  if exists (select from pg_catalog.pg_roles where rolname = 'service_role') then
    execute format('grant execute on function %s to service_role', rpc);
  end if;
end
$$;

-- Functions are executable by everybody unless that is taken back. Only where it was not: a REVOKE writes the catalog
-- row also if nothing changes, and a trigger function that was written anew is a new watch.
create or replace function tidemark.close_functions() returns void
language plpgsql
set search_path = ''
as $$
declare
  open_function regprocedure;
begin
  for open_function in
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'tidemark'::regnamespace and has_function_privilege('public', p.oid, 'execute')
  loop
    execute format('revoke all on function %s from public', open_function);
  end loop;
end
$$;

-- Keys --------------------------------------------------------------------------------------------------------------

-- The same text as encodeKey in packages/protocol makes: the separator is encoded inside parts, so that no two tuples
-- collide.
create or replace function tidemark.encode_key(part text) returns text
language sql immutable strict parallel safe
return replace(replace(part, '%', '%25'), ':', '%3A');

-- A tuple with a null part, or without parts, has no key: null.
create or replace function tidemark.encode_key(parts text[]) returns text
language plpgsql immutable strict parallel safe
as $$
declare
  part text;
  encoded text;
begin
  foreach part in array parts loop
    if part is null then
      return null;
    end if;
    part := pg_catalog.replace(pg_catalog.replace(part, '%', '%25'), ':', '%3A');
    encoded := case when encoded is null then part else encoded || ':' || part end;
  end loop;
  return encoded;
end
$$;

-- Writing -----------------------------------------------------------------------------------------------------------

-- Tells Realtime that a table changes, so that a round starts at once. Once per table and transaction: the messages
-- of a transaction arrive together, at its commit, and each one costs a row, a subtransaction and a part of the rate
-- that Realtime allows. The flag is a transaction-local setting, which a rollback to a savepoint takes back together
-- with the message. A hint proves nothing, so whatever fails here must not fail the statement that changed the table.
create or replace function tidemark.send_hint(tbl text) returns void
language plpgsql
set search_path = ''
as $$
declare
  flag constant text := 'tidemark.hinted_' || md5(tbl);
begin
  if current_setting(flag, true) = 'yes' then
    return;
  end if;
  perform set_config(flag, 'yes', true);
  begin
    if to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null then
      -- Table and transaction, by which a round recognises what was announced, and nothing else: who may listen to the
      -- topic is not ours to say.
      perform realtime.send(
        jsonb_build_object('table', tbl, 'xid', pg_current_xact_id()::text), 'change', 'tidemark', true
      );
    end if;
  exception when others then
    raise warning 'tidemark: the hint for % was not sent: %', tbl, sqlerrm;
  end;
end
$$;

-- The one place where rows enter the journal. A null among the keys, or more than 1,000 of them, names the whole
-- table: a record must stay cheap to apply and to search. No keys, no row.
create or replace function tidemark.add_change(tbl text, keys text[], broadcast boolean) returns void
language plpgsql
set search_path = ''
as $$
begin
  if cardinality(keys) = 0 then
    return;
  end if;
  insert into tidemark.change (tbl, keys)
  values (
    add_change.tbl,
    case when cardinality(add_change.keys) <= 1000 and array_position(add_change.keys, null) is null
      then add_change.keys end
  );
  if broadcast then
    perform tidemark.send_hint(tbl);
  end if;
end
$$;

select tidemark.close_functions();
