-- What a conversation is about at the moment: its active nodes and its root span. Owns the table, its rules and who may
-- touch it, and the merge of node ids. Safe to run again.

-- The ids without repetitions, each where it came first.
create or replace function copilot_private.distinct_ids(ids text[]) returns text[]
language sql immutable strict parallel safe
return array(
  select given.id from unnest(ids) with ordinality as given (id, place) group by given.id order by min(given.place)
);

-- A flat list of ids without repetitions.
create or replace function copilot_private.are_node_ids(ids text[]) returns boolean
language sql immutable strict parallel safe
return coalesce(array_ndims(ids), 1) = 1 and ids = copilot_private.distinct_ids(ids) and not exists (
  select from unnest(ids) as given (id) where copilot_private.is_id(given.id) is not true
);

-- A part of its conversation: it can't belong to another tenant, and goes when the conversation goes.
create table if not exists copilot_internal.conversation_contexts (
  tenant_id text not null,
  conversation_id text not null,
  active_node_ids text[] not null default '{}',
  trace_id text,
  root_span_name text,
  root_span_id text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text,
  constraint conversation_contexts_pkey primary key (tenant_id, conversation_id),
  constraint conversation_contexts_conversation_exists foreign key (tenant_id, conversation_id)
    references copilot_internal.conversations (tenant_id, id) on delete cascade,
  constraint conversation_contexts_active_node_ids_are_ids check (copilot_private.are_node_ids(active_node_ids)),
  constraint conversation_contexts_updated_by_is_an_id check (copilot_private.is_id(updated_by))
);

create or replace trigger stamp_row before insert or update on copilot_internal.conversation_contexts
for each row execute function copilot_private.stamp_row();

-- One statement: of two merges at the same time the second waits for the first and adds to what that left. Read, union
-- and write in the application would lose one of them.
create or replace function copilot_internal.merge_active_node_ids(
  of_tenant_id text, of_conversation_id text, node_ids text[], author text default null
) returns text[]
language sql
set search_path = ''
begin atomic
  insert into copilot_internal.conversation_contexts as context
    (tenant_id, conversation_id, active_node_ids, updated_by)
  values (of_tenant_id, of_conversation_id, copilot_private.distinct_ids(node_ids), author)
  on conflict (tenant_id, conversation_id) do update set
    active_node_ids = copilot_private.distinct_ids(context.active_node_ids || excluded.active_node_ids),
    updated_by = excluded.updated_by
  returning active_node_ids;
end;
select copilot_private.reserve_functions(array['copilot_internal.merge_active_node_ids(text, text, text[], text)'::regprocedure]);

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_table('copilot_internal.conversation_contexts');
