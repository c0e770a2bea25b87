// Who is measured, where its adapter is, and which version of it. Each adapter says how its peer is configured, and why.
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import type { Entrant } from '../contest/contestant-process.ts';
import type { Job, ReadSetting } from './read-job.ts';

export type Peer = (typeof adapters)[number];

const adapters = [
  'tidemark',
  'tidemark-config',
  'lru-cache',
  'ioredis',
  'bentocache',
  'layered-loader',
  'cacheable',
  'async-cache-dedupe',
  'cache-manager',
  'node-redis',
] as const;

/** What npm calls it, where that is another word. */
const packages: Partial<Record<Peer, string>> = {
  'node-redis': '@redis/client',
  tidemark: '@tidemark/cache',
  'tidemark-config': '@tidemark/stores',
};

export interface Reading {
  /** In tables and plots. */
  readonly label: string;
  readonly peer: Peer;
  readonly job: Job;
  /** What only this peer understands. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function toEntrant({ label, peer, job, extra = {} }: Reading, setting: ReadSetting): Entrant {
  return {
    name: label,
    module: new URL(`${peer}.ts`, import.meta.url).href,
    contestant: job,
    // A key in Redis belongs to one contestant.
    setting: { ...setting, prefix: `${setting.prefix}-${label.replaceAll(/\W+/g, '-')}`, ...extra },
  };
}

/** @returns by name, from the manifest of what was really loaded */
export async function versionsOf(peers: Iterable<Peer>): Promise<Record<string, string>> {
  const entries = [...new Set(peers)].map(async (peer): Promise<[string, string]> => {
    const name = packages[peer] ?? peer;
    const manifest = findPackageJSON(name, import.meta.url);
    if (manifest === undefined) throw new Error(`${name} has no package.json`);
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
    return [name, version];
  });
  return Object.fromEntries(await Promise.all(entries));
}
