-- Where the code of a path runs: one row per sandbox, from its creation to its end. Owns the table, its rules and who
-- may touch it, and every step of its life, so that all of them are taken by the server's clock. Safe to run again.

-- The row is what is known of a sandbox outside the database: it outlives its conversation and its path, until whoever
-- asks for expired contexts has ended the sandbox. Hence no foreign keys; a cascade would leave sandboxes running.
create table if not exists copilot_internal.execution_contexts (
  id text primary key default gen_random_uuid()::text,
  tenant_id text not null,
  conversation_id text not null,
  path_id text not null,
  status text not null default 'creating',
  -- Whether it is the one context of its path: until it is terminated, or until it has expired and another took over.
  is_current boolean not null default true,
  sandbox_id text,
  error text,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  terminated_at timestamptz,
  constraint execution_contexts_id_is_an_id check (copilot_private.is_id(id)),
  constraint execution_contexts_tenant_id_is_an_id check (copilot_private.is_id(tenant_id)),
  constraint execution_contexts_tenant_id_is_not_global check (tenant_id <> 'global'),
  constraint execution_contexts_conversation_id_is_an_id check (copilot_private.is_id(conversation_id)),
  constraint execution_contexts_path_id_is_an_id check (copilot_private.is_id(path_id)),
  constraint execution_contexts_sandbox_id_is_an_id check (copilot_private.is_id(sandbox_id)),
  constraint execution_contexts_status_is_known check (status in ('creating', 'ready', 'error', 'terminated')),
  constraint execution_contexts_error_belongs_to_its_status
    check (error is null or error <> '' and status in ('error', 'terminated')),
  constraint execution_contexts_terminated_at_is_set_with_the_status
    check ((status = 'terminated') = (terminated_at is not null)),
  constraint execution_contexts_terminated_is_not_current check (status <> 'terminated' or not is_current),
  constraint execution_contexts_expires_after_its_use check (expires_at > last_used_at)
);

-- Decides who wins when several create a context for one path at the same time.
create unique index if not exists execution_contexts_one_current_per_path
on copilot_internal.execution_contexts (tenant_id, conversation_id, path_id) where is_current;

create index if not exists execution_contexts_by_expiry
on copilot_internal.execution_contexts (expires_at, id) where status <> 'terminated';

-- The steps of its life ---------------------------------------------------------------------------------------------

-- Expired is for ever: whoever ends the sandboxes of expired contexts must not meet one that was touched meanwhile. The
-- clock is asked per row, also again after waiting for a lock, and not once at the begin of the statement.
create or replace function copilot_private.is_live(context copilot_internal.execution_contexts) returns boolean
language sql volatile
return context.is_current and context.expires_at > clock_timestamp();

-- Returns the context of the path: a new one, or the one that was there or came first.
create or replace function copilot_internal.create_execution_context(
  of_tenant_id text, of_conversation_id text, of_path_id text, sandbox text, ttl_ms integer
) returns setof copilot_internal.execution_contexts
language sql
set search_path = ''
begin atomic
  -- An expired one makes room and stays otherwise as it is: its sandbox has still to be ended.
  update copilot_internal.execution_contexts as context set is_current = false
  where (tenant_id, conversation_id, path_id) = (of_tenant_id, of_conversation_id, of_path_id)
    and is_current and not copilot_private.is_live(context);
  -- The update that changes nothing is what returns the winner's row, or waits until there is none.
  insert into copilot_internal.execution_contexts as context
    (tenant_id, conversation_id, path_id, sandbox_id, expires_at)
  values (
    of_tenant_id, of_conversation_id, of_path_id, sandbox,
    clock_timestamp() + ttl_ms * interval '1 millisecond'
  )
  on conflict (tenant_id, conversation_id, path_id) where is_current do update set is_current = context.is_current
  returning *;
end;

create or replace function copilot_internal.execution_context_by_path(
  of_tenant_id text, of_conversation_id text, of_path_id text
) returns setof copilot_internal.execution_contexts
language sql
set search_path = ''
begin atomic
  select context.* from copilot_internal.execution_contexts as context
  where (tenant_id, conversation_id, path_id) = (of_tenant_id, of_conversation_id, of_path_id)
    and is_current and copilot_private.is_live(context);
end;

-- No row when the context is not live any more.
create or replace function copilot_internal.touch_execution_context(context_id text, ttl_ms integer)
returns setof copilot_internal.execution_contexts
language sql
set search_path = ''
begin atomic
  update copilot_internal.execution_contexts as context set
    last_used_at = clock_timestamp(),
    expires_at = clock_timestamp() + ttl_ms * interval '1 millisecond'
  where id = context_id and copilot_private.is_live(context)
  returning *;
end;

-- No row when there is none or it was terminated before: that is final. A terminated one keeps its error.
create or replace function copilot_internal.set_execution_context_status(
  context_id text, new_status text, new_error text default null
) returns setof copilot_internal.execution_contexts
language sql
set search_path = ''
begin atomic
  update copilot_internal.execution_contexts as context set
    status = new_status,
    error = case when new_status = 'terminated' then coalesce(new_error, error) else new_error end,
    is_current = is_current and new_status <> 'terminated',
    terminated_at = case when new_status = 'terminated' then clock_timestamp() end
  where id = context_id and status <> 'terminated'
  returning *;
end;

-- Those whose sandbox may still be there, the longest expired first. One that a touch is just writing is passed over: it
-- may have been live when the touch began. The next call sees what became of it.
create or replace function copilot_internal.expired_execution_contexts(max_rows integer)
returns setof copilot_internal.execution_contexts
language sql
set search_path = ''
begin atomic
  select context.* from copilot_internal.execution_contexts as context
  where status <> 'terminated' and expires_at <= statement_timestamp()
  order by expires_at, id
  limit max_rows
  for share skip locked;
end;

create or replace function copilot_internal.is_execution_context_ready(context_id text) returns boolean
language sql
set search_path = ''
begin atomic
  select exists (
    select from copilot_internal.execution_contexts as context
    where id = context_id and status = 'ready' and copilot_private.is_live(context)
  );
end;

-- Access ------------------------------------------------------------------------------------------------------------

select copilot_private.reserve_table('copilot_internal.execution_contexts');

select copilot_private.reserve_functions(array[
  'copilot_internal.create_execution_context(text, text, text, text, integer)',
  'copilot_internal.execution_context_by_path(text, text, text)',
  'copilot_internal.touch_execution_context(text, integer)',
  'copilot_internal.set_execution_context_status(text, text, text)',
  'copilot_internal.expired_execution_contexts(integer)',
  'copilot_internal.is_execution_context_ready(text)'
]::regprocedure[]);
