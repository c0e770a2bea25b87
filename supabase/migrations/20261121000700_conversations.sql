-- Conversations, the paths they branch into, and their messages. Owns the three tables, their rules and who may touch
-- them. Safe to run again.

-- What the tables may hold ------------------------------------------------------------------------------------------

-- The one list of audiences.
create or replace function copilot_private.is_share_audience(audience text) returns boolean
language sql immutable strict parallel safe
return audience in ('private', 'tenant', 'public');

-- What an authorization model other than ours may say about a conversation; only the fallback is ours to read.
create or replace function copilot_private.is_authorization_spec(spec jsonb) returns boolean
language sql immutable strict parallel safe
return jsonb_typeof(spec) = 'object' and (
  not spec ? 'fallbackShareAudience'
  or jsonb_typeof(spec -> 'fallbackShareAudience') = 'string'
    and copilot_private.is_share_audience(spec ->> 'fallbackShareAudience')
);

-- A flat list of texts, none of them empty.
create or replace function copilot_private.are_names(names text[]) returns boolean
language sql immutable strict parallel safe
return coalesce(array_ndims(names), 1) = 1
  and array_position(names, null) is null and array_position(names, '') is null;

-- Conversations -----------------------------------------------------------------------------------------------------

-- The primary key is the key of the cache entry, without the tenant: the tenant is part of the row, and the reading rule
-- compares it.
create table if not exists copilot_internal.conversations (
  id text primary key default gen_random_uuid()::text,
  tenant_id text not null,
  user_id text,
  trace_id text,
  root_span_name text,
  root_span_id text,
  share_audience text not null default 'private',
  tenant_access text not null default 'view',
  authorization_model text not null default 'supabase_rbac',
  authorization_spec jsonb,
  persona_id text,
  jurisdictions text[] not null default '{}',
  title text,
  active_path_id text,
  archived_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  last_message_at timestamptz,
  -- For the foreign keys of what belongs to a conversation: it can't belong to another tenant than the conversation.
  constraint conversations_of_a_tenant unique (tenant_id, id),
  constraint conversations_id_is_an_id check (copilot_private.is_id(id)),
  constraint conversations_tenant_id_is_an_id check (copilot_private.is_id(tenant_id)),
  constraint conversations_tenant_id_is_not_global check (tenant_id <> 'global'),
  constraint conversations_user_id_is_an_id check (copilot_private.is_id(user_id)),
  constraint conversations_persona_id_is_an_id check (copilot_private.is_id(persona_id)),
  constraint conversations_updated_by_is_an_id check (copilot_private.is_id(updated_by)),
  constraint conversations_share_audience_is_known check (copilot_private.is_share_audience(share_audience)),
  constraint conversations_tenant_access_is_known check (tenant_access in ('view', 'edit')),
  constraint conversations_authorization_model_is_known check (authorization_model in ('supabase_rbac', 'openfga')),
  constraint conversations_authorization_spec_is_valid
    check (copilot_private.is_authorization_spec(authorization_spec)),
  constraint conversations_jurisdictions_are_names check (copilot_private.are_names(jurisdictions)),
  constraint conversations_title_is_not_empty check (title <> '')
);

-- Listing: newest message first, conversations without one last, and an order among those that tie.
create index if not exists conversations_by_last_message on copilot_internal.conversations (
  tenant_id, (coalesce(last_message_at, '-infinity'::timestamptz)) desc, created_at desc, (id collate "C") desc
);

-- Paths -------------------------------------------------------------------------------------------------------------

-- How many messages a path holds and how many paths branch from it is counted when somebody asks: a counter would have
-- to be right after every writer.
create table if not exists copilot_internal.conversation_paths (
  id text primary key default gen_random_uuid()::text,
  tenant_id text not null,
  conversation_id text not null,
  parent_path_id text,
  branch_point_message_id text,
  name text,
  description text,
  is_primary boolean not null default false,
  is_active boolean not null default true,
  merged_to_path_id text,
  merged_at timestamptz,
  merge_summary_message_id text,
  merge_mode text,
  -- The number of its newest message, deleted ones counted: it only grows, so that no number is given twice.
  last_sequence integer not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  constraint conversation_paths_of_a_conversation unique (conversation_id, id),
  constraint conversation_paths_conversation_exists foreign key (tenant_id, conversation_id)
    references copilot_internal.conversations (tenant_id, id) on delete cascade,
  constraint conversation_paths_parent_exists foreign key (conversation_id, parent_path_id)
    references copilot_internal.conversation_paths (conversation_id, id),
  constraint conversation_paths_merged_to_exists foreign key (conversation_id, merged_to_path_id)
    references copilot_internal.conversation_paths (conversation_id, id) on delete set null (merged_to_path_id),
  constraint conversation_paths_id_is_an_id check (copilot_private.is_id(id)),
  constraint conversation_paths_updated_by_is_an_id check (copilot_private.is_id(updated_by)),
  constraint conversation_paths_name_is_not_empty check (name <> ''),
  constraint conversation_paths_parent_is_another check (parent_path_id <> id),
  constraint conversation_paths_merged_to_is_another check (merged_to_path_id <> id),
  constraint conversation_paths_parent_and_branch_point_go_together
    check ((parent_path_id is null) = (branch_point_message_id is null)),
  constraint conversation_paths_merge_mode_is_known check (merge_mode in ('summary', 'full', 'selective')),
  constraint conversation_paths_primary_is_the_open_root
    check (not is_primary or is_active and parent_path_id is null and merged_at is null),
  constraint conversation_paths_last_sequence_is_a_count check (last_sequence >= 0)
);

create unique index if not exists conversation_paths_one_primary
on copilot_internal.conversation_paths (conversation_id) where is_primary;

create index if not exists conversation_paths_by_branch_point
on copilot_internal.conversation_paths (branch_point_message_id);

create index if not exists conversation_paths_by_parent on copilot_internal.conversation_paths (parent_path_id);

-- Messages ----------------------------------------------------------------------------------------------------------

-- Which paths branch from a message is asked of the paths, for the same reason as their counts.
create table if not exists copilot_internal.conversation_messages (
  id text primary key default gen_random_uuid()::text,
  -- The order in which they were appended; clocks may tie, or go back.
  number bigint not null generated always as identity,
  conversation_id text not null,
  path_id text not null,
  role text not null,
  content text not null,
  metadata jsonb,
  user_id text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  deleted_at timestamptz,
  sequence_in_path integer not null,
  effective_sequence integer not null,
  message_type text not null default 'standard',
  is_pinned boolean not null default false,
  pinned_at timestamptz,
  pinned_by text,
  constraint conversation_messages_of_a_conversation unique (conversation_id, id),
  constraint conversation_messages_one_per_sequence unique (path_id, sequence_in_path),
  constraint conversation_messages_path_exists foreign key (conversation_id, path_id)
    references copilot_internal.conversation_paths (conversation_id, id) on delete cascade,
  constraint conversation_messages_id_is_an_id check (copilot_private.is_id(id)),
  constraint conversation_messages_user_id_is_an_id check (copilot_private.is_id(user_id)),
  constraint conversation_messages_updated_by_is_an_id check (copilot_private.is_id(updated_by)),
  constraint conversation_messages_pinned_by_is_an_id check (copilot_private.is_id(pinned_by)),
  constraint conversation_messages_role_is_known check (role in ('user', 'assistant', 'system')),
  constraint conversation_messages_metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  constraint conversation_messages_type_is_known
    check (message_type in ('standard', 'merge_summary', 'branch_point', 'system')),
  constraint conversation_messages_sequences_are_numbers check (sequence_in_path > 0 and effective_sequence > 0),
  constraint conversation_messages_pin_is_whole
    check (is_pinned = (pinned_at is not null) and (is_pinned or pinned_by is null))
);

create index if not exists conversation_messages_in_order
on copilot_internal.conversation_messages (conversation_id, number desc) where deleted_at is null;

-- What the tables know of each other in a circle.
do $$
begin
  if not exists (select from pg_constraint where conname = 'conversations_active_path_exists') then
    alter table copilot_internal.conversations
      add constraint conversations_active_path_exists foreign key (id, active_path_id)
      references copilot_internal.conversation_paths (conversation_id, id) on delete set null (active_path_id);
  end if;
  if not exists (select from pg_constraint where conname = 'conversation_paths_branch_point_exists') then
    alter table copilot_internal.conversation_paths
      add constraint conversation_paths_branch_point_exists foreign key (conversation_id, branch_point_message_id)
      references copilot_internal.conversation_messages (conversation_id, id),
      add constraint conversation_paths_merge_summary_exists foreign key (conversation_id, merge_summary_message_id)
      references copilot_internal.conversation_messages (conversation_id, id)
      on delete set null (merge_summary_message_id);
  end if;
end
$$;

create or replace trigger stamp_row before insert or update on copilot_internal.conversations
for each row execute function copilot_private.stamp_row();

create or replace trigger stamp_row before insert or update on copilot_internal.conversation_paths
for each row execute function copilot_private.stamp_row();

create or replace trigger stamp_row before insert or update on copilot_internal.conversation_messages
for each row execute function copilot_private.stamp_row();

-- Access ------------------------------------------------------------------------------------------------------------

-- Who may read a conversation depends on its sharing, which the stores decide: nobody else gets at the tables.
select copilot_private.reserve_table('copilot_internal.conversations');
select copilot_private.reserve_table('copilot_internal.conversation_paths');
select copilot_private.reserve_table('copilot_internal.conversation_messages');

-- Coherence ---------------------------------------------------------------------------------------------------------

select tidemark.track(
  'copilot_internal.conversations', 'id', array['copilot:conv:conversation'], 'conversations'
);
