-- What is done to conversations and their messages in more than one statement, or asked of more than one row: each as one
-- function, so that nothing fails half way. Owns these functions and who may call them. Safe to run again.

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

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_functions(array[
  'copilot_internal.read_conversation_messages(text, integer)',
  'copilot_internal.list_conversations(text, text, text, integer, jsonb)',
  'copilot_internal.list_moved_conversations(text, text, text, integer, jsonb)',
  'copilot_internal.create_conversation(jsonb)',
  'copilot_internal.append_message(text, jsonb, jsonb)',
  'copilot_internal.soft_delete_message(text, jsonb, text, text)',
  'copilot_internal.update_conversation_sharing(text, jsonb, jsonb, text)',
  'copilot_internal.set_conversation_archived(text, jsonb, boolean, text)'
]::regprocedure[]);
