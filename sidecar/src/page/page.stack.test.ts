// The status page in a browser, over a whole deployment: a sidecar, three instances in processes of their own, SQL.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InstanceProcess } from '../testing/instance-process.ts';
import { runSql } from '../testing/run-sql.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';
import { noBrowser, StatusBrowser, takePicture } from '../testing/status-browser.ts';

const policies = 'copilot_internal.tenant_llm_policies';

let stack: Stack;
let sidecar: SidecarProcess;
let browser: StatusBrowser;
let instances: InstanceProcess[];

if (noBrowser !== undefined) process.stdout.write(`${noBrowser}\n`);

async function verdict(page: Page): Promise<string> {
  return (await page.getByRole('status').textContent()) ?? '';
}

async function says(page: Page, sentence: RegExp): Promise<void> {
  await until(async () => sentence.test(await verdict(page)), {
    what: `the page to say ${sentence}`,
    everyMs: 50,
    deadlineMs: 60_000,
  });
}

function positionOf(text: string | null): string | undefined {
  return /at (\d+-\d+)/.exec(text ?? '')?.[1];
}

describe.skipIf(noBrowser !== undefined)('the status page', () => {
  beforeAll(async () => {
    stack = await startStack();
    await runSql(
      stack.databaseUrl,
      `insert into ${policies} (tenant_id, default_model, default_provider)
       select 'tenant-' || n, 'gpt-4o', 'openai' from generate_series(0, 11) n`,
    );
    sidecar = new SidecarProcess({
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      REDIS_URL: stack.redisUrl,
      TIDEMARK_CHECKER_PER_SECOND: '20',
    });
    await sidecar.ready('working');
    instances = ['checkout-1', 'checkout-2', 'worker-1'].map((name) => new InstanceProcess(name, stack));
    browser = await StatusBrowser.start();
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    for (const instance of instances ?? []) await instance[Symbol.asyncDispose]();
    await sidecar?.[Symbol.asyncDispose]();
    await stack?.close();
  });

  async function change(tenant: string, model: string): Promise<void> {
    await runSql(
      stack.databaseUrl,
      `update ${policies} set default_model = '${model}' where tenant_id = '${tenant}'`,
    );
  }

  it('shows every instance fresh, what was invalidated, who publishes, and which hints are heard', async () => {
    const page = await browser.open(await sidecar.url(), 'light');
    await says(page, /^All 3 instances are fresh\.$/);
    await change('tenant-3', 'claude-sonnet');
    await runSql(
      stack.databaseUrl,
      `update ${policies} set default_model = 'llama' where tenant_id < 'tenant-2'`,
    );
    const records = page.getByRole('group', { name: 'The newest first' }).getByRole('list');
    await until(async () => (await records.textContent())?.includes('tenant-3') === true, {
      what: 'the invalidation to be shown',
      everyMs: 50,
    });
    expect(await page.getByRole('article').count()).toBe(3);
    expect(await page.getByRole('article', { name: 'checkout-2' }).textContent()).toMatch(
      /fresh.*Leases1 of 1/,
    );
    const text = (await page.getByRole('main').textContent()) ?? '';
    expect(text).toContain('this sidecar');
    expect(text).toMatch(/broadcastlistening/);
    expect(text).toContain(`${policies}followed`);
    const checked = page.getByText(
      /^checker: [1-9]\d* values sampled, [1-9]\d* agreed, 0 stale beyond the bound$/,
    );
    await checked.waitFor();
    await takePicture(page, 'status-healthy-light');
    await page.close();
  });

  it('is as plain in the dark', async () => {
    const page = await browser.open(await sidecar.url(), 'dark');
    await says(page, /^All 3 instances are fresh\.$/);
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe('rgb(12, 20, 24)');
    await takePicture(page, 'status-healthy-dark');
    await page.close();
  });

  it('explains an instance that was stopped, and forgets it when it runs again', async () => {
    const page = await browser.open(await sidecar.url(), 'light');
    instances[2]?.kill('SIGSTOP');
    await says(page, /^1 of 3 instances is frozen: worker-1\.$/);
    const frozen = page.getByRole('article', { name: 'worker-1' });
    expect(await frozen.textContent()).toMatch(
      /Nothing was heard of it for [\d.]+ s: its process is stopped, was killed, or has lost Redis; if it wakes up, it serves nothing that is older than its bound of 2 s/,
    );
    expect(await page.getByRole('article', { name: 'checkout-1' }).textContent()).not.toContain(
      'Nothing was heard',
    );
    await takePicture(page, 'status-frozen-light');
    instances[2]?.kill('SIGCONT');
    await says(page, /^All 3 instances are fresh\.$/);
    await page.close();
  });

  it('drops an instance that says goodbye, and tells what to run when a trigger is off', async () => {
    const page = await browser.open(await sidecar.url(), 'dark');
    await says(page, /^All 3/);
    instances[1]?.kill('SIGTERM');
    await says(page, /^Both instances are fresh\.$/);
    await runSql(stack.databaseUrl, `alter table ${policies} disable trigger all`);
    await says(page, /are behind: checkout-1, worker-1\.$/);
    expect(await page.getByRole('article', { name: 'checkout-1' }).textContent()).toMatch(/trigger/);
    await takePicture(page, 'status-behind-dark');
    await page.close();
  });

  it('holds the stream while somebody reads it, by the keyboard, too', async () => {
    const page = await browser.open(await sidecar.url(), 'light');
    await says(page, /\.$/);
    const pause = page.getByRole('button', { name: 'Pause' });
    const list = page.getByRole('group', { name: 'The newest first' });
    const rounds = page.getByRole('listitem').filter({ hasText: /^conversations/ });
    await pause.press('Enter');
    const before = await rounds.textContent();
    await runSql(
      stack.databaseUrl,
      `insert into copilot_internal.conversations (id, tenant_id) values ('held-back', 'tenant-1')`,
    );
    // Drawn from the same snapshot as the record would be.
    await until(async () => positionOf(await rounds.textContent()) !== positionOf(before), {
      what: 'the next position',
      everyMs: 50,
    });
    expect(await list.textContent()).not.toContain('held-back');
    await pause.press('Enter');
    await until(async () => (await list.textContent())?.includes('held-back') === true, {
      what: 'the record that was held back',
      everyMs: 50,
    });
    await page.close();
  });

  it('names the table of a value that nobody invalidates and the checker found', async () => {
    const page = await browser.open(await sidecar.url(), 'light');
    for (const event of ['insert', 'update', 'delete', 'truncate']) {
      await runSql(stack.databaseUrl, `alter table ${policies} enable always trigger tidemark_${event}`);
    }
    await says(page, /^Both instances are fresh\.$/);
    const redis = new Redis(stack.redisUrl);
    const [generation, sequence] = ((await redis.get('copilot:tidemark:main:head')) ?? '').split(' ');
    const owner = 'copilot:llm:policy tenant-5';
    const header = `1 ${generation}-${sequence} ${owner.length} ${owner}`;
    await redis.set('copilot:llm:policy:tenant-5', `${header}[{"defaultModel":"poisoned"}]`, 'EX', 300);
    redis.disconnect();
    await says(page, /, but the checker found stale values in L2\.$/);
    const tables = page.getByRole('region', { name: 'Tables' });
    const row = tables.getByRole('listitem').filter({ hasText: policies });
    expect(await row.textContent()).toMatch(/policiesstale.* agreed, [1-9]\d* stale beyond the bound$/);
    await takePicture(page, 'status-stale-light');
    await page.close();
  });

  it('asks nobody but the sidecar, and has nothing to complain of', () => {
    expect(browser.complaints).toEqual([]);
  });

  it('says that what it shows is old when the sidecar is gone', async () => {
    const page = await browser.open(await sidecar.url(), 'light');
    await says(page, /\.$/);
    sidecar.kill('SIGKILL');
    await page.getByText('The sidecar does not answer').waitFor();
    await page.close();
  });
});
