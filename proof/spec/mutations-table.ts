// What docs/SPEC.md says of the mutations, as a table, and where in the page it stands.
import { mutations } from './mutations.ts';
import type { Mutation } from './mutation.ts';

const opening = '## What each invariant rests on\n';

/** @throws when the page has no such section */
export function withMutations(page: string): string {
  const start = page.indexOf(opening);
  const end = page.indexOf('\n## ', start + 1);
  if (start === -1 || end === -1) throw new Error(`docs/SPEC.md has no section "${opening.trim()}"`);
  return page.slice(0, start) + formatMutations() + page.slice(end);
}

function formatMutations(): string {
  return [
    opening,
    'Each line is taken out in a private clone, and the test must go red; `npm run mutate` does so for all of them, and',
    '`npm run test:full` too.',
    '',
    '| | without | this test fails |',
    '|---|---|---|',
    ...mutations.map(formatMutation),
    '',
  ].join('\n');
}

function formatMutation({ invariant, file, guard, instead, test }: Mutation): string {
  const change = instead === undefined ? '' : `, but ${code(instead)}`;
  return `| ${invariant} | ${nameOf(file)}: ${code(guard)}${change} | ${nameOf(test.file)}: ${cell(test.name)} |`;
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
