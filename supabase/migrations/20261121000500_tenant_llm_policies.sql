-- The LLM policy of each tenant: which model and provider, and what may leave the building. Owns the table, its rules
-- and who may see it. Safe to run again.

create schema if not exists copilot_internal;
-- For what policies need and nobody may call: not among the schemas of the Data API.
create schema if not exists copilot_private;
revoke all on schema copilot_internal, copilot_private from public;
grant usage on schema copilot_internal to authenticated, service_role;

-- Who asks ----------------------------------------------------------------------------------------------------------

-- The tenant of the token: its claim tenant_id, else the one in app_metadata. Never user_metadata, which users write
-- themselves. Null without either, and then no row is theirs.
create or replace function copilot_private.token_tenant_id() returns text
language sql stable
set search_path = ''
return (
  select coalesce(
    nullif(token.claims ->> 'tenant_id', ''),
    nullif(token.claims -> 'app_metadata' ->> 'tenant_id', '')
  )
  from (select auth.jwt()) as token (claims)
);
revoke all on function copilot_private.token_tenant_id() from public;
grant execute on function copilot_private.token_tenant_id() to authenticated, service_role;

-- For tables with created_at, updated_at and updated_by. created_at survives an upsert that replaces the whole row; a
-- user of the token can't be given another name, and without a user (service_role) the statement says who it was.
create or replace function copilot_private.stamp_row() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.created_at := case when tg_op = 'INSERT' then clock_timestamp() else old.created_at end;
  new.updated_at := clock_timestamp();
  new.updated_by := coalesce(nullif(auth.jwt() ->> 'sub', ''), new.updated_by);
  return new;
end
$$;
revoke all on function copilot_private.stamp_row() from public;

-- Who may do what by default ----------------------------------------------------------------------------------------

-- A table is service_role's alone until a grant and a policy open it further. A policy grants nothing, and a grant shows
-- no row: it takes both.
create or replace function copilot_private.reserve_table(reserved regclass) returns void
language plpgsql
set search_path = ''
as $$
begin
  execute format('alter table %s enable row level security', reserved);
  execute format('revoke all on %s from public, anon, authenticated', reserved);
  execute format('grant all on %s to service_role', reserved);
  execute format('drop policy if exists service_role_does_everything on %s', reserved);
  execute format(
    'create policy service_role_does_everything on %s for all to service_role using (true) with check (true)', reserved
  );
end
$$;
revoke all on function copilot_private.reserve_table(regclass) from public;

-- PostgreSQL lets everybody call a new function, and Supabase says so again for its roles.
create or replace function copilot_private.reserve_functions(reserved regprocedure[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  signature regprocedure;
begin
  foreach signature in array reserved loop
    execute format('revoke all on function %s from public, anon, authenticated', signature);
    execute format('grant execute on function %s to service_role', signature);
  end loop;
end
$$;
revoke all on function copilot_private.reserve_functions(regprocedure[]) from public;

-- What a policy may hold --------------------------------------------------------------------------------------------

-- Ids are text (a tenant may be called test-tenant); `global` is the name of the level above all tenants.
create or replace function copilot_private.is_id(id text) returns boolean
language sql immutable strict parallel safe
return char_length(id) between 1 and 200;

-- The one list of egress modes.
create or replace function copilot_private.is_egress_mode(mode text) returns boolean
language sql immutable strict parallel safe
return mode in ('off', 'audit', 'enforce');

-- Whether it is an object without unknown fields: a misspelt field must not silently be no rule.
create or replace function copilot_private.has_only(entry jsonb, fields text[]) returns boolean
language sql immutable strict parallel safe
return jsonb_typeof(entry) = 'object' and entry - fields = '{}';

create or replace function copilot_private.are_llm_tasks(tasks jsonb) returns boolean
language sql immutable parallel safe
return jsonb_typeof(tasks) = 'array' and not exists (
  select from jsonb_array_elements(case when jsonb_typeof(tasks) = 'array' then tasks else '[]' end) as entry
  where (
    copilot_private.has_only(entry, array['task', 'model', 'provider', 'temperature', 'maxTokens'])
    and jsonb_typeof(entry -> 'task') = 'string' and entry ->> 'task' <> ''
    and jsonb_typeof(entry -> 'model') = 'string' and entry ->> 'model' <> ''
    and jsonb_typeof(entry -> 'provider') = 'string' and entry ->> 'provider' <> ''
    and (
      not entry ? 'temperature'
      or jsonb_path_exists(entry, 'strict $.temperature ? (@.type() == "number" && @ >= 0)')
    )
    and (
      not entry ? 'maxTokens'
      -- Up to what a JavaScript number can count to.
      or jsonb_path_exists(
        entry, 'strict $.maxTokens ? (@.type() == "number" && @ >= 1 && @ <= 9007199254740991 && @.floor() == @)'
      )
    )
  ) is not true
);

create or replace function copilot_private.are_user_policies(policies jsonb) returns boolean
language sql immutable parallel safe
return jsonb_typeof(policies) = 'object' and not exists (
  select from jsonb_each(case when jsonb_typeof(policies) = 'object' then policies else '{}' end)
    as policy (user_id, entry)
  where (
    -- JavaScript would lose a rule of that name.
    copilot_private.is_id(user_id) and user_id <> '__proto__'
    and copilot_private.has_only(entry, array['egressMode', 'allowOffMode'])
    and (
      not entry ? 'egressMode'
      or jsonb_typeof(entry -> 'egressMode') = 'string' and copilot_private.is_egress_mode(entry ->> 'egressMode')
    )
    and (not entry ? 'allowOffMode' or jsonb_typeof(entry -> 'allowOffMode') = 'boolean')
  ) is not true
);

-- The table ---------------------------------------------------------------------------------------------------------

-- The primary key is the key of the cache entry: a DELETE seen through Realtime under row level security carries
-- nothing else.
create table if not exists copilot_internal.tenant_llm_policies (
  tenant_id text primary key,
  default_model text not null,
  default_provider text not null,
  allow_remote_egress boolean not null default true,
  egress_mode text,
  allow_off_mode boolean,
  tasks jsonb not null default '[]',
  user_policies jsonb,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  constraint tenant_llm_policies_tenant_id_is_an_id check (copilot_private.is_id(tenant_id)),
  constraint tenant_llm_policies_tenant_id_is_not_global check (tenant_id <> 'global'),
  constraint tenant_llm_policies_default_model_is_not_empty check (default_model <> ''),
  constraint tenant_llm_policies_default_provider_is_not_empty check (default_provider <> ''),
  constraint tenant_llm_policies_egress_mode_is_known check (copilot_private.is_egress_mode(egress_mode)),
  constraint tenant_llm_policies_tasks_are_valid check (copilot_private.are_llm_tasks(tasks)),
  constraint tenant_llm_policies_user_policies_are_valid check (copilot_private.are_user_policies(user_policies)),
  constraint tenant_llm_policies_updated_by_is_an_id check (copilot_private.is_id(updated_by))
);

create or replace trigger stamp_row before insert or update on copilot_internal.tenant_llm_policies
for each row execute function copilot_private.stamp_row();

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_table('copilot_internal.tenant_llm_policies');
grant select on copilot_internal.tenant_llm_policies to authenticated;

-- The sub-select makes the tenant a constant of the statement, not a call per row.
drop policy if exists tenants_read_their_own on copilot_internal.tenant_llm_policies;
create policy tenants_read_their_own on copilot_internal.tenant_llm_policies
for select to authenticated using (tenant_id = (select copilot_private.token_tenant_id()));

-- Coherence ---------------------------------------------------------------------------------------------------------

select tidemark.track('copilot_internal.tenant_llm_policies', 'tenant_id', array['copilot:llm:policy']);
