// supabase-js, unmodified, over a function that answers in place of the network: for the answers that a healthy Data
// API never gives.
import { createClient } from '@supabase/supabase-js';
import type { SupabaseSource } from '../supabase/ask-supabase.ts';

export interface FakeDataApi {
  readonly supabase: SupabaseSource;
  readonly requests: Request[];
}

export function fakeDataApi(answer: (request: Request) => Response | Promise<Response>): FakeDataApi {
  const requests: Request[] = [];
  const supabase = createClient('http://data-api.invalid', 'a-service-key', {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: async (input, init) => {
        const request = new Request(input, init);
        requests.push(request);
        return answer(request);
      },
    },
  });
  return { supabase, requests };
}

export function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}

/** The answer of a Data API that says nothing: ends with the signal of the request. */
export function untilAborted(request: Request): Promise<Response> {
  const { promise, reject } = Promise.withResolvers<Response>();
  const end = (): void => reject(request.signal.reason);
  if (request.signal.aborted) end();
  else request.signal.addEventListener('abort', end);
  return promise;
}
