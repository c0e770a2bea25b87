// What the status page shows at one moment, as JSON: a pure function of what the sidecar says of itself and what the
// observer saw. Every judgement and every sentence is made here; the page only draws.
import { formatPosition } from '@tidemark/protocol';
import type { CheckerStatus } from '../checker/checker-counts.ts';
import type { KnownInstance, LagPoint } from '../instances/instance-directory.ts';
import { boundOf, type Freshness, tidemarkAgeOf } from '../instances/judge-instance.ts';
import { type Observation, recordId, type SeenRecord } from '../observer/observer.ts';
import type { SidecarStatus } from '../sidecar.ts';
import { checkedText, staleText } from '../text/checked-text.ts';
import { durationText } from '../text/duration-text.ts';
import { type HintView, viewHint } from './hint-view.ts';
import { type NamespaceView, viewNamespace } from './namespace-view.ts';

export interface PageSnapshot {
  readonly verdict: Verdict;
  /** One sentence each. */
  readonly problems: readonly string[];
  readonly instances: readonly InstanceView[];
  readonly namespaces: readonly NamespaceView[];
  readonly tables: readonly TableView[];
  readonly hints: readonly HintView[];
  /** The newest first. */
  readonly records: readonly RecordView[];
}

interface Verdict {
  readonly tone: 'good' | 'odd' | 'bad';
  readonly sentence: string;
}

interface InstanceView {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly mode: string;
  readonly freshness: Freshness;
  readonly sentence: string | null;
  readonly position: string | null;
  /** Of the tidemark; for one that is silent, how old it must have become. */
  readonly age: string;
  readonly bound: string | null;
  readonly entries: string;
  readonly hitRate: string;
  readonly leases: string;
  readonly up: string;
  /** What the sparkline shows, in words. */
  readonly lag: string;
  readonly boundMs: number | null;
  /** Pairs of "how long ago" and the age of the tidemark then, the oldest first. */
  readonly lags: readonly (readonly [agoMs: number, tidemarkAgeMs: number | null])[];
}

type TableCounts = CheckerStatus['tables'][string];

interface TableView {
  readonly table: string;
  readonly namespace: string;
  readonly key: string | null;
  readonly problem: string | null;
  readonly isBestEffort: boolean;
  /** What the checker counted; null: it is off, or looks at other tables. */
  readonly checked: string | null;
  /** It found values that stayed stale beyond the bound. */
  readonly isStale: boolean;
}

interface RecordView {
  readonly id: string;
  readonly namespace: string;
  readonly position: string;
  readonly ago: string;
  readonly changes: readonly ChangeView[];
  /** What a record means that names no change. */
  readonly link: string | null;
}

interface ChangeView {
  readonly table: string;
  /** null: the whole table. */
  readonly keys: readonly string[] | null;
  /** Keys that are not among them. */
  readonly more: number;
}

/** More than these say nothing to a person. */
const shownKeys = 6;
const shownNames = 3;

/** What was seen by the last reading or two. */
const justNowMs = 1_500;

/** A key may be any text, of any length. */
const shownKeyLength = 80;

export function takeSnapshot(status: SidecarStatus, observation: Observation): PageSnapshot {
  const { instances, namespaces, records, refused } = observation;
  const loops = new Map(status.engine.namespaces.map((one) => [one.namespace, one.loop]));
  const tables = namespaces.flatMap(({ namespace, watch }) =>
    [...(watch?.tables ?? [])]
      .filter(([, watched]) => watched.namespace === namespace)
      .map(([table, { key = null, problem, isBestEffort = false }]) => ({
        table,
        namespace,
        key,
        problem,
        isBestEffort,
        ...viewChecked(status.checker?.tables[table]),
      })),
  );
  const hints = status.engine.hints.map(viewHint);
  const problems = [...status.problems];
  const stale = status.checker === undefined ? null : staleText(status.checker);
  if (stale !== null) problems.push(stale);
  if (refused > 0) {
    problems.push(
      `${refused} announcements could not be read: a stranger writes where instances do, or they are of another version`,
    );
  }
  return {
    verdict: judge({ status, observation, hints, tables }),
    problems,
    instances: instances.map(viewInstance),
    namespaces: namespaces.map(({ namespace, head }) =>
      viewNamespace(namespace, { head, loop: loops.get(namespace) }),
    ),
    tables,
    hints,
    records: records.map(viewRecord),
  };
}

interface Judged {
  readonly status: SidecarStatus;
  readonly observation: Observation;
  readonly hints: readonly HintView[];
  readonly tables: readonly TableView[];
}

/** The worst there is, in one sentence that changes only when things do: screen readers read it out. */
function judge({ status, observation, hints, tables }: Judged): Verdict {
  const { isHeard, instances } = observation;
  if (!isHeard) return { tone: 'bad', sentence: 'Redis does not answer this sidecar.' };
  const of = (freshness: Freshness): KnownInstance[] =>
    instances.filter((instance) => instance.freshness === freshness);
  for (const freshness of ['frozen', 'behind'] as const) {
    const some = of(freshness);
    if (some.length > 0) return { tone: 'bad', sentence: countText(some, instances) };
  }
  const [problem] = status.problems;
  if (problem !== undefined)
    return { tone: 'bad', sentence: `${instancesText(instances)}, and this sidecar is not ready.` };
  const unfollowed = tables.filter((table) => table.problem !== null);
  if (unfollowed.length > 0) {
    return {
      tone: 'bad',
      sentence: `Changes of ${unfollowed.map(({ table }) => table).join(', ')} may go unseen.`,
    };
  }
  if (tables.some(({ isStale }) => isStale)) {
    return {
      tone: 'bad',
      sentence: `${instancesText(instances)}, but the checker found stale values in L2.`,
    };
  }
  const starting = of('starting');
  if (starting.length > 0) return { tone: 'odd', sentence: countText(starting, instances) };
  if (hints.some(({ isWell }) => !isWell)) {
    return { tone: 'odd', sentence: `${instancesText(instances)}; a hint source is not listening.` };
  }
  return { tone: instances.length === 0 ? 'odd' : 'good', sentence: `${instancesText(instances)}.` };
}

/** `some` share their freshness. */
function countText(some: readonly KnownInstance[], all: readonly KnownInstance[]): string {
  const names = some.map(({ announcement }) => announcement.name).slice(0, shownNames);
  const rest = some.length > names.length ? ' and others' : '';
  const verb = some.length === 1 ? 'is' : 'are';
  return `${some.length} of ${all.length} instances ${verb} ${some[0]?.freshness}: ${names.join(', ')}${rest}.`;
}

function instancesText(instances: readonly KnownInstance[]): string {
  const fresh = instances.filter(({ freshness }) => freshness === 'fresh').length;
  if (instances.length === 0) return 'No instance has announced itself';
  if (fresh < instances.length) return `${fresh} of ${instances.length} instances are fresh`;
  if (fresh === 1) return 'The one instance is fresh';
  return fresh === 2 ? 'Both instances are fresh' : `All ${fresh} instances are fresh`;
}

function viewInstance(instance: KnownInstance): InstanceView {
  const { announcement, freshness, sentence, silentMs, hitRate, lags } = instance;
  const { instanceId, name, version, mode, upMs, l1, leases, namespaces } = announcement;
  const announcedMs = tidemarkAgeOf(announcement);
  const ageMs = announcedMs !== null && freshness === 'frozen' ? announcedMs + silentMs : announcedMs;
  const boundMs = boundOf(announcement);
  return {
    id: instanceId,
    name,
    version,
    mode,
    freshness,
    sentence,
    position: namespaces.find((one) => one.boundMs !== null)?.position ?? null,
    age: ageMs === null ? 'unknown' : durationText(ageMs),
    bound: boundMs === null ? null : durationText(boundMs),
    entries: l1.entries.toLocaleString('en'),
    hitRate: hitRate === null ? '–' : percentText(hitRate),
    leases: `${leases.live} of ${leases.regions}`,
    up: durationText(upMs),
    lag: lagText(lags),
    boundMs,
    lags: lags.map(({ agoMs, tidemarkAgeMs }) => [
      Math.round(agoMs),
      tidemarkAgeMs && Math.round(tidemarkAgeMs),
    ]),
  };
}

function lagText(lags: readonly LagPoint[]): string {
  const ages = lags.map(({ tidemarkAgeMs }) => tidemarkAgeMs).filter((ageMs) => ageMs !== null);
  const last = ages.at(-1);
  const what = 'Age of the tidemark over two minutes';
  if (last === undefined) return `${what}: unknown`;
  return `${what}: last ${durationText(last)}, at most ${durationText(Math.max(...ages))}`;
}

/** Close to everything the tenths count. */
function percentText(part: number): string {
  return `${(100 * part).toFixed(part > 0.99 && part < 1 ? 1 : 0)} %`;
}

function viewChecked(counts: TableCounts | undefined): Pick<TableView, 'checked' | 'isStale'> {
  if (counts === undefined) return { checked: null, isStale: false };
  return { checked: `checker: ${checkedText(counts)}`, isStale: counts.staleBeyondBound > 0 };
}

function viewRecord(seen: SeenRecord): RecordView {
  const { namespace, record, agoMs } = seen;
  const changes = [...record.changes].map(([table, keys]) => ({
    table,
    keys: keys === null ? null : keys.slice(0, shownKeys).map((key) => key.slice(0, shownKeyLength)),
    more: Math.max(0, (keys?.length ?? 0) - shownKeys),
  }));
  return {
    id: recordId(seen),
    namespace,
    position: formatPosition(record.position),
    ago: agoMs < justNowMs ? 'just now' : `${durationText(1_000 * Math.round(agoMs / 1_000))} ago`,
    changes,
    link: changes.length > 0 ? null : linkText(seen),
  };
}

/** Only the first record of a generation names no change. */
function linkText({ record: { previous } }: SeenRecord): string {
  return previous === null
    ? 'A new generation, linked to nothing: every instance starts anew.'
    : `A new generation, which goes on from ${formatPosition(previous)}: a sidecar took over, or its connection was lost.`;
}
