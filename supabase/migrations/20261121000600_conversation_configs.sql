-- How conversations are merged, cut and compacted: one row for everybody, one per tenant, one per user. Owns the table,
-- its rules, who may see it, and what applies to a user in the end. Safe to run again.

-- Who asks ----------------------------------------------------------------------------------------------------------

-- The user of the token. Null without one, and then no user's row is theirs.
create or replace function copilot_private.token_user_id() returns text
language sql stable
set search_path = ''
return nullif(auth.jwt() ->> 'sub', '');
revoke all on function copilot_private.token_user_id() from public;
grant execute on function copilot_private.token_user_id() to authenticated, service_role;

-- Levels ------------------------------------------------------------------------------------------------------------

-- The key of a level's row and of its cache entry: `global`, `{tenant}` or `{tenant}:{user}`, encoded as every key is.
-- Runs as its owner, because those who write a row may not call the functions of the journal.
create or replace function copilot_private.config_scope_key(tenant_id text, user_id text) returns text
language sql immutable parallel safe security definer
set search_path = ''
return case
  when tenant_id is null then 'global'
  when user_id is null then tidemark.encode_key(tenant_id)
  else tidemark.encode_key(array[tenant_id, user_id])
end;
revoke all on function copilot_private.config_scope_key(text, text) from public;
grant execute on function copilot_private.config_scope_key(text, text) to authenticated, service_role;

create or replace function copilot_private.fill_scope_key() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.scope_key := copilot_private.config_scope_key(new.tenant_id, new.user_id);
  return new;
end
$$;
revoke all on function copilot_private.fill_scope_key() from public;

-- The table ---------------------------------------------------------------------------------------------------------

-- A column is null where its level has no word; then the next wider level counts.
-- scope_key is filled by a trigger and held by a CHECK. A generated column would be left out of the change stream, so
-- that a DELETE seen there would name no key at all; and from PostgreSQL 18 on a published table whose primary key is
-- generated refuses every UPDATE and DELETE.
create table if not exists copilot_internal.conversation_configs (
  scope_key text primary key,
  tenant_id text,
  user_id text,
  merge_compression_strategy text,
  merge_max_messages integer,
  merge_preserve_pinned boolean,
  path_compression_strategy text,
  path_max_messages integer,
  path_sliding_window_size integer,
  path_compression_threshold double precision,
  auto_compact_enabled boolean,
  compaction_interval_minutes integer,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  constraint conversation_configs_scope_key_is_of_its_level
    check (scope_key = copilot_private.config_scope_key(tenant_id, user_id)),
  constraint conversation_configs_tenant_id_is_an_id check (copilot_private.is_id(tenant_id)),
  constraint conversation_configs_tenant_id_is_not_global check (tenant_id <> 'global'),
  constraint conversation_configs_user_id_is_an_id check (copilot_private.is_id(user_id)),
  constraint conversation_configs_user_has_a_tenant check (user_id is null or tenant_id is not null),
  constraint conversation_configs_merge_compression_strategy_is_known
    check (merge_compression_strategy in ('none', 'minimal', 'moderate', 'aggressive')),
  constraint conversation_configs_merge_max_messages_is_positive check (merge_max_messages > 0),
  constraint conversation_configs_path_compression_strategy_is_known
    check (path_compression_strategy in ('none', 'sliding_window', 'semantic', 'hybrid')),
  constraint conversation_configs_path_max_messages_is_positive check (path_max_messages > 0),
  constraint conversation_configs_path_sliding_window_size_is_positive check (path_sliding_window_size > 0),
  constraint conversation_configs_path_compression_threshold_is_a_share
    check (path_compression_threshold between 0 and 1),
  constraint conversation_configs_compaction_interval_minutes_is_positive check (compaction_interval_minutes > 0),
  constraint conversation_configs_updated_by_is_an_id check (copilot_private.is_id(updated_by))
);

create or replace trigger fill_scope_key before insert or update on copilot_internal.conversation_configs
for each row execute function copilot_private.fill_scope_key();

create or replace trigger stamp_row before insert or update on copilot_internal.conversation_configs
for each row execute function copilot_private.stamp_row();

-- What applies ------------------------------------------------------------------------------------------------------

-- The config of a user (user_id null: of a tenant; both null: of everybody), field by field from the narrowest level
-- that has a word on it, else the default. Level, scope and stamp are those of the narrowest row there is.
create or replace function copilot_internal.effective_config(tenant_id text, user_id text default null)
returns table (
  merge_compression_strategy text,
  merge_max_messages integer,
  merge_preserve_pinned boolean,
  path_compression_strategy text,
  path_max_messages integer,
  path_sliding_window_size integer,
  path_compression_threshold double precision,
  auto_compact_enabled boolean,
  compaction_interval_minutes integer,
  config_level text,
  config_scope text,
  updated_at timestamptz,
  updated_by text
)
language sql stable
set search_path = ''
begin atomic
  select
    coalesce(u.merge_compression_strategy, t.merge_compression_strategy, g.merge_compression_strategy, 'moderate'),
    coalesce(u.merge_max_messages, t.merge_max_messages, g.merge_max_messages, 100),
    coalesce(u.merge_preserve_pinned, t.merge_preserve_pinned, g.merge_preserve_pinned, true),
    coalesce(u.path_compression_strategy, t.path_compression_strategy, g.path_compression_strategy, 'sliding_window'),
    coalesce(u.path_max_messages, t.path_max_messages, g.path_max_messages, 200),
    coalesce(u.path_sliding_window_size, t.path_sliding_window_size, g.path_sliding_window_size, 50),
    coalesce(u.path_compression_threshold, t.path_compression_threshold, g.path_compression_threshold, 0.85),
    coalesce(u.auto_compact_enabled, t.auto_compact_enabled, g.auto_compact_enabled, true),
    coalesce(u.compaction_interval_minutes, t.compaction_interval_minutes, g.compaction_interval_minutes, 60),
    case when u.scope_key is not null then 'user' when t.scope_key is not null then 'tenant' else 'global' end,
    coalesce(u.user_id, t.tenant_id, 'global'),
    case
      when u.scope_key is not null then u.updated_at
      when t.scope_key is not null then t.updated_at
      else coalesce(g.updated_at, to_timestamp(0))
    end,
    case
      when u.scope_key is not null then u.updated_by
      when t.scope_key is not null then t.updated_by
      else g.updated_by
    end
  from (select) as asked
  left join copilot_internal.conversation_configs g on g.scope_key = 'global'
  left join copilot_internal.conversation_configs t
    on t.scope_key = copilot_private.config_scope_key(effective_config.tenant_id, null) and t.tenant_id is not null
  left join copilot_internal.conversation_configs u
    on u.scope_key = copilot_private.config_scope_key(effective_config.tenant_id, effective_config.user_id)
    and u.user_id is not null;
end;

-- Access ------------------------------------------------------------------------------------------------------------

-- For others it would answer with what they may see of the levels, which need not be what applies.
select copilot_private.reserve_functions(array['copilot_internal.effective_config(text, text)'::regprocedure]);

select copilot_private.reserve_table('copilot_internal.conversation_configs');
grant select, insert, update, delete on copilot_internal.conversation_configs to authenticated;

-- The sub-selects make tenant and user constants of the statement, not calls per row. Without a tenant nothing applies to
-- anybody, so that the row for everybody is closed to a token without one too.
drop policy if exists users_read_what_applies_to_them on copilot_internal.conversation_configs;
create policy users_read_what_applies_to_them on copilot_internal.conversation_configs
for select to authenticated using (
  tenant_id is null and (select copilot_private.token_tenant_id()) is not null
  or tenant_id = (select copilot_private.token_tenant_id())
    and (user_id is null or user_id = (select copilot_private.token_user_id()))
);

drop policy if exists users_write_their_own on copilot_internal.conversation_configs;
create policy users_write_their_own on copilot_internal.conversation_configs
for all to authenticated
using (
  tenant_id = (select copilot_private.token_tenant_id()) and user_id = (select copilot_private.token_user_id())
)
with check (
  tenant_id = (select copilot_private.token_tenant_id()) and user_id = (select copilot_private.token_user_id())
);

-- Coherence ---------------------------------------------------------------------------------------------------------

-- The parts of the key and not scope_key, which is encoded already: the journal would encode it once more.
select tidemark.track(
  'copilot_internal.conversation_configs',
  'case when tenant_id is null then array[''global''] when user_id is null then array[tenant_id] '
  'else array[tenant_id, user_id] end',
  array['copilot:conv:config']
);
