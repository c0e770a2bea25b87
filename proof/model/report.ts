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
  if (found !== undefined) return `${found.promise} after ${number(steps)} steps`;
  const why = knockOut.backedUpBy === undefined ? '' : `: ${knockOut.backedUpBy}`;
  return `not found in ${number(steps)} steps${why}`;
}

/** docs/model.md, whole. */
export function formatReport(baselines: readonly SearchResult[], results: readonly KnockOutResult[]): string {
  const found = results.filter(({ result }) => result.found !== undefined).length;
  const rows = results.map(
    (one) => `| ${one.knockOut.name} | ${one.knockOut.removes} | ${describeFinding(one)} |`,
  );
  return [
    '# What the model finds',
    '',
    'Written by `npm run model -- --write`. The real cache and the real engine run in one process over a modelled network,',
    'Redis and database, with a clock that stands still until it is moved; an adversary with a seed decides what happens',
    'next, and after each step every value that an instance would serve is judged. [SPEC.md](SPEC.md) says what is judged.',
    '',
    'Situations are sampled, not enumerated: a walk that finds nothing proves nothing about the walks that were not taken.',
    '',
    `As it is: ${describeBaseline(baselines)}.`,
    '',
    `One mechanism taken away: ${found} of ${results.length} are found.`,
    '',
    '| knocked out | what is gone | found |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
