// What a Supabase database holds before the first migration: roles, schemas, the functions row level security reads the
// token with, the publication of Realtime. Written from Supabase's public documentation of these objects; what a
// migration of ours does not touch is left out. Never holds a table of Tidemark.

import { realtimeSql } from '../realtime/realtime-sql.ts';

/** Supabase's own default, printed by its CLI too: this database listens on 127.0.0.1 only. */
export const databasePassword = 'postgres';

/** The owner of the cluster. As on Supabase, `postgres` is not a superuser: a migration that needs one must fail here. */
export const superuser = 'supabase_admin';

const roles = `
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password '${databasePassword}';
create role postgres login createdb createrole replication bypassrls password '${databasePassword}';
create role supabase_auth_admin login noinherit createrole password '${databasePassword}';
create role supabase_realtime_admin nologin noinherit;
create role dashboard_user nologin createdb createrole replication;
alter role ${superuser} password '${databasePassword}';

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to postgres with admin option;
grant authenticator, supabase_realtime_admin to postgres;
grant pg_monitor, pg_read_all_data, pg_signal_backend, pg_create_subscription to postgres;
-- Supabase lets its postgres role switch triggers off for a session, without making it a superuser.
grant set on parameter session_replication_role to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';
alter role authenticator set lock_timeout = '8s';
`;

const schemas = `
alter database postgres owner to postgres;
alter database postgres set search_path = "$user", public, extensions;

create schema extensions authorization postgres;
grant usage on schema extensions to anon, authenticated, service_role;
create extension pgcrypto with schema extensions;
create extension "uuid-ossp" with schema extensions;

grant usage on schema public to postgres, anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on sequences to anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  grant all on functions to anon, authenticated, service_role;

create schema auth authorization supabase_auth_admin;
grant usage on schema auth to postgres, anon, authenticated, service_role;
grant create on database postgres to supabase_auth_admin;
alter role supabase_auth_admin set search_path = auth;
alter default privileges for role supabase_auth_admin in schema auth
  grant all on tables to postgres, dashboard_user;

create schema realtime authorization ${superuser};
grant all on schema realtime to supabase_realtime_admin with grant option;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
`;

const tokenFunctions = `
create function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')
  )::jsonb
$$;
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
  )::uuid
$$;
create function auth.role() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.role', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
  )
$$;
create function auth.email() returns text language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;
alter function auth.jwt() owner to supabase_auth_admin;
alter function auth.uid() owner to supabase_auth_admin;
alter function auth.role() owner to supabase_auth_admin;
alter function auth.email() owner to supabase_auth_admin;
`;

/** PostgREST reads its schema cache anew when it is told so; Supabase tells it after each DDL statement. */
const schemaCacheWatch = `
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
  perform pg_notify('pgrst', 'reload schema');
end
$$;
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_ddl_watch();
`;

const publication = `
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;
`;

/** Run once per template, as the superuser. */
export const bootstrapSql: string = [
  roles,
  schemas,
  tokenFunctions,
  publication,
  realtimeSql,
  schemaCacheWatch,
].join('\n');
