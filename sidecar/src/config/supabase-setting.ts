// Where Supabase is and with which key. A wrong key is told from its own text where that is possible: the anon key is the
// one most often pasted instead.
import * as z from 'zod';
import { setting } from './schemas.ts';
import type { SettingReader } from './setting-reader.ts';

export interface SupabaseConfig {
  readonly url: string;
  /** For clients, never for a log. */
  readonly serviceRoleKey: string;
}

/** How Supabase names the URL that spreads reads over replicas. */
const loadBalanced = /-all\.supabase\.(?:co|in|red)$/;

const apiPath = /\/(?:rest|realtime|auth|storage)\/v1\/?$/;

const urlSchema = setting((text, refuse) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    return refuse('must be an http:// or https:// URL, got something else: copy the URL of the project');
  }
  if (loadBalanced.test(url.hostname)) {
    // R1: what a replica behind the balancer says may lag behind the primary, and nobody could tell.
    return refuse(
      `must lead to the primary, got the load balancer ${url.hostname}: use ${url.hostname.replace('-all.', '.')}`,
    );
  }
  if (apiPath.test(url.pathname)) {
    return refuse(
      `must be the URL of the project, got one that ends in ${url.pathname}: leave that path out`,
    );
  }
  return text.replace(/\/+$/, '');
});

const keySchema = setting((text, refuse) => {
  if (text.startsWith('sb_secret_')) return text;
  if (text.startsWith('sb_publishable_')) {
    return refuse('must be a secret key, got the publishable key: copy the one that starts with sb_secret_');
  }
  const role = roleOf(text);
  if (role === 'service_role') return text;
  return refuse(
    role === undefined
      ? 'must be the service_role key (a JWT) or a secret key (sb_secret_...), got neither: copy it from the API settings'
      : `must be the service_role key, got the key of the role ${role}: copy the key marked service_role from the API settings`,
  );
});

/** Who a JWT says it is for. Not verified: Supabase does that. */
function roleOf(jwt: string): string | undefined {
  const [, payload, signature] = jwt.split('.');
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return z.object({ role: z.string().regex(/^\w{1,63}$/) }).parse(claims).role;
  } catch {
    return undefined;
  }
}

/** Reports what is missing: both parts are needed, or neither where the journal is read over a direct connection. */
export function readSupabase(reader: SettingReader): SupabaseConfig | undefined {
  const url = reader.read('SUPABASE_URL', urlSchema);
  const serviceRoleKey = reader.read('SUPABASE_SERVICE_ROLE_KEY', keySchema);
  const parts = ['SUPABASE_URL', 'SUPABASE_SERVICE_ROLE_KEY'] as const;
  const isOptional = reader.has('DATABASE_URL') && !parts.some((part) => reader.has(part));
  if (!isOptional) {
    for (const part of parts) {
      if (!reader.has(part)) {
        reader.report(`${part} must be set, got nothing: copy it from the API settings of the project`);
      }
    }
  }
  return url === undefined || serviceRoleKey === undefined ? undefined : { url, serviceRoleKey };
}
