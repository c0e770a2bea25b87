// The rows that the live demo begins with.
import type { OutsideWriter } from './outside-writer.ts';
import { policyTable } from './policy-rows.ts';

/** Always shown. */
export const exampleTenants = ['acme', 'globex', 'initech'] as const;

/** Rows in bulk beside the three that are shown: enough that one statement overtakes the whole table. */
export async function insertExampleRows(writer: OutsideWriter): Promise<void> {
  await writer.write(`
    insert into ${policyTable}
      (tenant_id, default_model, default_provider, allow_remote_egress, egress_mode, tasks)
    values
      ('acme', 'gpt-4o-mini', 'openai', true, 'audit',
        '[{"task": "summarise", "model": "llama3.1:8b", "provider": "local", "temperature": 0.2}]'),
      ('globex', 'claude-sonnet', 'anthropic', true, 'enforce', '[]'),
      ('initech', 'llama3.1:8b', 'local', false, null, '[]')
    on conflict (tenant_id) do nothing`);
  await writer.write(`
    insert into ${policyTable} (tenant_id, default_model, default_provider)
    select 'bulk-' || n, 'gpt-4o-mini', 'openai' from generate_series(1, 2000) as n
    on conflict (tenant_id) do nothing`);
}
