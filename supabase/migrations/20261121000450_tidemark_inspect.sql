-- What `tidemark doctor` asks about the project: publication, grants, columns, row level security. Owns the question;
-- judges nothing, changes nothing. Whether triggers are whole is told by tidemark.watch_state. Safe to run again.

-- The publication that postgres_changes reads.
create or replace function tidemark.is_published(relation oid) returns boolean
language sql stable
set search_path = ''
return exists (
  select
  from pg_catalog.pg_publication p
  join pg_catalog.pg_class c on c.oid = relation
  where p.pubname = 'supabase_realtime'
    and (
      p.puballtables
      or exists (select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and r.prrelid = relation)
      or exists (
        select from pg_catalog.pg_publication_namespace s where s.pnpubid = p.oid and s.pnnspid = c.relnamespace
      )
    )
);

-- Which of the roles of the Data API that exist here may do it.
create or replace function tidemark.roles_that_may_read(relation oid) returns jsonb
language sql stable
set search_path = ''
return (
  select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]')
  from pg_catalog.pg_roles r
  join pg_catalog.pg_class c on c.oid = relation
  where r.rolname in ('anon', 'authenticated', 'service_role')
    and has_schema_privilege(r.oid, c.relnamespace, 'usage') and has_table_privilege(r.oid, relation, 'select')
);

create or replace function tidemark.roles_that_may_call(rpc oid) returns jsonb
language sql stable
set search_path = ''
return (
  select coalesce(jsonb_agg(r.rolname order by r.rolname), '[]')
  from pg_catalog.pg_roles r
  where r.rolname in ('anon', 'authenticated', 'service_role') and has_function_privilege(r.oid, rpc, 'execute')
);

create or replace function tidemark.inspect_table(relation oid) returns jsonb
language sql stable
set search_path = ''
return (
  select jsonb_build_object(
    'columns', (
      select coalesce(jsonb_agg(a.attname order by a.attnum), '[]')
      from pg_catalog.pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ),
    'hasPrimaryKey', exists (
      select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary
    ),
    'replicaIdentity', c.relreplident,
    'isPublished', tidemark.is_published(c.oid),
    'hasRowSecurity', c.relrowsecurity,
    'readers', tidemark.roles_that_may_read(c.oid)
  )
  from pg_catalog.pg_class c where c.oid = relation
);

-- Of the tracked tables, and of others that are named; a table that does not exist is left out.
create or replace function public.tidemark_inspect(targets text[] default '{}') returns jsonb
language sql stable security definer
set search_path = ''
return jsonb_build_object(
  'hasPublication', exists (select from pg_catalog.pg_publication p where p.pubname = 'supabase_realtime'),
  'sendsBroadcasts', to_regprocedure('realtime.send(jsonb,text,text,boolean)') is not null,
  'journal', tidemark.inspect_table('tidemark.change'::regclass),
  'rpcs', (
    select jsonb_object_agg(p.oid::regprocedure::text, tidemark.roles_that_may_call(p.oid))
    from pg_catalog.pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname like 'tidemark\_%'
  ),
  'tables', (
    select coalesce(jsonb_object_agg(n.nspname || '.' || c.relname, tidemark.inspect_table(c.oid)), '{}')
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p')
      and (
        n.nspname || '.' || c.relname = any (targets)
        or exists (
          select from tidemark.watch w where w.schema_name = n.nspname and w.table_name = c.relname
        )
      )
  )
);
select tidemark.grant_to_sidecar('public.tidemark_inspect(text[])');

select tidemark.close_functions();
