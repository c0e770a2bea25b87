// A Realtime channel as a line that hints come over: when it listens, when it failed, with which token it joins. Whether it
// is silent is judged by watched-line.ts.
import { REALTIME_SUBSCRIBE_STATES, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import {
  type Announced,
  type Line,
  type LineEvents,
  WatchedLine,
  type WatchedLineOptions,
} from './watched-line.ts';

export interface RealtimeChannelOptions extends Omit<WatchedLineOptions, 'open' | 'prepare'> {
  readonly supabase: SupabaseClient;
  /** Makes the channel with its listeners, not yet subscribed. `attempt` makes a topic unique where it may be any. */
  readonly open: (attempt: number, heard: (announced: Announced) => void) => RealtimeChannel;
  /** postgres_changes delivers nothing before the server's system message says ok; SUBSCRIBED alone proves nothing. */
  readonly needsSystemOk: boolean;
}

export class WatchedChannel extends WatchedLine {
  constructor(options: RealtimeChannelOptions) {
    super({
      ...options,
      open: (attempt, events) => subscribe(options, { attempt, events }),
      // A new channel joins with the token of now: the one before it may have expired.
      prepare: () => options.supabase.realtime.setAuth(),
    });
  }
}

function subscribe(
  { supabase, open, needsSystemOk }: RealtimeChannelOptions,
  { attempt, events }: { readonly attempt: number; readonly events: LineEvents },
): Line {
  const channel = open(attempt, (announced) => events.heard(announced));
  channel.on('system', {}, (message: { extension?: string; status?: string; message?: string }) => {
    if (message.extension !== 'postgres_changes') return;
    if (message.status === 'ok') events.listening();
    else events.failed(message.message ?? 'the server refused the subscription');
  });
  channel.subscribe((status, error) => {
    if (status !== REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) events.failed(error?.message ?? status);
    else if (!needsSystemOk) events.listening();
  });
  return { close: () => supabase.removeChannel(channel) };
}
