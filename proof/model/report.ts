// What a run of the model says: as lines on a terminal, and as docs/model.md.
import type { KnockOutResult } from './run-searches.ts';
import type { SearchResult } from './search.ts';

function number(value: number): string {
  return value.toLocaleString('en-US');
}

export function describeBaseline(baselines: readonly SearchResult[]): string {
  const sum = (of: (result: SearchResult) => number): string =>
    number(baselines.reduce((total, result) => total + of(result), 0));
  const found = baselines.filter((result) => result.found !== undefined).length;
  const verdict = found === 0 ? 'no promise broken' : `${found} promises broken`;
  return `${sum((result) => result.walks)} walks, ${sum((result) => result.steps)} steps, ${sum((result) => result.checks)} values judged: ${verdict}`;
}

export function describeFinding({ knockOut, result }: KnockOutResult): string {
  const { found, steps } = result;
  if (found === undefined) return `not found in ${number(steps)} steps`;
  if (found.seed !== null) return `${found.promise} after ${number(steps)} steps`;
  const condition = knockOut.backup === undefined ? '' : `, only together with *${knockOut.backup}*`;
  return `${found.promise} by its schedule of ${number(found.trace.length)} lines${condition}`;
}

const opening = `# What the model finds

Written by \`npm run model -- --write\`. The real cache and the real engine run in one process over a modelled network,
Redis and database, with a clock that stands still until it is moved; an adversary with a seed decides what happens
next, and after each step every value that an instance would serve is judged. [SPEC.md](SPEC.md) says what is judged.

Instances run beside sidecars, with the engine inside (embedded), or without Redis; they read one key, several at once
(\`getMany\`), and with an L1 of one entry, so that L2 is asked often. Best effort is not in the model: R1 is not claimed
for it.

Situations are sampled, not enumerated: a walk that finds nothing proves nothing about the walks that were not taken.
`;

const explanation = `Most are found by searching walks, from the first seed on. Races that chance would hardly ever meet have a schedule,
written for them (\`proof/model/schedules.ts\`); on the same schedule the product as it is breaks nothing. *Only together
with* means that each of the two guards keeps the promise when the other one is gone, and neither of them is needless:
the schedule is clean with either, and breaks the promise without both. \`npm test\` takes every schedule, and the walk of
every seed that was found (\`proof/model/seeds.json\`).
`;

/** docs/model.md, whole. */
export function formatReport(baselines: readonly SearchResult[], results: readonly KnockOutResult[]): string {
  const found = results.filter(({ result }) => result.found !== undefined).length;
  const rows = results.map(
    (one) => `| ${one.knockOut.name} | ${one.knockOut.removes} | ${describeFinding(one)} |`,
  );
  return [
    opening,
    `As it is: ${describeBaseline(baselines)}.`,
    '',
    `One mechanism taken away: ${found} of ${results.length} are found.`,
    '',
    explanation,
    '| knocked out | what is gone | found |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
