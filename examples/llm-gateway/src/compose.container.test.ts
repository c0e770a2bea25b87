// docker-compose.yml as it stands, with a Supabase or a stand-in for one: two gateways and two sidecars in containers. Tokens
// and rows come from outside, as a customer's would.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '@supabase/supabase-js';
import { signJwt, until } from '@tidemark/devstack';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Composition } from './testing/composition.ts';
import { GatewayClient } from './testing/gateway-process.ts';
import { open } from './testing/store-writes.ts';
import { type Accounts, signUp, type User } from './testing/users.ts';

const containers = inject('containers');
/** The real parts, for who can pull their images; else the local stack in their place. */
const supabase =
  process.env['TIDEMARK_SUPABASE_IMAGES'] === 'pulled'
    ? { file: 'deploy/supabase.yml', supabaseUrl: 'http://kong:8000', deadlineMs: 600_000 }
    : { file: 'deploy/devstack.yml', supabaseUrl: 'http://devstack:54321', deadlineMs: 400_000 };
const services = ['sidecar', 'sidecar-2', 'gateway-1', 'gateway-2'] as const;

async function docker(...args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)('docker', [...args]);
  return stdout + stderr;
}

describe.skipIf(containers.kind === 'none')('the compose files', () => {
  let composition: Composition;
  let admin: User;
  let member: User;

  beforeAll(async () => {
    if (containers.kind === 'none') return;
    composition = await Composition.prepare({
      images: containers,
      ...supabase,
      profiles: ['gateway'],
    });
    await composition.compose('up', '-d', '--no-build');
    for (const service of services) await isHealthy(service);
    const { SUPABASE_ANON_KEY: anonKey = '', SUPABASE_JWT_SECRET: secret = '' } = composition.secrets;
    const accounts: Accounts = {
      url: composition.url('API_PORT'),
      anonKey,
      signJwt: (claims, options) => signJwt(secret, claims, options),
    };
    admin = await signUp(accounts, { tenantId: 'acme', role: 'operator' });
    member = await signUp(accounts, { tenantId: 'acme' });
  }, supabase.deadlineMs);

  afterAll(() => composition?.[Symbol.asyncDispose]());

  /** By the check that the file, or the image, has for it. */
  async function isHealthy(service: string): Promise<void> {
    const id = await composition.container(service);
    await until(
      async () => (await docker('inspect', '--format', '{{.State.Health.Status}}', id)).trim() === 'healthy',
      { what: `${service} to be healthy`, deadlineMs: 300_000, everyMs: 250 },
    );
  }

  const at = (port: 'GATEWAY_1_PORT' | 'GATEWAY_2_PORT', { token }: User): GatewayClient =>
    new GatewayClient({ url: composition.url(port) }, token);

  async function refusesRemote(port: 'GATEWAY_1_PORT' | 'GATEWAY_2_PORT'): Promise<void> {
    const reader = at(port, member);
    await until(async () => (await reader.chat('hello')).status === 403, { what: `${port} to refuse` });
  }

  async function isOpen(): Promise<void> {
    await at('GATEWAY_1_PORT', admin).must('PUT', '/v1/policy', open);
    for (const port of ['GATEWAY_1_PORT', 'GATEWAY_2_PORT'] as const) {
      const reader = at(port, member);
      await until(async () => (await reader.chat('hello')).status === 200, { what: `${port} to answer` });
    }
  }

  it('bring a policy from one gateway to the other', async () => {
    await isOpen();
    await at('GATEWAY_1_PORT', admin).must('PUT', '/v1/policy', { ...open, allowRemoteEgress: false });
    expect((await at('GATEWAY_1_PORT', member).chat('hello')).status).toBe(403);
    await refusesRemote('GATEWAY_2_PORT');
  });

  it('bring a change that nobody told them of to both gateways, also after the working sidecar was killed', async () => {
    await isOpen();
    const { SUPABASE_SERVICE_ROLE_KEY: key = '' } = composition.secrets;
    const policies = createClient(composition.url('API_PORT'), key)
      .schema('copilot_internal')
      .from('tenant_llm_policies');
    const change = async (isAllowed: boolean): Promise<void> => {
      await policies.update({ allow_remote_egress: isAllowed }).eq('tenant_id', 'acme').throwOnError();
    };
    await change(false);
    await Promise.all([refusesRemote('GATEWAY_1_PORT'), refusesRemote('GATEWAY_2_PORT')]);
    await isOpen();
    const working = (await runsRounds('SIDECAR_PORT')) ? 'sidecar' : 'sidecar-2';
    await docker('kill', '--signal', 'KILL', await composition.container(working));
    await change(false);
    await Promise.all([refusesRemote('GATEWAY_1_PORT'), refusesRemote('GATEWAY_2_PORT')]);
    await composition.compose('start', working);
    await isHealthy(working);
  });

  async function runsRounds(port: 'SIDECAR_PORT' | 'SIDECAR_2_PORT'): Promise<boolean> {
    const answer = await fetch(`${composition.url(port)}/readyz`);
    const { engine } = (await answer.json()) as {
      engine: { namespaces: readonly { loop: { kind: string } }[] };
    };
    return engine.namespaces.some(({ loop }) => loop.kind === 'working');
  }

  it('name the instances where their state is shown', async () => {
    const id = await composition.container('sidecar');
    const text = await docker('exec', id, 'node', 'dist/cli/main.js', 'status', '--json');
    const { instances } = JSON.parse(text) as { instances: readonly { name: string }[] };
    expect(instances.map(({ name }) => name).toSorted()).toEqual(['gateway-1', 'gateway-2']);
  });

  it('show the service key in no process list and in no log', async () => {
    const { SUPABASE_SERVICE_ROLE_KEY: key = '', SUPABASE_JWT_SECRET: secret = '' } = composition.secrets;
    for (const service of services) {
      const id = await composition.container(service);
      const shown = (await docker('top', id, '-eo', 'pid,args')) + (await docker('logs', id));
      expect(shown).toContain('dist/main.js');
      expect(shown).not.toContain(key);
      expect(shown).not.toContain(secret);
    }
  });

  it('give our services no root, no disk to write to and no capability', async () => {
    for (const service of services) {
      const id = await composition.container(service);
      const format =
        '{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}';
      const locked = (await docker('inspect', '--format', format, id)).trim();
      expect(locked).toBe('1000:1000 true [ALL] [no-new-privileges:true]');
    }
  });

  it('stop with 0, each of ours', async () => {
    await composition.compose('stop');
    for (const service of services) {
      const ids = (await composition.compose('ps', '--all', '--quiet', service)).trim();
      expect(await docker('inspect', '--format', '{{.State.ExitCode}}', ids)).toBe('0\n');
    }
  });
});

describe.skipIf(containers.kind === 'none')('every compose file with every profile', () => {
  it.each([
    ['by itself', {}],
    ['with the local stack', { file: 'deploy/devstack.yml' }],
    ['with a Supabase', { file: 'deploy/supabase.yml' }],
  ])('is valid %s', async (_name, more) => {
    if (containers.kind === 'none') return;
    await using composition = await Composition.prepare({
      images: containers,
      ...more,
      profiles: ['gateway', 'monitoring'],
      supabaseUrl: 'http://kong:8000',
    });
    const text = await composition.compose('config', '--services');
    expect(text.split('\n')).toEqual(expect.arrayContaining([...services, 'redis', 'prometheus', 'grafana']));
  });
});
