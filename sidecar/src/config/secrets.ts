// What of a configuration must never be shown, as the texts that libraries might repeat in a message.
import type { SidecarConfig } from './config.ts';

export function secretsOf({ supabase, databaseUrl, redisUrl }: SidecarConfig): string[] {
  const urls = [redisUrl, databaseUrl].filter((url) => url !== undefined);
  return [
    ...(supabase === undefined ? [] : [supabase.serviceRoleKey]),
    ...urls.flatMap((url) => {
      const { password } = new URL(url);
      return password === '' ? [] : [password, decodeURIComponent(password)];
    }),
  ];
}
