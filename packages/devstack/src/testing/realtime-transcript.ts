// The recordings of a real Realtime server, and what makes two runs comparable: what differs from run to run (hashes,
// times, random ids, tokens) is replaced by the order of its first appearance. Everything else is compared as text.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface TranscriptLine {
  readonly dir: 'in' | 'out' | 'note' | 'callback';
  readonly conn?: string;
  readonly raw?: string;
  readonly base64?: string;
  readonly note?: string;
  readonly sql?: string;
  readonly code?: number;
  readonly url?: string;
  readonly error?: string;
  readonly [more: string]: unknown;
}

const fixturesFolder: string = path.join(import.meta.dirname, '../../fixtures/realtime-transcripts');

export function transcriptNames(): readonly string[] {
  const files = readdirSync(fixturesFolder).filter((file) => file.endsWith('.jsonl'));
  return files.map((file) => file.slice(0, -'.jsonl'.length)).sort();
}

export function readTranscript(name: string): readonly TranscriptLine[] {
  const text = readFileSync(path.join(fixturesFolder, `${name}.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TranscriptLine);
}

/** One event of a connection, in words that can be compared. */
export interface Seen {
  /** The topic of a frame; `socket` for what happens to the socket itself. */
  readonly topic: string;
  readonly text: string;
}

export function seenFrame(data: string | Buffer, normaliser: Normaliser): Seen {
  if (typeof data !== 'string') {
    const { topic, text } = readBinary(data);
    return { topic, text: normaliser.normalise(text) };
  }
  const parsed: unknown = JSON.parse(data);
  const topic: unknown = Array.isArray(parsed) ? parsed[2] : (parsed as { topic?: unknown }).topic;
  return { topic: String(topic), text: normaliser.normalise(data) };
}

/** kind 4: three lengths, the encoding, three texts, the payload. */
function readBinary(data: Buffer): { topic: string; text: string } {
  const [kind, topicBytes, eventBytes, metaBytes, encoding] = data;
  const headerBytes = 5;
  const lengths = [topicBytes ?? 0, eventBytes ?? 0, metaBytes ?? 0];
  let at = headerBytes;
  const [topic, event, meta] = lengths.map((length) => data.toString('utf8', at, (at += length)));
  const text = `binary ${kind} ${encoding} ${topic} ${event} ${meta} ${data.toString('utf8', at)}`;
  return { topic: topic ?? '', text };
}

const tokenPattern = /eyJ[\w-]+\.[\w-]+\.[\w-]+/g;

export class Normaliser {
  readonly #bindings = new Map<string, string>();
  readonly #uuids = new Map<string, string>();
  readonly #isFolded: boolean;

  /** Folded: the counter that the writer of a case counts up is left out, so that its events are equal. */
  constructor({ isFolded }: { isFolded: boolean }) {
    this.#isFolded = isFolded;
  }

  normalise(text: string): string {
    const normal = text
      .replace(tokenPattern, '<token>')
      .replace(/Token has expired \d+ seconds ago/g, 'Token has expired <n> seconds ago')
      .replace(/"commit_timestamp":"[^"]+"/g, '"commit_timestamp":<time>')
      // Times a case wrote itself are the same in both runs; those of clocks are of the day.
      .replace(/"(?!2026-01-01)\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)"/g, '<time>')
      .replace(/\{"id":(\d+),/g, (_all, id: string) => `{"id":${inOrder(this.#bindings, id, 'binding')},`)
      .replace(/"ids":\[([\d,]+)\]/g, (_all, ids: string) => {
        const names = ids.split(',').map((id) => inOrder(this.#bindings, id, 'binding'));
        return `"ids":[${names.sort().join(',')}]`;
      })
      .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, (id) =>
        this.#isFolded ? '<uuid>' : inOrder(this.#uuids, id, 'uuid'),
      );
    return this.#isFolded ? normal.replace(/"(v|n|max_tokens)": ?\d+/g, '"$1": <n>') : normal;
  }
}

function inOrder(known: Map<string, string>, id: string, word: string): string {
  let name = known.get(id);
  if (name === undefined) {
    name = `<${word} ${known.size + 1}>`;
    known.set(id, name);
  }
  return name;
}

/** The tokens of a frame, replaced. */
export async function replaceTokens(
  raw: string,
  replace: (payload: Readonly<Record<string, unknown>>) => Promise<string>,
): Promise<string> {
  let result = raw;
  for (const token of raw.match(tokenPattern) ?? []) {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
    const fresh = await replace(JSON.parse(payload) as Readonly<Record<string, unknown>>);
    result = result.replaceAll(token, fresh);
  }
  return result;
}

export function fold(texts: readonly string[]): readonly string[] {
  return texts.filter((text, index) => text !== texts[index - 1]);
}
