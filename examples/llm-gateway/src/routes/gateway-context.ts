// What a request carries from the door to its route, and how a route reads what was sent.
import type { Context } from 'hono';
import type * as z from 'zod';
import type { Caller } from '../access/caller.ts';
import { Refusal } from './refusal.ts';

export interface GatewayContext {
  readonly Variables: { readonly caller: Caller };
}

/** @throws Refusal 400 */
export async function readBody<T>(context: Context<GatewayContext>, schema: z.ZodType<T>): Promise<T> {
  const sent: unknown = await context.req.json().catch(() => {
    throw new Refusal(400, 'no_json', 'the body must be JSON');
  });
  return check(schema, sent, 'the body');
}

/** @throws Refusal 400 */
export function readQuery<T>(context: Context<GatewayContext>, schema: z.ZodType<T>): T {
  return check(schema, context.req.query(), 'the query');
}

function check<T>(schema: z.ZodType<T>, sent: unknown, what: string): T {
  const { data, error } = schema.safeParse(sent);
  if (error === undefined) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join('.') || what}: ${message}`);
  throw new Refusal(400, 'bad_request', problems.join('; '));
}

export function requireAdmin(context: Context<GatewayContext>): Caller {
  const caller = context.get('caller');
  if (caller.isAdmin) return caller;
  throw new Refusal(403, 'not_admin', 'only an admin of the tenant may do this (app_metadata.role)');
}
