-- Something to read in a fresh development database. Safe to run again; never part of a deployment.

insert into copilot_internal.tenant_llm_policies (tenant_id, default_model, default_provider, allow_remote_egress, tasks)
values (
  'test-tenant', 'gpt-4o-mini', 'openai', true,
  '[{"task": "summarise", "model": "llama3.1:8b", "provider": "local", "temperature": 0.2}]'
)
on conflict (tenant_id) do nothing;
