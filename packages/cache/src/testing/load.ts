// Writers and readers of a fault run: they go on until stopped, on one table whose rows hold nothing but a version.
import { setTimeout as pause } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Region } from '../region.ts';
import type { History } from './history.ts';

export interface Versioned {
  readonly version: number;
}

export interface LoadOptions {
  readonly pool: Pool;
  readonly history: History;
  readonly regions: readonly Region<Versioned>[];
  readonly writers: number;
  /** Default {@link itemTable}. */
  readonly table?: string;
}

export const itemTable = 'public.item';

export interface ItemPlace {
  readonly table: string;
  readonly namespace: string;
  /** What the keys of its region begin with. */
  readonly prefix: string;
}

const firstPlace: ItemPlace = { table: itemTable, namespace: 'main', prefix: 'copilot:item' };

/** The rows, version 0 each, and the journal on their table. */
export function createItems(pool: Pool, history: History, count: number): Promise<void> {
  return createItemsIn(firstPlace, { pool, history, count });
}

export interface NewItems {
  readonly pool: Pool;
  readonly history: History;
  readonly count: number;
}

/** The same in another table, of another namespace. */
export async function createItemsIn(
  { table, namespace, prefix }: ItemPlace,
  { pool, history, count }: NewItems,
): Promise<void> {
  await pool.query(`create table ${table} (id text primary key, version integer not null)`);
  await pool.query(`select tidemark.track($1, 'id', array[$2], $3)`, [table, prefix, namespace]);
  for (let index = 0; index < count; index += 1) {
    await pool.query(`insert into ${table} values ($1, 0)`, [`k${index}`]);
    history.committed(`k${index}`, performance.now());
  }
}

export async function loadItem(pool: Pool, key: string, table = itemTable): Promise<Versioned | null> {
  const { rows } = await pool.query<Versioned>(`select version from ${table} where id = $1`, [key]);
  return rows[0] ?? null;
}

/** Starts the load. @returns how to stop it, and the errors that readers saw */
export function startLoad(options: LoadOptions): { stop(): Promise<void>; takeErrors(): string[] } {
  const { pool, history, regions, writers, table = itemTable } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const keys = history.keys;
  const held = new Set<string>();
  let errors: string[] = [];

  async function write(): Promise<void> {
    while (!signal.aborted) {
      const key = pick(keys);
      // One writer per key at a time: the order of versions must be the order of commits.
      if (!held.has(key)) {
        held.add(key);
        await writeNext(key);
        held.delete(key);
      }
      await pause(Math.random() * 20);
    }
  }

  async function writeNext(key: string): Promise<void> {
    const version = history.latest(key) + 1;
    try {
      await pool.query(`update ${table} set version = $2 where id = $1`, [key, version]);
      history.committed(key, performance.now());
    } catch {
      // The outcome is unknown: what the database holds when it answers again decides.
      const row = await untilAnswered(() => loadItem(pool, key, table));
      if (row?.version === version) history.committed(key, performance.now());
    }
  }

  async function read(region: Region<Versioned>): Promise<void> {
    for (let count = 0; !signal.aborted; count += 1) {
      const key = pick(keys);
      const startedMs = performance.now();
      try {
        const item = region.peek(key) ?? (await region.get(key));
        history.answered(key, item?.version ?? -1, startedMs);
      } catch (error) {
        errors.push(String(error));
      }
      if (count % 20 === 0) await pause(1);
    }
  }

  const tasks = [...Array.from({ length: writers }, write), ...regions.map(read)];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(tasks);
    },
    takeErrors() {
      const taken = errors;
      errors = [];
      return taken;
    },
  };
}

/** @returns the keys whose newest version a region does not answer with */
export async function findSurvivors(
  regions: readonly Region<Versioned>[],
  history: History,
): Promise<string[]> {
  const survivors: string[] = [];
  for (const [instance, region] of regions.entries()) {
    for (const key of history.keys) {
      const item = await region.get(key);
      if (item?.version !== history.latest(key)) survivors.push(`${key} on instance ${instance}`);
    }
  }
  return survivors;
}

async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await pause(20);
    }
  }
}

function pick(keys: readonly string[]): string {
  return keys[Math.floor(Math.random() * keys.length)] ?? '';
}
