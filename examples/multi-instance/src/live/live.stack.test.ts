// The live demo as a person meets it: addresses on the terminal, a page, SQL by hand.
import { createClient } from '@supabase/supabase-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DemoProcess, descendantsOf, livingOf } from '../testing/demo-process.ts';
import type { Snapshot } from './snapshot.ts';

let demo: DemoProcess;

beforeAll(async () => {
  demo = new DemoProcess();
  await demo.open();
  await demo.untilShown('three leases', ({ instances }) => instances.every(({ hasLease }) => hasLease));
});

afterAll(async () => {
  await demo[Symbol.asyncDispose]();
});

/** Every instance answers this for the tenant, and the change is complete. */
function isEverywhere({ instances, changes }: Snapshot, tenant: string, text: string): boolean {
  const isAnswered = instances.every(({ holds }) =>
    holds.some((hold) => hold.tenant === tenant && hold.text === text && !hold.isDropped),
  );
  return isAnswered && changes[0]?.arrivals.every(({ freshMs }) => freshMs !== null) === true;
}

test('a change by hand shows up on the page, with its times at every instance', async () => {
  const sql = `update copilot_internal.tenant_llm_policies set default_model = 'by-hand' where tenant_id = 'acme'`;
  expect(demo.sqlByHand(sql)).toContain('UPDATE 1');
  const { changes } = await demo.untilShown('the new model', (snapshot) =>
    isEverywhere(snapshot, 'acme', 'openai / by-hand, audit'),
  );
  expect(changes[0]?.what).toBe('update acme');
  for (const { droppedMs, freshMs } of changes[0]?.arrivals ?? []) {
    expect(droppedMs).not.toBeNull();
    expect(droppedMs).toBeLessThanOrEqual(freshMs ?? 0);
  }
});

test('a tenant that was never heard of shows up too', async () => {
  const values = `values ('hooli', 'gpt-5', 'openai')`;
  demo.sqlByHand(
    `insert into copilot_internal.tenant_llm_policies (tenant_id, default_model, default_provider) ${values}`,
  );
  await demo.untilShown('hooli', (snapshot) => isEverywhere(snapshot, 'hooli', 'openai / gpt-5, enforce'));
});

test('a client of Supabase with the printed URL and key changes what the instances answer', async () => {
  const url = /Supabase\s+(\S+)/.exec(demo.stdout)?.[1] ?? '';
  const key = /service_role\s+(\S+)/.exec(demo.stdout)?.[1] ?? '';
  const { error } = await createClient(url, key)
    .schema('copilot_internal')
    .from('tenant_llm_policies')
    .delete()
    .eq('tenant_id', 'globex');
  expect(error).toBeNull();
  await demo.untilShown('no policy', (snapshot) =>
    isEverywhere(snapshot, 'globex', 'openai / gpt-4o-mini, enforce (no policy)'),
  );
});

describe('the page', () => {
  test('is one document that loads nothing else', async () => {
    const html = await (await fetch(demo.page)).text();
    expect(html).toContain('<title>Tidemark');
    expect(html).not.toMatch(/(?:src|href)="(?!data:)|url\(|@import|https?:/);
  });

  test('changes a policy', async () => {
    const policy = { tenant: 'initech', model: 'phi', provider: 'local', egressMode: 'audit' } as const;
    expect(await demo.act({ kind: 'save', ...policy, allowRemoteEgress: true })).toEqual({
      done: 'SQL: insert or update initech',
    });
    await demo.untilShown('the new model', (snapshot) =>
      isEverywhere(snapshot, 'initech', 'local / phi, audit'),
    );
  });

  test('shows that a policy which admits no provider is refused everywhere', async () => {
    const policy = { tenant: 'initech', model: 'gpt-5', provider: 'openai', egressMode: 'audit' } as const;
    await demo.act({ kind: 'save', ...policy, allowRemoteEgress: false });
    await demo.untilShown('refusals', (snapshot) =>
      isEverywhere(snapshot, 'initech', 'refused: LOCAL_PROVIDER_MISSING'),
    );
  });

  test('follows thousands of rows in one statement, and TRUNCATE', async () => {
    await demo.act({ kind: 'update all', model: 'everywhere' });
    await demo.untilShown('the model everywhere', (snapshot) =>
      isEverywhere(snapshot, 'acme', 'openai / everywhere, audit'),
    );
    await demo.act({ kind: 'truncate' });
    const { changes } = await demo.untilShown('no policy', (snapshot) =>
      isEverywhere(snapshot, 'acme', 'openai / gpt-4o-mini, enforce (no policy)'),
    );
    expect(changes[0]?.what).toBe('truncate');
    expect(changes[1]?.what).toMatch(/^update of 2,00\d rows$/);
  });

  test('says what PostgreSQL says about a row that breaks its rules', async () => {
    const policy = { tenant: 'global', model: 'm', provider: 'openai', egressMode: 'audit' } as const;
    const { problem } = await demo.act({ kind: 'save', ...policy, allowRemoteEgress: true });
    expect(problem).toContain('tenant_llm_policies_tenant_id_is_not_global');
  });

  test('takes nothing from another site', async () => {
    const body = JSON.stringify({ kind: 'truncate' });
    const form = { method: 'POST', headers: { 'content-type': 'text/plain' }, body };
    expect((await fetch(`${demo.page}/actions`, form)).status).toBe(415);
    const unknown = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"kind":"exec"}',
    };
    expect((await fetch(`${demo.page}/actions`, unknown)).status).toBe(400);
  });
});

test('no answer was stale beyond the bound, and Ctrl-C leaves nothing behind', async () => {
  const { answers } = await demo.untilShown('answers', ({ answers }) => answers.given > 0);
  expect(answers.beyondBound).toBe(0);
  const started = descendantsOf(demo.pid);
  expect(started.length).toBeGreaterThan(8);
  // A terminal signals the whole group, and the bootstrap passes it on once more.
  demo.signal('SIGINT');
  demo.signal('SIGINT');
  expect(await demo.exited).toEqual([0, null]);
  await expect.poll(() => livingOf(started), { timeout: 20_000 }).toEqual([]);
});
