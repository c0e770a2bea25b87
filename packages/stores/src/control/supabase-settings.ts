// Where Supabase is and with which key. Required wherever memory may not take its place. Never shows the key.
import type { EnvironmentReader } from './environment-reader.ts';
import { describeNodeEnv, type RuntimeMode } from './runtime-mode.ts';

export type SupabaseSettings =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'supabase';
      readonly url: string;
      /** For the client, never for a log. */
      readonly serviceRoleKey: string;
    };

/** How Supabase names the URL that spreads reads over replicas. */
const loadBalancedHost = /-all\.supabase\.(?:co|in|red)$/;

export function readSupabaseSettings(reader: EnvironmentReader, mode: RuntimeMode): SupabaseSettings {
  const url = reader.text('SUPABASE_URL');
  const serviceRoleKey = reader.text('SUPABASE_SERVICE_ROLE_KEY');
  if (url === undefined && serviceRoleKey === undefined && mode.isMemoryAllowed) return { kind: 'none' };

  if (url === undefined) report(reader, mode, 'SUPABASE_URL');
  else checkUrl(reader, url);
  if (serviceRoleKey === undefined) report(reader, mode, 'SUPABASE_SERVICE_ROLE_KEY');
  if (url === undefined || serviceRoleKey === undefined) return { kind: 'none' };
  return { kind: 'supabase', url, serviceRoleKey };
}

function report(reader: EnvironmentReader, mode: RuntimeMode, variable: string): void {
  const reason = mode.isMemoryAllowed
    ? 'when the other half of the Supabase settings is'
    : `outside NODE_ENV=development and test (${describeNodeEnv(mode)})`;
  reader.report(`${variable} must be set ${reason}, got nothing`);
}

function checkUrl(reader: EnvironmentReader, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    reader.report('SUPABASE_URL must be an http:// or https:// URL, got something else');
  } else if (loadBalancedHost.test(url.hostname)) {
    // R1 needs reads that see every commit; a replica behind the balancer may lag.
    reader.report(
      `SUPABASE_URL must lead to the primary, got the load balancer ${url.hostname}; drop -all from the name`,
    );
  }
}
