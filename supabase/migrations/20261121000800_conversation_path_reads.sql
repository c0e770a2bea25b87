-- What is asked of the paths of conversations, first of all what a path resolves to. Owns these functions and who may
-- call them; the tables are those of the conversations. Safe to run again.

-- Paths as rows -----------------------------------------------------------------------------------------------------

-- Its own messages, and the active paths that branched from it.
create or replace function copilot_private.path_with_counts(path copilot_internal.conversation_paths) returns jsonb
language sql stable
set search_path = ''
return to_jsonb(path) || jsonb_build_object(
  'message_count', (
    select count(*) from copilot_internal.conversation_messages m
    where m.path_id = (path).id and m.deleted_at is null
  ),
  'branch_count', (
    select count(*) from copilot_internal.conversation_paths branch
    where branch.parent_path_id = (path).id and branch.is_active
  )
);

-- What a path inherits is what the path that holds its branch point resolves to, up to there: whichever parent it was
-- seen on, everything before a message is the same.
create or replace function copilot_private.resolved_messages(of_path text)
returns setof copilot_internal.conversation_messages
language sql stable
set search_path = ''
begin atomic
  with recursive stretch (path_id, last_sequence) as (
    select p.id, p.last_sequence from copilot_internal.conversation_paths p where p.id = of_path
    union all
    select m.path_id, m.sequence_in_path
    from stretch
    join copilot_internal.conversation_paths p on p.id = stretch.path_id
    join copilot_internal.conversation_messages m on m.id = p.branch_point_message_id
  )
  select m.*
  from stretch
  join copilot_internal.conversation_messages m
    on m.path_id = stretch.path_id and m.sequence_in_path <= stretch.last_sequence
  where m.deleted_at is null;
end;

create or replace function copilot_private.conversation_of_message(of_tenant text, of_message text) returns text
language sql stable
set search_path = ''
return (
  select m.conversation_id
  from copilot_internal.conversation_messages m
  join copilot_internal.conversations c on c.id = m.conversation_id
  where m.id = of_message and c.tenant_id = of_tenant
);

create or replace function copilot_private.conversation_of_path(of_tenant text, of_path text) returns text
language sql stable
set search_path = ''
return (
  select p.conversation_id from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant
);

create or replace function copilot_private.refusal(code text, subject text) returns jsonb
language sql immutable
return jsonb_build_object('refused', code, 'subject', subject);

-- Reads -------------------------------------------------------------------------------------------------------------

-- Each answers one jsonb value: the Data API cuts off lists of rows, and a path that lost its end would look whole. Null
-- where the tenant doesn't have the path or the conversation.

create or replace function copilot_internal.read_conversation_path(of_tenant text, of_path text) returns jsonb
language sql stable
set search_path = ''
return (
  select copilot_private.path_with_counts(p)
  from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant
);

create or replace function copilot_internal.list_conversation_paths(
  of_tenant text, of_conversation text, include_archived boolean
) returns jsonb
language sql stable
set search_path = ''
return (
  select coalesce(
    (
      select jsonb_agg(copilot_private.path_with_counts(p) order by p.created_at, p.id)
      from copilot_internal.conversation_paths p
      where p.conversation_id = c.id and (p.is_active or include_archived)
    ),
    '[]'
  )
  from copilot_internal.conversations c
  where c.id = of_conversation and c.tenant_id = of_tenant
);

-- Where messages are appended.
create or replace function copilot_internal.read_active_path(of_tenant text, of_conversation text) returns jsonb
language sql stable
set search_path = ''
return (
  select copilot_private.path_with_counts(p)
  from copilot_internal.conversations c
  join copilot_internal.conversation_paths p on p.id = copilot_private.open_path_id(c)
  where c.id = of_conversation and c.tenant_id = of_tenant
);

create or replace function copilot_internal.read_primary_path(of_tenant text, of_conversation text) returns jsonb
language sql stable
set search_path = ''
return (
  select copilot_private.path_with_counts(p)
  from copilot_internal.conversation_paths p
  where p.conversation_id = of_conversation and p.tenant_id = of_tenant and p.is_primary
);

create or replace function copilot_internal.resolve_path_messages(
  of_tenant text, of_path text, only_pinned boolean
) returns jsonb
language sql stable
set search_path = ''
return (
  select coalesce(
    (
      select jsonb_agg(copilot_private.message_with_branches(m) order by m.effective_sequence)
      from copilot_private.resolved_messages(p.id) m
      where m.is_pinned or not only_pinned
    ),
    '[]'
  )
  from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant
);

create or replace function copilot_internal.count_pinned_messages(of_tenant text, of_path text) returns jsonb
language sql stable
set search_path = ''
return (
  select to_jsonb((select count(*) from copilot_private.resolved_messages(p.id) m where m.is_pinned))
  from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant
);

create or replace function copilot_internal.read_path_resolution(of_tenant text, of_path text) returns jsonb
language sql stable
set search_path = ''
return (
  with recursive lineage (path, depth) as (
    select p, 0 from copilot_internal.conversation_paths p where p.id = of_path and p.tenant_id = of_tenant
    union all
    select parent, depth + 1
    from lineage
    join copilot_internal.conversation_paths parent on parent.id = (lineage.path).parent_path_id
  )
  select jsonb_build_object(
    'lineage', jsonb_agg(copilot_private.path_with_counts(lineage.path) order by depth desc),
    'messages', copilot_internal.resolve_path_messages(of_tenant, of_path, false)
  )
  from lineage
  having count(*) > 0
);

create or replace function copilot_internal.list_branch_points(of_tenant text, of_path text) returns jsonb
language sql stable
set search_path = ''
return (
  select coalesce(
    (
      select jsonb_agg(
        jsonb_build_object('message', copilot_private.message_with_branches(m), 'paths', branches.paths)
        order by m.effective_sequence
      )
      from copilot_private.resolved_messages(p.id) m
      cross join lateral (
        select jsonb_agg(copilot_private.path_with_counts(branch) order by branch.created_at, branch.id) as paths
        from copilot_internal.conversation_paths branch
        where branch.branch_point_message_id = m.id and branch.is_active
      ) as branches
      where branches.paths is not null
    ),
    '[]'
  )
  from copilot_internal.conversation_paths p
  where p.id = of_path and p.tenant_id = of_tenant
);

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_functions(array[
  'copilot_internal.read_conversation_path(text, text)',
  'copilot_internal.list_conversation_paths(text, text, boolean)',
  'copilot_internal.read_active_path(text, text)',
  'copilot_internal.read_primary_path(text, text)',
  'copilot_internal.resolve_path_messages(text, text, boolean)',
  'copilot_internal.count_pinned_messages(text, text)',
  'copilot_internal.read_path_resolution(text, text)',
  'copilot_internal.list_branch_points(text, text)'
]::regprocedure[]);
