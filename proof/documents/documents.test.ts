// The documentation is of one piece: what it links to, and the commands it names, are there. That its examples compile is
// checked by scripts/doc-examples.ts, that its tables are true beside the code they tell of.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const documents = globSync('{*.md,{docs,supabase,sidecar,proof,bench}/*.md,{packages,examples}/*/*.md}', {
  cwd: root,
});

/** Those that are promised, with a heading that each must have. */
const promised = [
  ['ARCHITECTURE.md', 'Races and what closes them'],
  ['ARCHITECTURE.md', 'When something is down'],
  ['docs/cache-control.md', 'When to enable what'],
  ['docs/environment.md', 'App instances'],
  ['docs/stores.md', 'In memory or on Supabase'],
  ['docs/migrate-from-cache-aside.md', 'What is different afterwards'],
] as const;

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** As a reader's browser is sent there. */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documentation (#39)', () => {
  test.each(promised)('%s has "%s", and README.md leads there', (document, heading) => {
    expect(read(document)).toContain(`\n## ${heading}\n`);
    expect(read('README.md')).toContain(`](${document})`);
  });

  test.each(documents)('%s links to what is there', (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const missing = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? document : path.join(path.dirname(document), file);
      if (!existsSync(path.join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
    });
    expect(missing).toEqual([]);
  });

  test('names npm commands that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((document) =>
      [...read(document).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('of the environment tells of every variable that the documents name', () => {
    const isVariable = /`((?:ENABLE|TIDEMARK|COPILOT|REDIS|SUPABASE|[A-Z]+_CACHE)_[A-Z_]+)`/g;
    // An example has a page of its own, with what only it reads.
    const named = documents
      .filter((document) => !document.startsWith('examples/'))
      .flatMap((document) => [...read(document).matchAll(isVariable)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(20);
    const known = read('docs/environment.md');
    expect([...new Set(named)].filter((name) => !known.includes(`\`${name}\``))).toEqual([]);
  });
});
