// What a person can do on the page. Changes of policies are SQL on a plain connection: the library has no part in them,
// and nobody tells it.
import { type EgressMode, egressModes } from '@tidemark/stores';
import * as z from 'zod';
import { type Demo, instanceNames } from '../demo/demo.ts';
import { policyTable } from '../demo/policy-rows.ts';
import { insertExampleRows } from '../demo/example-rows.ts';

const text = z.string().min(1).max(200);

export type Action =
  | {
      readonly kind: 'save';
      readonly tenant: string;
      readonly model: string;
      readonly provider: string;
      readonly egressMode: EgressMode;
      readonly allowRemoteEgress: boolean;
    }
  | { readonly kind: 'delete'; readonly tenant: string }
  | { readonly kind: 'update all'; readonly model: string }
  | { readonly kind: 'truncate' | 'insert examples' | 'kill sidecar' | 'start sidecar' }
  | { readonly kind: 'freeze' | 'thaw'; readonly instance: string };

export const actionSchema: z.ZodType<Action> = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('save'),
    tenant: text,
    model: text,
    provider: text,
    egressMode: z.enum(egressModes),
    allowRemoteEgress: z.boolean(),
  }),
  z.strictObject({ kind: z.literal('delete'), tenant: text }),
  z.strictObject({ kind: z.literal('update all'), model: text }),
  z.strictObject({ kind: z.enum(['truncate', 'insert examples', 'kill sidecar', 'start sidecar']) }),
  z.strictObject({ kind: z.enum(['freeze', 'thaw']), instance: z.enum(instanceNames) }),
]);

/**
 * @returns one line on what was done
 * @throws what PostgreSQL says about a row that breaks its rules
 */
export async function act(action: Action, { writer, sidecar, instances }: Demo): Promise<string> {
  switch (action.kind) {
    case 'save': {
      const { tenant, model, provider, egressMode, allowRemoteEgress } = action;
      await writer.write(saveSql, [tenant, model, provider, egressMode, allowRemoteEgress]);
      return `SQL: insert or update ${tenant}`;
    }
    case 'delete': {
      const { rowCount } = await writer.write(`delete from ${policyTable} where tenant_id = $1`, [
        action.tenant,
      ]);
      return rowCount === 0 ? `SQL: ${action.tenant} had no row` : `SQL: delete ${action.tenant}`;
    }
    case 'update all': {
      const sql = `update ${policyTable} set default_model = $1`;
      const { rowCount } = await writer.write(sql, [action.model]);
      return `SQL: update of ${rowCount.toLocaleString('en')} rows in one statement`;
    }
    case 'truncate':
      await writer.write(`truncate ${policyTable}`);
      return 'SQL: truncate';
    case 'insert examples':
      await insertExampleRows(writer);
      return 'SQL: the example rows are back';
    case 'kill sidecar':
      await sidecar.kill();
      return 'kill -9 of the sidecar';
    case 'start sidecar':
      sidecar.run();
      return 'the sidecar starts';
    case 'freeze':
    case 'thaw':
    default: {
      instances.find(({ name }) => name === action.instance)?.[action.kind]();
      return `instance ${action.instance}: ${action.kind === 'freeze' ? 'kill -STOP' : 'kill -CONT'}`;
    }
  }
}

const saveSql = `
  insert into ${policyTable} (tenant_id, default_model, default_provider, egress_mode, allow_remote_egress)
  values ($1, $2, $3, $4, $5)
  on conflict (tenant_id) do update set
    default_model = excluded.default_model, default_provider = excluded.default_provider,
    egress_mode = excluded.egress_mode, allow_remote_egress = excluded.allow_remote_egress`;
