import { randomUUID } from 'node:crypto';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signJwt } from '../keys.ts';
import { until } from '../processes/until.ts';
import { type Stack, startStack } from '../stack.ts';

const tables = `
create schema shop;
create schema hidden;
grant usage on schema shop to authenticated, service_role;
create table shop.items (
  id text primary key,
  amount integer not null check (amount > 0),
  tags jsonb,
  tenant text,
  at timestamptz not null default now()
);
grant all on shop.items to service_role;
grant select, insert on shop.items to authenticated;
alter table shop.items enable row level security;
create policy own_tenant on shop.items to authenticated
  using (tenant = auth.jwt() ->> 'tenant_id') with check (tenant = auth.jwt() ->> 'tenant_id');
create table shop.not_granted (id integer);
create table hidden.secrets (id integer);
create table public.notes (id integer primary key generated always as identity, text text, owner uuid default auth.uid());
grant all on public.notes to anon, authenticated;
insert into public.notes (text, owner) select 'note ' || n, null from generate_series(1, 1005) n;

create function public.values_of_types() returns table (
  "timestamptz" timestamptz, "timestamp" timestamp, "date" date, "numeric" numeric, "bigint" bigint, "xid8" xid8,
  "bytea" bytea, texts text[], "jsonb" jsonb
) language sql as $$
  select '2026-01-02 03:04:05.678+00'::timestamptz, '2026-01-02 03:04:05'::timestamp, '2026-01-02'::date, 1.10, 42::bigint,
    '18446744073709551615'::xid8, '\\xdead'::bytea, array['a', 'b,c'], '{"a": [1, null]}'::jsonb
$$;
create function public.type_of_json(document jsonb) returns text language sql as $$ select jsonb_typeof(document) $$;
create function public.whoami() returns jsonb language sql as
  $$ select jsonb_build_object('role', current_user, 'uid', auth.uid(), 'tenant', auth.jwt() ->> 'tenant_id') $$;
create function public.service_only() returns text language sql security definer as $$ select 'secret' $$;
revoke execute on function public.service_only() from public, anon, authenticated;
create function public.fail(code text) returns void language plpgsql as
  $$ begin raise exception 'it failed' using errcode = code, detail = 'the detail', hint = 'the hint'; end $$;
create function public.nap(seconds float8) returns void language sql as $$ select pg_sleep(seconds) $$;
`;

let stack: Stack;
let anon: SupabaseClient;
let service: SupabaseClient;

beforeAll(async () => {
  stack = await startStack({
    migrations: 'none',
    redis: false,
    realtime: false,
    schemas: ['public', 'shop'],
  });
  await execute(tables);
  await stack.dataApi.reloadSchema();
  anon = clientFor(stack.anonKey);
  service = clientFor(stack.serviceRoleKey);
});

afterAll(() => stack.close());

async function execute(text: string): Promise<void> {
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

function clientFor(key: string, token?: string): SupabaseClient {
  return createClient(stack.url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    // Retries of supabase-js would hide and slow down the failures that these tests are about.
    db: { retry: false },
    ...(token === undefined ? {} : { accessToken: async () => token }),
  });
}

async function userOf(tenant: string, claims: Record<string, unknown> = {}): Promise<SupabaseClient> {
  return clientFor(stack.anonKey, await stack.signJwt({ sub: randomUUID(), tenant_id: tenant, ...claims }));
}

describe('an unmodified supabase-js', () => {
  test('inserts, selects, upserts, updates and deletes', async () => {
    const items = () => service.schema('shop').from('items');
    const inserted = await items()
      .insert({ id: 'crud', amount: 1, tags: [1, { x: 2 }], tenant: 't1' })
      .select()
      .single();
    expect(inserted.data).toMatchObject({ id: 'crud', amount: 1, tags: [1, { x: 2 }], tenant: 't1' });
    const upserted = await items()
      .upsert({ id: 'crud', amount: 2, tenant: 't1' })
      .select('amount, tags')
      .single();
    expect(upserted.data).toEqual({ amount: 2, tags: [1, { x: 2 }] });
    await items().update({ amount: 3 }).eq('id', 'crud');
    expect((await items().select('amount').eq('id', 'crud').maybeSingle()).data).toEqual({ amount: 3 });
    expect((await items().delete().eq('id', 'crud').select('id')).data).toEqual([{ id: 'crud' }]);
    expect((await items().select().eq('id', 'crud').maybeSingle()).data).toBeNull();
  });

  test('gets values in the form in which PostgreSQL writes JSON', async () => {
    const { data } = await anon.rpc('values_of_types');
    expect(data).toEqual([
      {
        timestamptz: '2026-01-02T03:04:05.678+00:00',
        timestamp: '2026-01-02T03:04:05',
        date: '2026-01-02',
        numeric: 1.1,
        bigint: 42,
        xid8: '18446744073709551615',
        bytea: '\\xdead',
        texts: ['a', 'b,c'],
        jsonb: { a: [1, null] },
      },
    ]);
  });

  test.each([
    ['object', { a: ['b'] }],
    ['array', [{}]],
    ['string', 'text'],
    ['string', '{ no document'],
  ])('gives a function its JSON parameter as %s', async (type, document) => {
    expect((await anon.rpc('type_of_json', { document })).data).toBe(type);
  });

  test('counts, and gets no more rows than the limit', async () => {
    const { data, count } = await anon.from('notes').select('id', { count: 'exact' });
    expect([data?.length, count]).toEqual([1_000, 1_005]);
  });

  test('calls functions as the role of the token', async () => {
    expect((await anon.rpc('whoami')).data).toEqual({ role: 'anon', uid: null, tenant: null });
    expect((await service.rpc('whoami')).data).toMatchObject({ role: 'service_role' });
    const sub = randomUUID();
    const user = clientFor(stack.anonKey, await stack.signJwt({ sub, tenant_id: 't9' }));
    expect((await user.rpc('whoami')).data).toEqual({ role: 'authenticated', uid: sub, tenant: 't9' });
  });
});

describe('errors carry the codes of PostgREST', () => {
  const items = () => service.schema('shop').from('items');
  const cases: ReadonlyArray<
    readonly [string, () => PromiseLike<{ status: number; error: unknown }>, number, string]
  > = [
    ['single without a row', () => items().select().eq('id', 'no').single(), 406, 'PGRST116'],
    ['a relation nobody knows', () => service.from('nope').select(), 404, 'PGRST205'],
    ['a function nobody knows', () => service.rpc('nope', { a: 1 }), 404, 'PGRST202'],
    [
      'a schema that is not exposed',
      () => service.schema('hidden').from('secrets').select(),
      406,
      'PGRST106',
    ],
    ['a column nobody knows', () => items().select('nope'), 400, '42703'],
    ['text for an integer', () => items().select().eq('amount', 'x'), 400, '22P02'],
    ['a broken CHECK', () => items().insert({ id: 'x', amount: -1 }), 400, '23514'],
    ['a missing NOT NULL', () => items().insert({ id: 'x' }), 400, '23502'],
    [
      'a duplicate key',
      () =>
        items().insert([
          { id: 'd', amount: 1 },
          { id: 'd', amount: 1 },
        ]),
      409,
      '23505',
    ],
    ['a raised exception', () => service.rpc('fail', { code: 'P0001' }), 400, 'P0001'],
    ['a serialization failure', () => service.rpc('fail', { code: '40001' }), 500, '40001'],
    ['too many connections', () => service.rpc('fail', { code: '53300' }), 503, '53300'],
    // Longer than anon may take, shorter than the login role may.
    ['the timeout of anon', () => anon.rpc('nap', { seconds: 5 }), 500, '57014'],
  ];
  test.each(cases)('%s', async (_, run, status, code) => {
    const result = await run();
    expect(result).toMatchObject({ status, error: { code } });
  });

  test('with detail and hint', async () => {
    const { error } = await service.rpc('fail', { code: 'P0001' });
    expect(error).toMatchObject({ message: 'it failed', details: 'the detail', hint: 'the hint' });
  });

  test('and what was answered with an error was rolled back', async () => {
    await service
      .schema('shop')
      .from('items')
      .insert([
        { id: 'r1', amount: 1 },
        { id: 'r2', amount: 1 },
      ]);
    const items = () => service.schema('shop').from('items');
    const { error } = await items().update({ amount: 9 }).in('id', ['r1', 'r2']).select().single();
    expect(error?.code).toBe('PGRST116');
    expect((await items().select('amount').in('id', ['r1', 'r2'])).data).toEqual([
      { amount: 1 },
      { amount: 1 },
    ]);
  });
});

describe('roles', () => {
  beforeAll(async () => {
    await service
      .schema('shop')
      .from('items')
      .upsert([
        { id: 'one', amount: 1, tenant: 't1' },
        { id: 'two', amount: 1, tenant: 't2' },
      ]);
  });

  test('authenticated sees and writes the rows its policies give it', async () => {
    const user = (await userOf('t1')).schema('shop');
    expect((await user.from('items').select('id')).data).toEqual([{ id: 'one' }]);
    expect((await user.from('items').insert({ id: 'own', amount: 1, tenant: 't1' })).status).toBe(201);
    const foreign = await user.from('items').insert({ id: 'foreign', amount: 1, tenant: 't2' });
    expect(foreign).toMatchObject({ status: 403, error: { code: '42501' } });
    const ungranted = await user.from('items').delete().eq('id', 'own');
    expect(ungranted).toMatchObject({
      status: 403,
      error: { code: '42501', message: expect.stringContaining('items') as string },
    });
  });

  test('service_role passes by the policies', async () => {
    const { data } = await service.schema('shop').from('items').select('id').in('id', ['one', 'two']);
    expect(data).toEqual([{ id: 'one' }, { id: 'two' }]);
  });

  test('nobody is granted anything that no migration granted, service_role included', async () => {
    expect(await anon.schema('shop').from('items').select()).toMatchObject({
      status: 401,
      error: { code: '42501', message: 'permission denied for schema shop' },
    });
    expect(await service.schema('shop').from('not_granted').select()).toMatchObject({
      status: 403,
      error: { code: '42501', message: 'permission denied for table not_granted' },
    });
    expect((await anon.rpc('service_only')).error?.code).toBe('42501');
    expect((await service.rpc('service_only')).data).toBe('secret');
  });

  test('a token cannot become a role that authenticator may not', async () => {
    const { status, error } = await (await userOf('t1', { role: 'postgres' })).from('notes').select();
    expect([status, error?.code]).toEqual([403, '42501']);
  });
});

describe('keys and tokens', () => {
  test('a wrong key is refused, and so is none', async () => {
    expect(await clientFor('wrong').from('notes').select()).toMatchObject({
      status: 401,
      error: { message: 'Invalid API key' },
    });
    const response = await fetch(`${stack.url}/rest/v1/notes`);
    expect([response.status, await response.json()]).toEqual([
      401,
      expect.objectContaining({ message: 'No API key found in request' }),
    ]);
  });

  test('a key alone, in a header or in the address, is enough', async () => {
    const byHeader = await fetch(`${stack.url}/rest/v1/rpc/service_only`, {
      method: 'POST',
      headers: { apikey: stack.serviceRoleKey },
    });
    expect(await byHeader.json()).toBe('secret');
    const byAddress = await fetch(`${stack.url}/rest/v1/notes?select=id&limit=1&apikey=${stack.anonKey}`);
    expect(byAddress.status).toBe(200);
  });

  test('an expired token and a forged one are refused', async () => {
    const expired = await stack.signJwt({}, { expiresInSeconds: -5 });
    const forged = await signJwt('another-secret-of-at-least-32-characters', {});
    expect(await clientFor(stack.anonKey, expired).from('notes').select()).toMatchObject({
      status: 401,
      error: { code: 'PGRST303' },
    });
    expect(await clientFor(stack.anonKey, forged).from('notes').select()).toMatchObject({
      status: 401,
      error: { code: 'PGRST301' },
    });
  });
});

describe('Auth', () => {
  test('signs up, signs in, and its token reads as authenticated', async () => {
    const credentials = { email: 'somebody@example.com', password: 'correct horse' };
    const client = clientFor(stack.anonKey);
    const { data: signedUp, error } = await client.auth.signUp(credentials);
    expect(error).toBeNull();
    await client.auth.signOut({ scope: 'local' });
    const { data: signedIn } = await client.auth.signInWithPassword(credentials);
    expect(signedIn.user?.id).toBe(signedUp.user?.id);
    expect((await client.auth.getUser()).data.user?.email).toBe(credentials.email);
    expect((await client.rpc('whoami')).data).toMatchObject({
      role: 'authenticated',
      uid: signedIn.user?.id,
    });
    const { error: refused } = await clientFor(stack.anonKey).auth.signInWithPassword({
      ...credentials,
      password: 'wrong horse',
    });
    expect(refused?.code).toBe('invalid_credentials');
  });
});

describe('the schema cache', () => {
  test('follows DDL by itself', async () => {
    await execute('create table public.later (id integer); grant select on public.later to anon');
    await until(async () => (await anon.from('later').select()).status === 200, { what: 'the new table' });
    await execute('drop table public.later');
    await until(async () => (await anon.from('later').select()).error?.code === 'PGRST205', {
      what: 'it to be gone',
    });
  });
});

describe('when a part is away', () => {
  test('without PostgreSQL it answers 503, and works again when PostgreSQL is back', async () => {
    await stack.postgres.stop();
    // 002 instead of 001 when the schema cache has just been given up, after DDL.
    expect(await anon.from('notes').select('id').limit(1)).toMatchObject({
      status: 503,
      error: { code: expect.stringMatching(/^PGRST00[12]$/) as string },
    });
    await stack.postgres.start();
    await until(async () => (await anon.from('notes').select('id').limit(1)).status === 200, {
      what: 'an answer',
    });
  });

  test('killed it gives 502 at the gateway; it starts without PostgreSQL and waits for it', async () => {
    await stack.dataApi.kill();
    expect((await anon.from('notes').select('id').limit(1)).status).toBe(502);
    await stack.postgres.stop();
    await stack.dataApi.start();
    expect(await anon.from('notes').select('id').limit(1)).toMatchObject({
      status: 503,
      error: { code: 'PGRST002' },
    });
    await stack.postgres.start();
    await until(async () => (await anon.from('notes').select('id').limit(1)).status === 200, {
      what: 'an answer',
    });
  });

  test('frozen it answers nothing until it is thawed', async () => {
    await stack.dataApi.freeze();
    const answer = anon.from('notes').select('id').limit(1).abortSignal(AbortSignal.timeout(200));
    expect((await answer).error?.message).toContain('TimeoutError');
    stack.dataApi.thaw();
    expect((await anon.from('notes').select('id').limit(1)).status).toBe(200);
  });
});
