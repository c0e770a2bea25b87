import { describe, expect, test } from 'vitest';
import { parseCacheControl } from './environment.ts';
import { flagRules, killSwitch, type FlagName } from './flags.ts';

const names = Object.keys(flagRules) as FlagName[];
const development = { NODE_ENV: 'test' };

/** `undefined` is a variable that is not set. */
type Setting = 'true' | 'false' | undefined;

interface Row {
  readonly kill: Setting;
  readonly own: Setting;
  readonly isOn: boolean;
  readonly decidedBy: (variable: string) => string;
}

const settings: readonly Setting[] = [undefined, 'true', 'false'];
const killed = (): string => 'ENABLE_REDIS_CACHING=false';

function truthTable(isOnByDefault: boolean): readonly Row[] {
  return [
    { kill: undefined, own: undefined, isOn: isOnByDefault, decidedBy: (variable) => `${variable} unset` },
    { kill: undefined, own: 'true', isOn: true, decidedBy: (variable) => `${variable}=true` },
    { kill: undefined, own: 'false', isOn: false, decidedBy: (variable) => `${variable}=false` },
    { kill: 'true', own: undefined, isOn: isOnByDefault, decidedBy: (variable) => `${variable} unset` },
    { kill: 'true', own: 'true', isOn: true, decidedBy: (variable) => `${variable}=true` },
    { kill: 'true', own: 'false', isOn: false, decidedBy: (variable) => `${variable}=false` },
    { kill: 'false', own: undefined, isOn: false, decidedBy: killed },
    { kill: 'false', own: 'true', isOn: false, decidedBy: killed },
    { kill: 'false', own: 'false', isOn: false, decidedBy: killed },
  ];
}

const variables: Readonly<Record<FlagName, { variable: string; isOnByDefault: boolean }>> = {
  policyCache: { variable: 'ENABLE_LLM_POLICY_CACHE', isOnByDefault: true },
  configCache: { variable: 'ENABLE_CONVERSATION_CONFIG_CACHE', isOnByDefault: true },
  conversationCache: { variable: 'ENABLE_CONVERSATION_CACHING', isOnByDefault: false },
  eventHubs: { variable: 'ENABLE_REDIS_EVENT_HUBS', isOnByDefault: true },
  authValidationCache: { variable: 'ENABLE_AUTH_VALIDATION_CACHE', isOnByDefault: true },
  rateLimiter: { variable: 'ENABLE_RATE_LIMITER_REDIS', isOnByDefault: true },
};

describe.each(names)('the flag %s (#30)', (name) => {
  const { variable, isOnByDefault } = variables[name];

  test.each(truthTable(isOnByDefault))(
    'is $isOn when the kill switch is $kill and its own variable is $own',
    ({ kill, own, isOn, decidedBy }) => {
      const { flags } = parseCacheControl({ ...development, [killSwitch]: kill, [variable]: own });
      expect(flags[name]).toEqual({ isOn, decidedBy: decidedBy(variable) });
    },
  );

  test.each(settings)('does not change another flag when it is %s', (own) => {
    const before = parseCacheControl(development).flags;
    const { flags } = parseCacheControl({ ...development, [variable]: own });
    for (const other of names) {
      if (other !== name) expect(flags[other]).toEqual(before[other]);
    }
  });

  test.each(['true', 'TRUE', '1', 'yes', 'Yes', 'on', ' on '])('is on for %j', (text) => {
    expect(parseCacheControl({ ...development, [variable]: text }).flags[name].isOn).toBe(true);
  });

  test.each(['false', 'False', '0', 'no', 'NO', 'off'])('is off for %j', (text) => {
    expect(parseCacheControl({ ...development, [variable]: text }).flags[name].isOn).toBe(false);
  });

  test.each(['', '  '])('has its default for %j', (text) => {
    expect(parseCacheControl({ ...development, [variable]: text }).flags[name].isOn).toBe(isOnByDefault);
  });

  test.each(['flase', '2', 'null', 'true false'])('refuses %j', (text) => {
    expect(() => parseCacheControl({ ...development, [variable]: text })).toThrow(
      `${variable} must be one of true, 1, yes, on, false, 0, no, off, got ${JSON.stringify(text)}`,
    );
  });
});

test('the kill switch refuses what is neither yes nor no (#30)', () => {
  expect(() => parseCacheControl({ [killSwitch]: 'disabled' })).toThrow(
    /^ENABLE_REDIS_CACHING must be one of/,
  );
});

test('a wrong flag is reported also when the kill switch is off', () => {
  expect(() => parseCacheControl({ [killSwitch]: 'off', ENABLE_LLM_POLICY_CACHE: 'maybe' })).toThrow(
    /^ENABLE_LLM_POLICY_CACHE must be one of/,
  );
});
