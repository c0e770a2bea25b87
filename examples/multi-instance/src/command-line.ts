// What the demo is asked for on the command line. Pure: a wrong one is a value with a sentence, not an exception.

export const hintKinds = ['broadcast', 'changes', 'silent'] as const;

/** What the Realtime gateway delivers to the sidecar. */
export type Hints = (typeof hintKinds)[number];

export type Command =
  | { readonly kind: 'live'; readonly hints: Hints }
  | { readonly kind: 'once'; readonly hints: Hints; readonly isJson: boolean }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string };

export const helpText = `Usage: npm run demo -- [--once [--json]] [--hints broadcast|changes|silent]

Starts a local Supabase, a sidecar and three app instances. Rows change outside the library; the instances follow.

  --once          makes a fixed series of changes, checks every answer, and ends
  --json          with --once: progress on stderr, the result as one JSON object on the last line of stdout
  --hints KIND    what Realtime delivers: broadcast (default), changes (postgres_changes only) or silent (nothing)
`;

export function parseCommandLine(words: readonly string[]): Command {
  let hints: Hints = 'broadcast';
  let isOnce = false;
  let isJson = false;
  const rest = words.flatMap((word) => (word.startsWith('--hints=') ? word.split('=', 2) : [word]));
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at];
    if (word === '--help') return { kind: 'help' };
    if (word === '--once') isOnce = true;
    else if (word === '--json') isJson = true;
    else if (word === '--hints') {
      at += 1;
      const kind = hintKinds.find((known) => known === rest[at]);
      if (kind === undefined)
        return wrong(`--hints must be one of ${hintKinds.join(', ')}, got ${rest[at] ?? 'nothing'}.`);
      hints = kind;
    } else return wrong(`There is no ${word}: the demo takes --once, --json, --hints and --help.`);
  }
  if (isOnce) return { kind: 'once', hints, isJson };
  if (isJson) return wrong('--json needs --once: the live demo has no end to report.');
  return { kind: 'live', hints };
}

function wrong(sentence: string): Command {
  return { kind: 'wrong', sentence };
}
