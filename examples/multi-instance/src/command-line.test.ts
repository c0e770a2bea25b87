import { expect, test } from 'vitest';
import { hintKinds, parseCommandLine } from './command-line.ts';

test('without arguments the live demo runs on broadcasts', () => {
  expect(parseCommandLine([])).toEqual({ kind: 'live', hints: 'broadcast' });
});

test.each(hintKinds)('hints can be %s, in both spellings', (hints) => {
  expect(parseCommandLine(['--hints', hints])).toEqual({ kind: 'live', hints });
  expect(parseCommandLine([`--hints=${hints}`, '--once'])).toEqual({ kind: 'once', hints, isJson: false });
});

test('--once --json asks for one object', () => {
  expect(parseCommandLine(['--json', '--once'])).toEqual({ kind: 'once', hints: 'broadcast', isJson: true });
});

test('--help wins over what stands beside it', () => {
  expect(parseCommandLine(['--once', '--help'])).toEqual({ kind: 'help' });
});

test.each([
  [['--fast'], /no --fast/],
  [['once'], /no once/],
  [['--hints'], /broadcast, changes, silent, got nothing/],
  [['--hints', 'loud'], /got loud/],
  [['--hints='], /--hints must be one of/],
  [['--json'], /--json needs --once/],
])('%j is refused in one sentence', (words, sentence) => {
  const command = parseCommandLine(words);
  expect(command).toMatchObject({ kind: 'wrong', sentence: expect.stringMatching(sentence) as string });
  expect(command.kind === 'wrong' && command.sentence.match(/\.$/g)).toHaveLength(1);
});
