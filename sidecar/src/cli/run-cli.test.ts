import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { callTidemark } from '../testing/cli-call.ts';
import { commands } from './commands.ts';

const readme = readFileSync(path.join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');

describe('the help', () => {
  it('lists every command, every setting and the exit codes, however it is asked for', async () => {
    const asked = await Promise.all([[], ['help'], ['--help']].map((args) => callTidemark(args)));
    for (const { code, out, err } of asked) {
      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const { name, summary } of commands)
        expect(out).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
      expect(out).toContain('TIDEMARK_CONFIG, --config');
      expect(out).toMatch(/^ {2}3 {2}a part that the command needs did not answer$/m);
    }
  });

  it.each(commands.map(({ name }) => name))(
    'explains %s with all of its flags, and so does the README',
    async (name) => {
      const { code, out } = await callTidemark(['help', name]);
      expect(code).toBe(0);
      expect(out).toMatch(new RegExp(`^Usage: tidemark ${name}\\b`));
      const { flags } = commands.find((command) => command.name === name)!;
      for (const flag of Object.keys(flags)) expect(out).toContain(`  --${flag}`);
      expect((await callTidemark([name, '--help'])).out).toBe(out);
      expect(readme).toContain(`tidemark ${name}`);
    },
  );
});

describe('a wrong call', () => {
  it.each([
    [
      ['nonsense'],
      /^tidemark: the first argument must be a command, got "nonsense": write one of check-config, /,
    ],
    [['--nonsense=hunter22'], /got a flag: write one of/],
    [['help', 'nonsense'], /got "nonsense"/],
    [['status', '--nonsense'], /^tidemark: --nonsense is not a flag of tidemark status: see --help/],
    [['status', 'here'], /^tidemark: status must be given nothing but --url/],
    [['status', '--url=ftp://x'], /^tidemark: status must be given nothing but --url/],
    [['track', 'a.b', '--print=hunter22'], /^tidemark: --print must stand alone/],
    [['tail', '--count'], /^tidemark: --count must be followed by a value/],
    [['explain'], /^tidemark: explain must be given one key/],
    [['explain', 'a', 'b'], /^tidemark: explain must be given one key/],
    [['invalidate'], /^tidemark: invalidate must be given one of KEY \| --table/],
    [['invalidate', 'a', 'b'], /^tidemark: invalidate must be given one of/],
    [['invalidate', 'a', '--all'], /^tidemark: invalidate must be given one of/],
    [['invalidate', '--all', '--table=a.b'], /^tidemark: invalidate must be given one of/],
    [['tail', 'me'], /^tidemark: tail must be given flags only/],
    [['tail', '--count=none'], /^tidemark: --count must be a whole number/],
    [['tail', '--count=0'], /^tidemark: --count must be a whole number/],
    [['track'], /^tidemark: track must be given one table/],
    [['tail'], /^tidemark: REDIS_URL must be set/],
    [['tail', '--redis-url=hunter22'], /^tidemark: --redis-url must be a redis:/],
    [['tail', '--redis-url=redis://x', '--key-prefix=a b'], /^tidemark: --key-prefix must be/],
    [['invalidate', '--all'], /^tidemark: SUPABASE_URL must be set/],
    [['invalidate', '--all', '--database-url=x'], /--database-url must not be given as an argument/],
  ])('of %j ends with 2, says what to write and shows no secret', async (args, sentence) => {
    const { code, out, err } = await callTidemark(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(sentence);
    expect(err).not.toContain('hunter22');
  });

  it('says everything that is wrong with a table to track', async () => {
    const { code, err } = await callTidemark(['track', 'customers', '--namespace=Main']);
    expect(code).toBe(2);
    expect(err.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^tidemark: TABLE must be schema\.table/),
      expect.stringMatching(/^tidemark: --key must be given/),
      expect.stringMatching(/^tidemark: --prefix must be/),
      expect.stringMatching(/^tidemark: --namespace must be/),
    ]);
  });

  it('answers a program with JSON, on the standard error', async () => {
    const { out, err } = await callTidemark(['explain', '--json']);
    expect(out).toBe('');
    expect(JSON.parse(err)).toEqual({ problems: [expect.stringMatching(/^explain must be given one key/)] });
  });
});

describe('a part that does not answer', () => {
  const nobody = '127.0.0.1:1';

  it.each([
    [
      ['explain', 'a:b'],
      { REDIS_URL: `redis://:hunter22@${nobody}` },
      /Redis at redis:\/\/127\.0\.0\.1:1 can't be asked/,
    ],
    [
      ['tail'],
      { REDIS_URL: `redis://:hunter22@${nobody}` },
      /Redis at redis:\/\/127\.0\.0\.1:1 can't be asked/,
    ],
    [
      ['status'],
      { REDIS_URL: `redis://:hunter22@${nobody}` },
      /Redis at redis:\/\/127\.0\.0\.1:1 can't be asked/,
    ],
    [['status', '--port=1'], {}, /no sidecar answers at http:\/\/127\.0\.0\.1:1 \(.*REDIS_URL is not set/],
    [
      ['invalidate', '--all'],
      { DATABASE_URL: `postgres://u:hunter22@${nobody}/x` },
      /PostgreSQL can't be asked/,
    ],
    [
      ['invalidate', '--all'],
      { SUPABASE_URL: `http://${nobody}`, SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_hunter22' },
      /Supabase can't be reached/,
    ],
  ])('ends %j with 3, and without secrets', async (args, env, sentence) => {
    const { code, out, err } = await callTidemark(args, env);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toMatch(sentence);
    expect(err).not.toContain('hunter22');
  });

  it('shows no secret in what a command fails with, whoever repeats it', async () => {
    const env = { REDIS_URL: 'redis://127.0.0.1:1', REDIS_PASSWORD: '127.0.0.1:1' };
    const { code, err } = await callTidemark(['tail'], env);
    expect(code).toBe(3);
    expect(err).toContain('[redacted]');
    expect(err).not.toContain('127.0.0.1:1');
  });
});

describe('what a command says', () => {
  it('holds no secret, whoever repeats it', async () => {
    const env = { REDIS_URL: 'redis://:p%40ss-word@127.0.0.1', REDIS_TOKEN: 'to-ken' };
    const { out } = await callTidemark(
      ['track', 'a.b', '--key', `'p@ss-word' || 'to-ken'`, '--prefix=x', '--print'],
      env,
    );
    expect(out).toContain(`'''[redacted]'' || ''[redacted]'''`);
  });
});

describe('tidemark check-config', () => {
  const good = { DATABASE_URL: 'postgres://db/x', REDIS_URL: 'redis://127.0.0.1' };

  it('ends with 0 for a configuration that the sidecar would start with', async () => {
    expect(await callTidemark(['check-config'], good)).toEqual({
      code: 0,
      out: 'the configuration is valid\n',
      err: '',
    });
    const { out } = await callTidemark(['check-config', '--json'], good);
    expect(JSON.parse(out)).toEqual({ isValid: true, problems: [] });
  });

  it('ends with 2 and lists every problem at once', async () => {
    const env = { ...good, REDIS_URL: 'nonsense', LOG_LEVEL: 'loud' };
    const { code, out } = await callTidemark(['check-config', '--port=x'], env);
    expect(code).toBe(2);
    expect(out).toMatch(/^- REDIS_URL must be .*\n- --port must be .*\n- LOG_LEVEL must be .*\n$/);
    const json = await callTidemark(['check-config', '--json'], env);
    expect(JSON.parse(json.out)).toMatchObject({ isValid: false, problems: { length: 2 } });
  });
});
