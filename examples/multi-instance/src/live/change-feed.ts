// How the demo itself learns that somebody changed a policy, by the page or by hand: a trigger of its own that notifies
// at COMMIT. Has nothing to do with how Tidemark learns of it, and is no part of it.
import type { OutsideWriter } from '../demo/outside-writer.ts';
import { policyTable } from '../demo/policy-rows.ts';

export interface SeenChange {
  readonly operation: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  /** Null: nobody counted. */
  readonly rowCount: number | null;
  /** A few of the tenants. */
  readonly tenants: readonly string[];
}

const channel = 'demo_change';

/** A payload holds 8,000 bytes; more than a few names are of no use anyway. */
const mostTenants = 3;

const installSql = `
create schema if not exists demo;

create or replace function demo.tell_rows() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  -- An upsert fires the triggers of INSERT and of UPDATE: the one that touched nothing has nothing to tell.
  perform pg_notify('${channel}', jsonb_build_object(
    'operation', tg_op, 'rowCount', count(*),
    'tenants', (select jsonb_agg(tenant_id) from (select tenant_id from touched limit ${mostTenants}) as few)
  )::text)
  from touched having count(*) > 0;
  return null;
end
$$;

create or replace function demo.tell_truncate() returns trigger language plpgsql security definer set search_path = '' as $$
begin
  perform pg_notify('${channel}', '{"operation": "TRUNCATE", "rowCount": null, "tenants": []}');
  return null;
end
$$;

create or replace trigger demo_insert after insert on ${policyTable}
referencing new table as touched for each statement execute function demo.tell_rows();
create or replace trigger demo_update after update on ${policyTable}
referencing new table as touched for each statement execute function demo.tell_rows();
create or replace trigger demo_delete after delete on ${policyTable}
referencing old table as touched for each statement execute function demo.tell_rows();
create or replace trigger demo_truncate after truncate on ${policyTable}
for each statement execute function demo.tell_truncate();
`;

export async function watchChanges(
  writer: OutsideWriter,
  onChange: (change: SeenChange) => void,
): Promise<void> {
  await writer.write(installSql);
  // What our own trigger wrote needs no schema to be checked by.
  await writer.listen(channel, (payload) => onChange(JSON.parse(payload) as SeenChange));
}

/** `update acme`, `update of 2,003 rows`, `truncate`. */
export function describeChange({ operation, rowCount, tenants }: SeenChange): string {
  const verb = operation.toLowerCase();
  if (rowCount === null) return verb;
  const [tenant] = tenants;
  if (rowCount === 1 && tenant !== undefined) return `${verb} ${tenant}`;
  return `${verb} of ${rowCount.toLocaleString('en')} rows`;
}
