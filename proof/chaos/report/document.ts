// Writes docs/chaos.md: one chapter for Tidemark, one for the control, each replaced by the run that measured it last.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ChaosOptions } from '../options.ts';
import type { Row } from '../row.ts';
import { markdown } from './report.ts';

const file = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'chaos.md');

const introduction = `# The fault run

\`npm run chaos\` runs three instances, two sidecars and a writer as processes of their own against a real PostgreSQL and
a real Redis, breaks something, and judges afterwards what every read answered. This file is written by
\`npm run chaos -- --write\`; it is the last run that was asked to.

- **reads**: answers that were checked. **beyond B**: a newer version had been known to its writer for longer than B when
  the read began (R1). **worst ms**: the same for the stalest read of the row. **stale reads**: those within B.
- **survivors**: rows of which an instance answers an older version after it has proved the last write (R2).
- **own misses**: reads right after an own write, and reads with \`fresh: true\`, older than what was known before (R3).
- **invented**: versions that nobody had written, or that a crash had undone.
- **errors**: reads that failed although the source did not (R4). **source errors**: reads that needed the source while
  the fault had broken it.
- **backwards**: reads that began after a newer answer had ended on the same instance; **overlapping**: those that had
  begun before it ended. Both are allowed within B: the promise is a bound, not an order.
- **loads**, **most per key**: calls of the loader; and of the row and instance with the most.
- **lost commits**: acknowledged, and gone after the crash of the one row that is about it.
- **trust ms**: from the end of the fault until every instance had proved a moment after it (R6).
`;

const titles = { tidemark: 'Tidemark', naive: 'The control: cache-aside with pub/sub DEL' } as const;

/** @returns the file */
export async function writeDocument(rows: readonly Row[], options: ChaosOptions): Promise<string> {
  const before = await readFile(file, 'utf8').catch(() => '');
  const chapters = (['tidemark', 'naive'] as const).map((contestant) =>
    contestant === options.contestant
      ? markdown({ title: titles[contestant], options, rows })
      : chapterOf(before, titles[contestant]),
  );
  await writeFile(file, [introduction, ...chapters.filter((chapter) => chapter !== '')].join('\n'));
  return 'docs/chaos.md';
}

/** A chapter of the file as it is. */
function chapterOf(text: string, title: string): string {
  const from = text.indexOf(`## ${title}\n`);
  if (from === -1) return '';
  const next = text.indexOf('\n## ', from + 1);
  return next === -1 ? text.slice(from) : text.slice(from, next + 1);
}
