-- Conversations, the paths they branch into, and their messages. Owns the three tables, their rules and who may touch
-- them, and the writes that take more than one statement. Safe to run again.

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
alter table copilot_internal.conversations enable row level security;
alter table copilot_internal.conversation_paths enable row level security;
alter table copilot_internal.conversation_messages enable row level security;
revoke all on copilot_internal.conversations, copilot_internal.conversation_paths,
  copilot_internal.conversation_messages from public, anon, authenticated;
grant all on copilot_internal.conversations, copilot_internal.conversation_paths,
  copilot_internal.conversation_messages to service_role;

drop policy if exists service_role_does_everything on copilot_internal.conversations;
create policy service_role_does_everything on copilot_internal.conversations
for all to service_role using (true) with check (true);

drop policy if exists service_role_does_everything on copilot_internal.conversation_paths;
create policy service_role_does_everything on copilot_internal.conversation_paths
for all to service_role using (true) with check (true);

drop policy if exists service_role_does_everything on copilot_internal.conversation_messages;
create policy service_role_does_everything on copilot_internal.conversation_messages
for all to service_role using (true) with check (true);

-- Reads -------------------------------------------------------------------------------------------------------------

-- The message as a row, with the active paths that branch from it.
create or replace function copilot_private.message_with_branches(message copilot_internal.conversation_messages)
returns jsonb
language sql stable
set search_path = ''
return to_jsonb(message) || jsonb_build_object('branched_to_paths', coalesce(
  (
    select jsonb_agg(p.id order by p.created_at, p.id)
    from copilot_internal.conversation_paths p
    where p.branch_point_message_id = message.id and p.is_active
  ),
  '[]'
));

-- The conversation and its newest messages, oldest first, as of one moment: whether the messages may be read is decided
-- on the conversation that comes with them. Null where there is no such conversation.
create or replace function copilot_internal.read_conversation_messages(conversation_id text, row_limit integer)
returns jsonb
language sql stable
set search_path = ''
return (
  select jsonb_build_object('conversation', to_jsonb(c), 'messages', coalesce(
    (
      select jsonb_agg(copilot_private.message_with_branches(newest.m) order by (newest.m).number)
      from (
        select m
        from copilot_internal.conversation_messages m
        where m.conversation_id = c.id and m.deleted_at is null
        order by m.number desc
        limit read_conversation_messages.row_limit
      ) as newest
    ),
    '[]'
  ))
  from copilot_internal.conversations c
  where c.id = read_conversation_messages.conversation_id
);

-- The reading rule of the stores, as far as a list needs it to be a filter. Null counts as no.
create or replace function copilot_private.may_read(conversation copilot_internal.conversations, user_id text)
returns boolean
language sql immutable
set search_path = ''
return (conversation).user_id is null or (conversation).user_id = may_read.user_id or 'private' <> case
  when (conversation).authorization_model = 'supabase_rbac' then (conversation).share_audience
  else coalesce((conversation).authorization_spec ->> 'fallbackShareAudience', 'private')
end;

create or replace function copilot_private.has_status(conversation copilot_internal.conversations, status text)
returns boolean
language sql immutable
set search_path = ''
return status = 'all' or (status = 'archived') = ((conversation).archived_at is not null);

-- A page of what the user may read, newest message first.
--   after  null, or where the page before ended: lastMessageAt (-infinity without one), createdAt and id of its last
--          row, and newest, the lastMessageAt of the first row of all
-- hasMoved: somebody has jumped over the pages, to before the first row.
create or replace function copilot_internal.list_conversations(
  tenant_id text, user_id text, status text, row_limit integer, after jsonb
) returns jsonb
language sql stable
set search_path = ''
return (
  with readable as not materialized (
    select c, coalesce(c.last_message_at, '-infinity') as last_message_at, c.created_at, c.id collate "C" as id
    from copilot_internal.conversations c
    where c.tenant_id = list_conversations.tenant_id
      and copilot_private.has_status(c, list_conversations.status)
      and copilot_private.may_read(c, list_conversations.user_id)
  ),
  page as (
    select *
    from readable r
    where (r.last_message_at, r.created_at, r.id) < (
      coalesce((list_conversations.after ->> 'lastMessageAt')::timestamptz, 'infinity'),
      coalesce((list_conversations.after ->> 'createdAt')::timestamptz, 'infinity'),
      coalesce(list_conversations.after ->> 'id', '') collate "C"
    )
    order by r.last_message_at desc, r.created_at desc, r.id desc
    limit list_conversations.row_limit
  )
  select jsonb_build_object(
    'conversations', coalesce(
      jsonb_agg(to_jsonb(page.c) order by page.last_message_at desc, page.created_at desc, page.id desc), '[]'
    ),
    'hasMoved', exists (
      select from readable r where r.last_message_at > (list_conversations.after ->> 'newest')::timestamptz
    )
  )
  from page
);

-- Those that have jumped over the pages of a list, oldest first: who jumps again is still ahead of the reader.
create or replace function copilot_internal.list_moved_conversations(
  tenant_id text, user_id text, status text, row_limit integer, after jsonb
) returns jsonb
language sql stable
set search_path = ''
return (
  with page as (
    select c, c.last_message_at, c.created_at, c.id collate "C" as id
    from copilot_internal.conversations c
    where c.tenant_id = list_moved_conversations.tenant_id
      and copilot_private.has_status(c, list_moved_conversations.status)
      and copilot_private.may_read(c, list_moved_conversations.user_id)
      and (coalesce(c.last_message_at, '-infinity'), c.created_at, c.id collate "C") > (
        (list_moved_conversations.after ->> 'lastMessageAt')::timestamptz,
        (list_moved_conversations.after ->> 'createdAt')::timestamptz,
        (list_moved_conversations.after ->> 'id') collate "C"
      )
    order by coalesce(c.last_message_at, '-infinity'), c.created_at, c.id collate "C"
    limit list_moved_conversations.row_limit
  )
  select jsonb_build_object('conversations', coalesce(
    jsonb_agg(to_jsonb(page.c) order by page.last_message_at, page.created_at, page.id), '[]'
  ))
  from page
);

-- Writes ------------------------------------------------------------------------------------------------------------

-- Who may write is decided in the stores, on facts they have read. A write names the facts, and does nothing and
-- answers null if they are no longer true: a sharing that was withdrawn meanwhile holds.
create or replace function copilot_private.access_facts(conversation copilot_internal.conversations) returns jsonb
language sql stable
set search_path = ''
return jsonb_build_object(
  'tenantId', (conversation).tenant_id,
  'userId', (conversation).user_id,
  'shareAudience', (conversation).share_audience,
  'tenantAccess', (conversation).tenant_access,
  'authorizationModel', (conversation).authorization_model,
  'fallbackShareAudience', (conversation).authorization_spec ->> 'fallbackShareAudience'
);

-- Where messages are appended: the active path while it is open, else the primary one.
create or replace function copilot_private.open_path_id(conversation copilot_internal.conversations) returns text
language sql stable
set search_path = ''
return (
  select p.id
  from copilot_internal.conversation_paths p
  where p.conversation_id = (conversation).id
    and (p.is_primary or p.is_active and p.id = (conversation).active_path_id)
  order by p.is_primary
  limit 1
);

create or replace function copilot_internal.create_conversation(conversation jsonb) returns jsonb
language sql
set search_path = ''
begin atomic
  with created as (
    insert into copilot_internal.conversations (
      tenant_id, user_id, share_audience, tenant_access, title, persona_id, jurisdictions, updated_by
    )
    select
      given.tenant_id, given.user_id, given.share_audience, given.tenant_access, given.title, given.persona_id,
      given.jurisdictions, given.user_id
    from jsonb_populate_record(null::copilot_internal.conversations, conversation) as given
    returning *
  )
  insert into copilot_internal.conversation_paths (tenant_id, conversation_id, is_primary, updated_by)
  select created.tenant_id, created.id, true, created.user_id from created
  returning jsonb_build_object('conversationId', conversation_id);
end;

-- Whoever adds messages holds the row of the conversation: numbers are given to one after the other, and each statement
-- sees what the writer before has left.
create or replace function copilot_internal.append_message(conversation_id text, facts jsonb, message jsonb)
returns jsonb
language sql
set search_path = ''
begin atomic
  select c.id
  from copilot_internal.conversations c
  where c.id = append_message.conversation_id and copilot_private.access_facts(c) = append_message.facts
  for update;

  -- A conversation that SQL created may have no path yet.
  insert into copilot_internal.conversation_paths (tenant_id, conversation_id, is_primary)
  select c.tenant_id, c.id, true
  from copilot_internal.conversations c
  where c.id = append_message.conversation_id and copilot_private.access_facts(c) = append_message.facts
    and copilot_private.open_path_id(c) is null;

  with path as (
    update copilot_internal.conversation_paths p set last_sequence = p.last_sequence + 1
    from copilot_internal.conversations c
    where c.id = append_message.conversation_id and copilot_private.access_facts(c) = append_message.facts
      and p.id = copilot_private.open_path_id(c)
    returning p.*
  ),
  appended as (
    insert into copilot_internal.conversation_messages (
      conversation_id, path_id, role, content, metadata, user_id, updated_by, sequence_in_path, effective_sequence
    )
    select
      path.conversation_id, path.id, message ->> 'role', message ->> 'content', message -> 'metadata',
      message ->> 'userId', message ->> 'userId', path.last_sequence,
      path.last_sequence + coalesce((
        select m.effective_sequence
        from copilot_internal.conversation_messages m
        where m.id = path.branch_point_message_id
      ), 0)
    from path
    returning id, conversation_id, created_at
  )
  update copilot_internal.conversations c
  set last_message_at = greatest(c.last_message_at, appended.created_at), updated_by = message ->> 'userId'
  from appended
  where c.id = appended.conversation_id
  returning jsonb_build_object('messageId', appended.id);
end;

create or replace function copilot_internal.soft_delete_message(
  conversation_id text, facts jsonb, message_id text, updated_by text
) returns jsonb
language sql
set search_path = ''
begin atomic
  with conversation as (
    select c.id
    from copilot_internal.conversations c
    where c.id = soft_delete_message.conversation_id
      and copilot_private.access_facts(c) = soft_delete_message.facts
    for share
  ),
  deleted as (
    update copilot_internal.conversation_messages m
    set deleted_at = clock_timestamp(), updated_by = soft_delete_message.updated_by
    from conversation
    where m.conversation_id = conversation.id and m.id = soft_delete_message.message_id and m.deleted_at is null
    returning m.id
  )
  select jsonb_build_object('isDeleted', exists (select from deleted)) from conversation;
end;

-- Null leaves a field as it is.
create or replace function copilot_internal.update_conversation_sharing(
  conversation_id text, facts jsonb, changes jsonb, updated_by text
) returns jsonb
language sql
set search_path = ''
begin atomic
  update copilot_internal.conversations c
  set
    share_audience = coalesce(changes ->> 'shareAudience', c.share_audience),
    tenant_access = coalesce(changes ->> 'tenantAccess', c.tenant_access),
    title = coalesce(changes ->> 'title', c.title),
    updated_by = update_conversation_sharing.updated_by
  where c.id = update_conversation_sharing.conversation_id
    and copilot_private.access_facts(c) = update_conversation_sharing.facts
  returning jsonb_build_object('conversationId', c.id);
end;

create or replace function copilot_internal.set_conversation_archived(
  conversation_id text, facts jsonb, archived boolean, updated_by text
) returns jsonb
language sql
set search_path = ''
begin atomic
  update copilot_internal.conversations c
  set
    archived_at = case when set_conversation_archived.archived then coalesce(c.archived_at, clock_timestamp()) end,
    updated_by = set_conversation_archived.updated_by
  where c.id = set_conversation_archived.conversation_id
    and copilot_private.access_facts(c) = set_conversation_archived.facts
  returning jsonb_build_object('conversationId', c.id);
end;

revoke all on function
  copilot_internal.read_conversation_messages(text, integer),
  copilot_internal.list_conversations(text, text, text, integer, jsonb),
  copilot_internal.list_moved_conversations(text, text, text, integer, jsonb),
  copilot_internal.create_conversation(jsonb),
  copilot_internal.append_message(text, jsonb, jsonb),
  copilot_internal.soft_delete_message(text, jsonb, text, text),
  copilot_internal.update_conversation_sharing(text, jsonb, jsonb, text),
  copilot_internal.set_conversation_archived(text, jsonb, boolean, text)
from public, anon, authenticated;
grant execute on function
  copilot_internal.read_conversation_messages(text, integer),
  copilot_internal.list_conversations(text, text, text, integer, jsonb),
  copilot_internal.list_moved_conversations(text, text, text, integer, jsonb),
  copilot_internal.create_conversation(jsonb),
  copilot_internal.append_message(text, jsonb, jsonb),
  copilot_internal.soft_delete_message(text, jsonb, text, text),
  copilot_internal.update_conversation_sharing(text, jsonb, jsonb, text),
  copilot_internal.set_conversation_archived(text, jsonb, boolean, text)
to service_role;

-- Coherence ---------------------------------------------------------------------------------------------------------

select tidemark.track(
  'copilot_internal.conversations', 'id', array['copilot:conv:conversation'], 'conversations'
);
