// The rounds in a process of their own, with notes of when a hint was heard and when the journal was read. The notes are
// told when the parent asks, so that telling takes no time from a round.
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import {
  createEngine,
  directHints,
  type HintSource,
  postgresJournal,
  realtimeHints,
  supabaseJournal,
} from '@tidemark/engine';
import { type Journal, type JournalGlance, silentLogger } from '@tidemark/protocol';
import type { ReadStamp, SidecarOrder, SidecarReport } from '../messages.ts';
import { stampMs } from '../stamp.ts';

const order = JSON.parse(process.argv[2] ?? '') as SidecarOrder;
let rungMs: number[] = [];
let reads: ReadStamp[] = [];

function client(): SupabaseClient {
  return createClient(order.supabaseUrl, order.serviceRoleKey, { auth: { persistSession: false } });
}

function noting(journal: Journal): Journal {
  return {
    ...journal,
    read: (request) => note(journal.read(request)),
    glance: (request) => note(journal.glance?.(request) ?? Promise.resolve(null)),
  };
}

async function note<T extends JournalGlance | null>(reading: Promise<T>): Promise<T> {
  const startedMs = stampMs();
  const read = await reading;
  const endedMs = stampMs();
  const keys = read?.changes.flatMap(({ keys }) => keys ?? []) ?? [];
  if (keys.length > 0) reads.push({ startedMs, endedMs, keys });
  return read;
}

function notingHints(source: HintSource): HintSource {
  return {
    ...source,
    start(host) {
      source.start({
        ...host,
        ring(hint) {
          rungMs.push(stampMs());
          host.ring(hint);
        },
      });
    },
  };
}

function hints(): HintSource[] {
  if (order.hint === 'timer') return [];
  if (order.hint === 'direct') {
    return [directHints({ connectionString: order.databaseUrl, logger: silentLogger })];
  }
  return [realtimeHints({ supabase: client(), kinds: [order.hint], logger: silentLogger })];
}

const isDirect = order.journal === 'direct';
const engine = createEngine({
  journal: noting(
    isDirect ? postgresJournal({ connectionString: order.databaseUrl }) : supabaseJournal(client()),
  ),
  hints: hints().map(notingHints),
  roundEvery: isDirect ? '100ms' : '250ms',
});
engine.start({ redis: order.redisUrl, keyPrefix: 'copilot' });

process.on('message', () => {
  const report: SidecarReport = { status: engine.status(), rungMs, reads };
  rungMs = [];
  reads = [];
  process.send?.(report);
});
process.once('disconnect', () => process.exit());
