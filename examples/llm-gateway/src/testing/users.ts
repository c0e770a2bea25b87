// Accounts of the local stack with tokens as Supabase signs them: the tenant and the role in app_metadata.
import { createClient } from '@supabase/supabase-js';
import type { Stack } from '@tidemark/devstack';

/** What accounts are made with. */
export type Accounts = Pick<Stack, 'url' | 'anonKey' | 'signJwt'>;

export interface User {
  readonly id: string;
  readonly token: string;
}

export interface UserOptions {
  readonly tenantId: string;
  readonly role?: 'admin' | 'operator';
}

export async function signUp(stack: Accounts, { tenantId, role }: UserOptions): Promise<User> {
  const supabase = createClient(stack.url, stack.anonKey, { auth: { persistSession: false } });
  const { data, error } = await supabase.auth.signUp({
    email: `${crypto.randomUUID()}@example.com`,
    password: crypto.randomUUID(),
  });
  if (error !== null) throw error;
  const id = data.user?.id ?? '';
  const token = await stack.signJwt({
    sub: id,
    aud: 'authenticated',
    role: 'authenticated',
    app_metadata: { tenant_id: tenantId, ...(role !== undefined && { role }) },
  });
  return { id, token };
}
