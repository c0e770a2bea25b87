// What the documentation says of the mutations, as tables, and where in which page they stand.
import { mutations } from './mutations.ts';
import type { Mutation } from './mutation.ts';

export interface MutationTable {
  readonly page: string;
  /** Of the section that holds nothing else. */
  readonly heading: string;
  readonly isListed: (mutation: Mutation) => boolean;
}

export const mutationTables: readonly MutationTable[] = [
  {
    page: 'docs/SPEC.md',
    heading: '## What each invariant rests on',
    isListed: ({ keeps }) => keeps.startsWith('I'),
  },
  {
    page: 'docs/requirements-mutations.md',
    heading: '## What the rows rest on',
    isListed: ({ keeps }) => keeps.startsWith('#'),
  },
];

/** @throws when the page has no such section */
export function withMutations(text: string, { page, heading, isListed }: MutationTable): string {
  const start = text.indexOf(`${heading}\n`);
  if (start === -1) throw new Error(`${page} has no section "${heading}"`);
  const next = text.indexOf('\n## ', start + 1);
  const section = formatSection(heading, mutations.filter(isListed));
  return text.slice(0, start) + section + (next === -1 ? '' : text.slice(next));
}

function formatSection(heading: string, listed: readonly Mutation[]): string {
  return [
    heading,
    '',
    'Each line is taken out in a private clone, and the test must go red; `npm run mutate` does so for all of them, and',
    '`npm run test:full` too.',
    '',
    '| | without | this test fails |',
    '|---|---|---|',
    ...listed.map(formatMutation),
    '',
  ].join('\n');
}

function formatMutation({ keeps, file, guard, instead, test }: Mutation): string {
  const change = instead === undefined ? '' : `, but ${code(instead)}`;
  return `| ${keeps} | ${nameOf(file)}: ${code(guard)}${change} | ${nameOf(test.file)}: ${cell(test.name)} |`;
}

function nameOf(file: string): string {
  return `\`${file.split('/').at(-1)}\``;
}

function code(text: string): string {
  return `\`${cell(text.trim().replaceAll(/\s+/g, ' '))}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
