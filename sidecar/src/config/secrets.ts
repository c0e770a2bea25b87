// What of a configuration must never be shown, as the texts that libraries might repeat in a message.
import type { SidecarConfig } from './config.ts';
import { passwordsOf, redisSecrets } from './redis-config.ts';

export function secretsOf({ supabase, databaseUrl, redis }: SidecarConfig): string[] {
  return [
    ...(supabase === undefined ? [] : [supabase.serviceRoleKey]),
    ...redisSecrets(redis),
    ...(databaseUrl === undefined ? [] : passwordsOf(databaseUrl)),
  ];
}
