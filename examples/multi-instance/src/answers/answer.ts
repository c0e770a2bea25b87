// An answer of an instance as one short text, and the same text from the row that it should come from. Equal texts are
// how an answer is recognised: the judging never asks the cache whether it is right.
import { type Route, resolveRoute, type TenantLlmPolicy } from '@tidemark/stores';
import { providers, routerDefaults } from '../instance/model-routing.ts';

/** The body of `GET /route`. */
export type RouteReply = { readonly isHit: boolean } & (
  | { readonly route: Route }
  | { readonly error: { readonly code: string; readonly message: string } }
);

/** Answers that the policy itself asks for; every other error is a failure of a part. */
const refusals: ReadonlySet<string> = new Set(['LOCAL_PROVIDER_MISSING', 'PROVIDER_UNKNOWN']);

/** @returns undefined when the instance could not answer */
export function textOfReply(reply: RouteReply): string | undefined {
  if ('route' in reply) return textOfRoute(reply.route);
  return refusals.has(reply.error.code) ? `refused: ${reply.error.code}` : undefined;
}

/** @param policy null: there is no row */
export function textOfPolicy(policy: TenantLlmPolicy | null): string {
  try {
    const route = resolveRoute(policy, {}, routerDefaults);
    if (!providers.some(({ name }) => name === route.provider)) return 'refused: PROVIDER_UNKNOWN';
    return textOfRoute(route);
  } catch (error) {
    if (error instanceof Error && 'code' in error && refusals.has(String(error.code))) {
      return `refused: ${String(error.code)}`;
    }
    throw error;
  }
}

function textOfRoute({ provider, model, effectiveMode, decidedBy }: Route): string {
  return `${provider} / ${model}, ${effectiveMode}${decidedBy === 'router' ? ' (no policy)' : ''}`;
}
