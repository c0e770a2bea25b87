-- The writes of the paths of conversations that take more than one row, each as one function. Owns these functions and
-- who may call them. Safe to run again.
--
-- Every write holds the row of its conversation, as whoever appends a message does: paths and messages of one
-- conversation change one after the other, and each statement sees what the writer before has left. What a rule refuses
-- is an answer, {"refused": code, "subject": id}, and changes nothing.

-- Rules of writes ---------------------------------------------------------------------------------------------------

-- Why a path may not begin there; null if it may.
create or replace function copilot_private.branch_refusal(
  of_tenant text, of_conversation text, parent_path text, branch_point text
) returns jsonb
language sql stable
set search_path = ''
return case
  when not exists (
    select from copilot_internal.conversations c where c.id = of_conversation and c.tenant_id = of_tenant
  ) then copilot_private.refusal('CONVERSATION_NOT_FOUND', of_conversation)
  when branch_point is not null and not exists (
    select from copilot_internal.conversation_messages m
    where m.id = branch_point and m.conversation_id = of_conversation and m.deleted_at is null
  ) then copilot_private.refusal('MESSAGE_NOT_FOUND', branch_point)
  else (
    select case
      when p.id is null then copilot_private.refusal('PATH_NOT_FOUND', parent_path)
      when not p.is_active then copilot_private.refusal('PATH_IS_ARCHIVED', parent_path)
      when not exists (select from copilot_private.resolved_messages(parent_path) m where m.id = branch_point)
        then copilot_private.refusal('MESSAGE_NOT_ON_PATH', branch_point)
    end
    from (select) as one
    left join copilot_internal.conversation_paths p
      on p.id = parent_path and p.conversation_id = of_conversation
    where parent_path is not null
  )
end;

-- Why a path may not be deleted; null if it may.
create or replace function copilot_private.delete_refusal(of_tenant text, of_path text, is_hard boolean)
returns jsonb
language sql stable
set search_path = ''
return (
  select case
    when p.id is null then copilot_private.refusal('PATH_NOT_FOUND', of_path)
    when p.is_primary then copilot_private.refusal('PATH_IS_PRIMARY', of_path)
    when is_hard and exists (
      select from copilot_internal.conversation_paths branch where branch.parent_path_id = p.id
    ) then copilot_private.refusal('PATH_HAS_BRANCHES', of_path)
  end
  from (select) as one
  left join copilot_internal.conversation_paths p on p.id = of_path and p.tenant_id = of_tenant
);

-- What there is to merge: the messages that the source holds itself and the target doesn't show.
create or replace function copilot_private.mergeable_messages(source_path text, target_path text)
returns setof copilot_internal.conversation_messages
language sql stable
set search_path = ''
begin atomic
  select m.*
  from copilot_internal.conversation_messages m
  where m.path_id = source_path and m.deleted_at is null
    and m.id not in (select shown.id from copilot_private.resolved_messages(target_path) shown);
end;

-- Why a path may not be merged into another; null if it may. message_ids is null when all messages are meant.
create or replace function copilot_private.merge_refusal(
  of_tenant text, source_path text, target_path text, message_ids text[]
) returns jsonb
language sql stable
set search_path = ''
return (
  select case
    when source.id is null then copilot_private.refusal('PATH_NOT_FOUND', source_path)
    when target.id is null then copilot_private.refusal('PATH_NOT_FOUND', target_path)
    when source.is_primary then copilot_private.refusal('PATH_IS_PRIMARY', source_path)
    when source.merged_at is not null then copilot_private.refusal('PATH_IS_MERGED', source_path)
    when not source.is_active then copilot_private.refusal('PATH_IS_ARCHIVED', source_path)
    when not target.is_active then copilot_private.refusal('PATH_IS_ARCHIVED', target_path)
    else (
      select copilot_private.refusal('MESSAGE_NOT_ON_PATH', given.id)
      from unnest(message_ids) with ordinality as given (id, place)
      where given.id not in (
        select m.id from copilot_private.mergeable_messages(source_path, target_path) m
      )
      order by given.place
      limit 1
    )
  end
  from (select) as one
  left join copilot_internal.conversation_paths source on source.id = source_path and source.tenant_id = of_tenant
  left join copilot_internal.conversation_paths target
    on target.id = target_path and target.conversation_id = source.conversation_id
);

create or replace function copilot_internal.preview_path_merge(
  of_tenant text, source_path text, target_path text, message_ids text[]
) returns jsonb
language sql stable
set search_path = ''
return coalesce(
  copilot_private.merge_refusal(of_tenant, source_path, target_path, message_ids),
  jsonb_build_object('messages', coalesce(
    (
      select jsonb_agg(copilot_private.message_with_branches(m) order by m.sequence_in_path)
      from copilot_private.mergeable_messages(source_path, target_path) m
      where message_ids is null or m.id = any (message_ids)
    ),
    '[]'
  ))
);

-- Writes ------------------------------------------------------------------------------------------------------------

-- Without a conversation, the one of the branch point is meant; without a parent, the path that holds the branch point.
create or replace function copilot_internal.create_conversation_path(
  of_tenant text, of_conversation text, parent_path text, branch_point text, path_name text, path_description text
) returns jsonb
language sql
set search_path = ''
begin atomic
  select from copilot_internal.conversations c
  where c.tenant_id = of_tenant
    and c.id = coalesce(of_conversation, copilot_private.conversation_of_message(of_tenant, branch_point))
  for update;

  with place as (
    select
      coalesce(of_conversation, copilot_private.conversation_of_message(of_tenant, branch_point)) as conversation_id,
      coalesce(parent_path, (
        select m.path_id from copilot_internal.conversation_messages m where m.id = branch_point
      )) as parent_path_id
  ),
  decision as (
    select case
      when place.conversation_id is null then copilot_private.refusal('MESSAGE_NOT_FOUND', branch_point)
      else copilot_private.branch_refusal(of_tenant, place.conversation_id, place.parent_path_id, branch_point)
    end as refusal
    from place
  ),
  created as (
    insert into copilot_internal.conversation_paths (
      tenant_id, conversation_id, parent_path_id, branch_point_message_id, name, description
    )
    select
      of_tenant, place.conversation_id, place.parent_path_id, branch_point, path_name, path_description
    from place, decision
    where decision.refusal is null
    returning *
  )
  select coalesce(decision.refusal, (select copilot_private.path_with_counts(created) from created))
  from decision;
end;

-- A field that changes doesn't name stays as it is; null clears it.
create or replace function copilot_internal.update_conversation_path(of_tenant text, of_path text, changes jsonb)
returns jsonb
language sql
set search_path = ''
begin atomic
  with updated as (
    update copilot_internal.conversation_paths p set
      name = case when changes ? 'name' then changes ->> 'name' else p.name end,
      description = case when changes ? 'description' then changes ->> 'description' else p.description end
    where p.id = of_path and p.tenant_id = of_tenant
    returning *
  )
  select coalesce(
    (select copilot_private.path_with_counts(updated) from updated),
    copilot_private.refusal('PATH_NOT_FOUND', of_path)
  );
end;

create or replace function copilot_internal.delete_conversation_path(of_tenant text, of_path text, is_hard boolean)
returns jsonb
language sql
set search_path = ''
begin atomic
  select from copilot_internal.conversations c
  where c.id = copilot_private.conversation_of_path(of_tenant, of_path)
  for update;

  with decision as (
    select copilot_private.delete_refusal(of_tenant, of_path, is_hard) as refusal
  ),
  left_behind as (
    update copilot_internal.conversations c set active_path_id = null
    from decision
    where c.active_path_id = of_path and decision.refusal is null
  ),
  archived as (
    update copilot_internal.conversation_paths p set is_active = false
    from decision
    where p.id = of_path and not is_hard and decision.refusal is null
  ),
  removed as (
    delete from copilot_internal.conversation_paths p
    using decision
    where p.id = of_path and is_hard and decision.refusal is null
  )
  select coalesce(decision.refusal, jsonb_build_object('pathId', of_path)) from decision;
end;

create or replace function copilot_internal.activate_conversation_path(
  of_tenant text, of_conversation text, of_path text
) returns jsonb
language sql
set search_path = ''
begin atomic
  select from copilot_internal.conversations c
  where c.id = of_conversation and c.tenant_id = of_tenant
  for update;

  with activated as (
    update copilot_internal.conversations c set active_path_id = p.id
    from copilot_internal.conversation_paths p
    where c.id = of_conversation and c.tenant_id = of_tenant
      and p.id = of_path and p.conversation_id = c.id and p.is_active
    returning p
  )
  select coalesce(
    (select copilot_private.path_with_counts(activated.p) from activated),
    (
      select case
        when c.id is null then copilot_private.refusal('CONVERSATION_NOT_FOUND', of_conversation)
        when p.id is null then copilot_private.refusal('PATH_NOT_FOUND', of_path)
        else copilot_private.refusal('PATH_IS_ARCHIVED', of_path)
      end
      from (select) as one
      left join copilot_internal.conversations c on c.id = of_conversation and c.tenant_id = of_tenant
      left join copilot_internal.conversation_paths p on p.id = of_path and p.conversation_id = c.id
    )
  );
end;

create or replace function copilot_internal.ensure_primary_path(of_tenant text, of_conversation text) returns jsonb
language sql
set search_path = ''
begin atomic
  select from copilot_internal.conversations c
  where c.id = of_conversation and c.tenant_id = of_tenant
  for update;

  insert into copilot_internal.conversation_paths (tenant_id, conversation_id, is_primary)
  select c.tenant_id, c.id, true
  from copilot_internal.conversations c
  where c.id = of_conversation and c.tenant_id = of_tenant and not exists (
    select from copilot_internal.conversation_paths p where p.conversation_id = c.id and p.is_primary
  );

  update copilot_internal.conversations c set active_path_id = p.id
  from copilot_internal.conversation_paths p
  where c.id = of_conversation and c.tenant_id = of_tenant and c.active_path_id is null
    and p.conversation_id = c.id and p.is_primary;

  select coalesce(
    copilot_internal.read_primary_path(of_tenant, of_conversation),
    copilot_private.refusal('CONVERSATION_NOT_FOUND', of_conversation)
  );
end;

--   mode         summary, full or selective
--   message_ids  which messages are copied in the mode selective, else null
--   summary      becomes the first message that the target gains, if it isn't null
create or replace function copilot_internal.merge_conversation_path(
  of_tenant text, source_path text, target_path text, mode text, message_ids text[], summary text,
  archive_source boolean
) returns jsonb
language sql
set search_path = ''
begin atomic
  select from copilot_internal.conversations c
  where c.id = copilot_private.conversation_of_path(of_tenant, source_path)
  for update;

  with decision as (
    select copilot_private.merge_refusal(of_tenant, source_path, target_path, message_ids) as refusal
  ),
  target as (
    select p.*, coalesce(branch_point.effective_sequence, 0) as inherited
    from decision
    join copilot_internal.conversation_paths p on p.id = target_path
    left join copilot_internal.conversation_messages branch_point on branch_point.id = p.branch_point_message_id
    where decision.refusal is null
  ),
  summed_up as materialized (
    select gen_random_uuid()::text as id from target where merge_conversation_path.summary is not null
  ),
  copied as (
    select m, row_number() over (order by m.sequence_in_path) + (select count(*) from summed_up) as place
    from target
    cross join copilot_private.mergeable_messages(source_path, target_path) m
    where mode = 'full' or mode = 'selective' and m.id = any (message_ids)
  ),
  added as (
    select
      summed_up.id, 1 as place, 'system' as role, merge_conversation_path.summary as content, null::jsonb as metadata,
      null as user_id, 'merge_summary' as message_type, false as is_pinned, null::timestamptz as pinned_at,
      null as pinned_by
    from summed_up
    union all
    select
      gen_random_uuid()::text, copied.place, (m).role, (m).content, (m).metadata, (m).user_id, (m).message_type,
      (m).is_pinned, (m).pinned_at, (m).pinned_by
    from copied
  ),
  appended as (
    insert into copilot_internal.conversation_messages (
      id, conversation_id, path_id, role, content, metadata, user_id, message_type, is_pinned, pinned_at, pinned_by,
      sequence_in_path, effective_sequence
    )
    select
      added.id, target.conversation_id, target.id, added.role, added.content, added.metadata, added.user_id,
      added.message_type, added.is_pinned, added.pinned_at, added.pinned_by,
      target.last_sequence + added.place, target.inherited + target.last_sequence + added.place
    from added, target
    order by added.place
    returning id, sequence_in_path, created_at
  ),
  gain as (
    select count(*) as size, max(created_at) as last_at, jsonb_agg(id order by sequence_in_path) as ids from appended
  ),
  grown as (
    update copilot_internal.conversation_paths p set last_sequence = p.last_sequence + gain.size
    from gain, target
    where p.id = target.id and gain.size > 0
  ),
  merged as (
    update copilot_internal.conversation_paths p set
      merged_to_path_id = target.id,
      merged_at = clock_timestamp(),
      merge_mode = mode,
      merge_summary_message_id = (select id from summed_up),
      is_active = not archive_source
    from target
    where p.id = source_path
  ),
  touched as (
    update copilot_internal.conversations c set
      last_message_at = greatest(c.last_message_at, gain.last_at),
      active_path_id = case
        when archive_source and c.active_path_id = source_path then target.id else c.active_path_id
      end
    from gain, target
    where c.id = target.conversation_id and (gain.size > 0 or archive_source and c.active_path_id = source_path)
  )
  select coalesce(decision.refusal, jsonb_build_object(
    'messageIds', coalesce(gain.ids, '[]'), 'mergeSummaryMessageId', (select id from summed_up)
  ))
  from decision, gain;
end;

-- What is pinned stays as it was pinned first.
create or replace function copilot_internal.pin_conversation_message(
  of_tenant text, of_message text, is_pinned boolean, pinned_by text
) returns jsonb
language sql
set search_path = ''
begin atomic
  with pinned as (
    update copilot_internal.conversation_messages m set
      is_pinned = pin_conversation_message.is_pinned,
      pinned_at = case when pin_conversation_message.is_pinned then coalesce(m.pinned_at, clock_timestamp()) end,
      pinned_by = case
        when not pin_conversation_message.is_pinned then null
        when m.is_pinned then m.pinned_by
        else pin_conversation_message.pinned_by
      end
    where m.id = of_message and m.deleted_at is null
      and m.conversation_id = copilot_private.conversation_of_message(of_tenant, of_message)
    returning *
  )
  select coalesce(
    (select copilot_private.message_with_branches(pinned) from pinned),
    copilot_private.refusal('MESSAGE_NOT_FOUND', of_message)
  );
end;

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_functions(array[
  'copilot_internal.preview_path_merge(text, text, text, text[])',
  'copilot_internal.create_conversation_path(text, text, text, text, text, text)',
  'copilot_internal.update_conversation_path(text, text, jsonb)',
  'copilot_internal.delete_conversation_path(text, text, boolean)',
  'copilot_internal.activate_conversation_path(text, text, text)',
  'copilot_internal.ensure_primary_path(text, text)',
  'copilot_internal.merge_conversation_path(text, text, text, text, text[], text, boolean)',
  'copilot_internal.pin_conversation_message(text, text, boolean, text)'
]::regprocedure[]);
