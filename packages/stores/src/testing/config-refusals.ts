// What no config store takes, and what each says then.

export const refusedPatches: readonly { what: string; config: unknown; says: string }[] = [
  {
    what: 'an unknown merge strategy',
    config: { mergeCompressionStrategy: 'Moderate' },
    says: 'config.mergeCompressionStrategy must be one of none, minimal, moderate, aggressive, got "Moderate"',
  },
  {
    what: 'an unknown path strategy',
    config: { pathCompressionStrategy: 'moderate' },
    says: 'config.pathCompressionStrategy must be one of none, sliding_window, semantic, hybrid, got "moderate"',
  },
  {
    what: 'no messages',
    config: { mergeMaxMessages: 0 },
    says: 'config.mergeMaxMessages must be at least 1, got 0',
  },
  {
    what: 'half a message',
    config: { pathMaxMessages: 1.5 },
    says: 'config.pathMaxMessages must be an integer of at least 1, got 1.5',
  },
  {
    what: 'more messages than SQL counts',
    config: { pathSlidingWindowSize: 2_147_483_648 },
    says: 'config.pathSlidingWindowSize must be at most 2147483647, got 2147483648',
  },
  {
    what: 'minutes that are a text',
    config: { compactionIntervalMinutes: '60' },
    says: 'config.compactionIntervalMinutes must be an integer of at least 1, got "60"',
  },
  {
    what: 'a threshold below 0',
    config: { pathCompressionThreshold: -0.1 },
    says: 'config.pathCompressionThreshold must be at least 0, got -0.1',
  },
  {
    what: 'a threshold above 1',
    config: { pathCompressionThreshold: 1.1 },
    says: 'config.pathCompressionThreshold must be at most 1, got 1.1',
  },
  {
    what: 'a threshold that is no number',
    config: { pathCompressionThreshold: Number.NaN },
    says: 'config.pathCompressionThreshold must be a number from 0 to 1, got NaN',
  },
  {
    what: 'a text for a flag',
    config: { mergePreservePinned: 'yes' },
    says: 'config.mergePreservePinned must be true or false, got "yes"',
  },
  {
    what: 'a misspelt field',
    config: { autoCompact: true },
    says: 'config must hold known fields only, got "autoCompact"',
  },
  { what: 'no config', config: undefined, says: 'config must be an object, got nothing' },
  { what: 'a list', config: [], says: 'config must be an object, got a list' },
];

export const refusedIds: readonly { what: string; id: unknown; says: string }[] = [
  {
    what: 'global',
    id: 'global',
    says: 'must not be the name of the level above all tenants, got "global"',
  },
  { what: 'that is empty', id: '', says: 'must be a text of 1 to 200 characters, got ""' },
  {
    what: 'of 201 characters',
    id: 'x'.repeat(201),
    says: `must be a text of 1 to 200 characters, got "${'x'.repeat(60)}"…`,
  },
  {
    what: 'with a NUL',
    id: '\0',
    says: 'must not contain NUL or half of a surrogate pair, got "\\u0000"',
  },
  { what: 'that is no text', id: 5, says: 'must be a text of 1 to 200 characters, got 5' },
];
