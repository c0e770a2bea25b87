// What a running sidecar says of itself over HTTP. Reads only, and knows that it may be another version of the sidecar.
import { type Clock, deadlineIn } from '@tidemark/protocol';
import type { LossCounts } from '@tidemark/engine';
import * as z from 'zod';
import type { CheckerStatus } from '../checker/checker-counts.ts';
import { defaultHost, defaultPort } from '../config/defaults.ts';
import { hostSchema, portSchema } from '../config/schemas.ts';
import type { SettingReader } from '../config/setting-reader.ts';

const deadlineMs = 2_000;

/** The part of its answer that is shown. */
interface SidecarState {
  readonly isReady: boolean;
  readonly problems: readonly string[];
  readonly engine: {
    readonly namespaces: readonly { readonly namespace: string; readonly loop: { readonly kind: string } }[];
    readonly hints: readonly {
      readonly name: string;
      readonly state: string;
      readonly heard: number;
      readonly silences: number;
      readonly announced?: LossCounts | undefined;
    }[];
  };
  /** Absent where it is off, or not known yet. */
  readonly checker?: Pick<CheckerStatus, 'sampled' | 'agreed' | 'staleBeyondBound'> | undefined;
}

const announced: z.ZodType<LossCounts> = z.object({
  inTime: z.number(),
  late: z.number(),
  never: z.number(),
  away: z.number(),
  medianDelayMs: z.number().nullable(),
});

const answer: z.ZodType<SidecarState> = z.object({
  isReady: z.boolean(),
  problems: z.array(z.string()),
  engine: z.object({
    namespaces: z.array(z.object({ namespace: z.string(), loop: z.object({ kind: z.string() }) })),
    hints: z.array(
      z.object({
        name: z.string(),
        state: z.string(),
        heard: z.number(),
        silences: z.number(),
        announced: announced.optional(),
      }),
    ),
  }),
  checker: z.object({ sampled: z.number(), agreed: z.number(), staleBeyondBound: z.number() }).optional(),
});

export type SidecarAnswer =
  | ({ readonly kind: 'answered'; readonly url: string } & SidecarState)
  | { readonly kind: 'silent'; readonly url: string; readonly reason: string };

/** Where a sidecar with these settings listens, seen from the same machine. */
export function sidecarUrl(settings: SettingReader): string {
  const host = settings.read('TIDEMARK_HOST', hostSchema) ?? defaultHost;
  const port = settings.read('TIDEMARK_PORT', portSchema) ?? defaultPort;
  const reachable = host === '0.0.0.0' || host === '::' ? defaultHost : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

export async function askSidecar(url: string, clock: Clock): Promise<SidecarAnswer> {
  using deadline = deadlineIn(clock, deadlineMs);
  try {
    const response = await fetch(new URL('/readyz', url), { signal: deadline.signal });
    const { data } = answer.safeParse(await response.json());
    if (data === undefined) return { kind: 'silent', url, reason: 'what answers there is no sidecar' };
    return { kind: 'answered', url, ...data };
  } catch (error) {
    return { kind: 'silent', url, reason: reasonOf(error) };
  }
}

export type HealthAnswer =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'silent'; readonly reason: string };

/** Only the status: what a probe goes by. */
export async function askHealth(url: URL, clock: Clock): Promise<HealthAnswer> {
  using deadline = deadlineIn(clock, deadlineMs);
  try {
    const { status } = await fetch(url, { signal: deadline.signal });
    return { kind: 'answered', status };
  } catch (error) {
    return { kind: 'silent', reason: reasonOf(error) };
  }
}

/** "fetch failed" alone helps nobody. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
