import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import { type FaultDirection, type FaultProxy, startFaultProxy } from './fault-proxy.ts';

let echo: Server;
let proxy: FaultProxy;
let atServer: Socket[];
const clients = new Set<Socket>();

beforeEach(async () => {
  atServer = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    atServer.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startFaultProxy({
    target: { host: '127.0.0.1', port: (echo.address() as AddressInfo).port },
  });
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  await proxy.close();
  echo.close();
});

interface Client {
  readonly socket: Socket;
  received(): string;
  closedWith(): string | undefined;
}

async function dial(): Promise<Client> {
  const socket = connect({ host: '127.0.0.1', port: proxy.port, noDelay: true });
  clients.add(socket);
  const chunks: Buffer[] = [];
  let closedWith: string | undefined;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (closedWith = error.code));
  socket.on('end', () => (closedWith ??= 'end'));
  await once(socket, 'connect');
  return { socket, received: () => Buffer.concat(chunks).toString('latin1'), closedWith: () => closedWith };
}

/** Proves that something does not arrive: a later connection through a healthy path has been served meanwhile. */
async function roundTripElsewhere(): Promise<void> {
  const other = connect({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  clients.add(other);
  for (let turn = 0; turn < 5; turn += 1) {
    other.write('x');
    await once(other, 'data');
  }
}

describe('a healthy proxy', () => {
  test('passes bytes both ways, and the end of each stream', async () => {
    const client = await dial();
    client.socket.end('hello');
    await until(() => client.closedWith() === 'end', { what: 'the end of the stream' });
    expect(client.received()).toBe('hello');
    expect(proxy.counts).toMatchObject({ accepted: 1, bytesToServer: 5, bytesToClient: 5, cut: 0 });
    await until(() => proxy.counts.open === 0, { what: 'the connection to be forgotten' });
  });

  test('puts itself into a URL', () => {
    expect(proxy.urlFor('postgresql://a:b@localhost:5432/db?x=1')).toBe(
      `postgresql://a:b@127.0.0.1:${proxy.port}/db?x=1`,
    );
    expect(proxy.urlFor('redis://127.0.0.1:6379')).toContain(`127.0.0.1:${proxy.port}`);
  });

  test('does not lose what a slow reader leaves lying: 8 MiB arrive whole', async () => {
    const client = await dial();
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefghij');
    client.socket.pause();
    client.socket.write(sent);
    await until(() => proxy.counts.bytesToServer > 0, { what: 'bytes on their way' });
    client.socket.resume();
    await until(() => client.received().length === sent.length, { what: 'all bytes' });
    expect(client.received() === sent.toString('latin1')).toBe(true);
  });
});

describe('cut', () => {
  test('resets what is connected and refuses what comes, until it is healed', async () => {
    const client = await dial();
    client.socket.write('before');
    await until(() => client.received() === 'before', { what: 'the echo' });
    await proxy.cut();
    await until(() => client.closedWith() === 'ECONNRESET', { what: 'the reset' });
    await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await until(() => atServer[0]?.destroyed === true, { what: 'the server side to end' });
    expect(proxy.counts).toMatchObject({ cut: 1, open: 0 });

    await proxy.heal();
    const later = await dial();
    later.socket.write('after');
    await until(() => later.received() === 'after', { what: 'the echo' });
  });

  test('cutConnections lets new connections in', async () => {
    const client = await dial();
    proxy.cutConnections();
    await until(() => client.closedWith() === 'ECONNRESET', { what: 'the reset' });
    const later = await dial();
    later.socket.write('again');
    await until(() => later.received() === 'again', { what: 'the echo' });
  });
});

describe('silence', () => {
  test('keeps connections open, accepts new ones, and passes everything on after the healing', async () => {
    const client = await dial();
    client.socket.write('one');
    await until(() => client.received() === 'one', { what: 'the echo' });
    proxy.silence();
    client.socket.write('two');
    const late = await dial();
    late.socket.write('three');
    await roundTripElsewhere();
    expect([client.received(), client.closedWith()]).toEqual(['one', undefined]);
    expect([late.received(), late.closedWith()]).toEqual(['', undefined]);

    await proxy.heal();
    await until(() => client.received() === 'onetwo', { what: 'the held bytes' });
    await until(() => late.received() === 'three', { what: 'the held bytes' });
  });

  test('of one direction lets the other pass', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received() === 'a', { what: 'the echo' });
    proxy.silence('toClient');
    client.socket.write('b');
    await until(() => proxy.counts.bytesToServer === 2, { what: 'the server to get it' });
    await roundTripElsewhere();
    expect(client.received()).toBe('a');
    await proxy.heal();
    await until(() => client.received() === 'ab', { what: 'the answer' });
  });

  test('holds a bounded number of bytes: the sender has to wait, as before a real network', async () => {
    const client = await dial();
    proxy.silence();
    const chunk = Buffer.alloc(64 * 1024);
    const chunks = 1_024;
    let taken = 0;
    const send = (): void => {
      if (taken < chunks) client.socket.write(chunk, () => ((taken += 1), send()));
    };
    send();
    const standsStill = async (): Promise<boolean> => {
      const before = taken;
      await roundTripElsewhere();
      return taken === before;
    };
    await until(standsStill, { what: 'the sender to wait' });
    expect(taken).toBeLessThan(chunks / 2);
  });

  test('hides the death of the server, as a half-open connection does', async () => {
    const client = await dial();
    client.socket.write('a');
    await until(() => client.received() === 'a', { what: 'the echo' });
    proxy.silence();
    atServer[0]?.resetAndDestroy();
    await roundTripElsewhere();
    expect(client.closedWith()).toBeUndefined();
    await proxy.heal();
    await until(() => client.closedWith() === 'ECONNRESET', { what: 'the reset' });
  });
});

// The proxy may be later than it was told to be, on a busy machine by any amount, but never earlier: lower bounds only.
describe('a faulty line', () => {
  test('delay makes a round trip take longer than the delay, both ways counted', async () => {
    proxy.delay(40);
    const client = await dial();
    const sentAt = performance.now();
    client.socket.write('ping');
    await until(() => client.received() === 'ping', { what: 'the echo', everyMs: 1 });
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(79);
  });

  test('bytes that wait for the end of a delay pass at once when it is healed', async () => {
    const client = await dial();
    proxy.delay(3_600_000);
    client.socket.write('late');
    await roundTripElsewhere();
    expect(client.received()).toBe('');
    await proxy.heal();
    await until(() => client.received() === 'late', { what: 'the echo' });
  });

  test('slow lets no more bytes pass than it says', async () => {
    const client = await dial();
    proxy.slow(10_000, 'toClient');
    const sentAt = performance.now();
    client.socket.write(Buffer.alloc(2_000, 'z'));
    await until(() => client.received().length === 2_000, { what: 'all bytes', everyMs: 1 });
    expect(performance.now() - sentAt).toBeGreaterThan(150);
  });

  test('a target that refuses looks like a reset', async () => {
    proxy.retarget({ host: '127.0.0.1', port: 1 });
    const client = await dial();
    await until(() => client.closedWith() === 'ECONNRESET', { what: 'the reset' });
  });

  test('refuses delays and speeds that make no sense', () => {
    expect(() => proxy.delay(-1)).toThrow('delay must be a number of milliseconds, zero or more, got -1');
    expect(() => proxy.slow(0)).toThrow('slow must be a positive number of bytes per second, got 0');
  });
});

type Step =
  | { readonly kind: 'send'; readonly bytes: string }
  | {
      readonly kind: 'mode';
      readonly mode: 'silence' | 'delay' | 'slow' | 'heal';
      readonly direction: FaultDirection;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('send' as const), bytes: fc.string({ maxLength: 300 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('mode' as const),
      mode: fc.constantFrom('silence' as const, 'delay' as const, 'slow' as const, 'heal' as const),
      direction: fc.constantFrom<FaultDirection>('toServer', 'toClient', 'both'),
    }),
  },
);

async function setMode(
  mode: 'silence' | 'delay' | 'slow' | 'heal',
  direction: FaultDirection,
): Promise<void> {
  if (mode === 'silence') proxy.silence(direction);
  else if (mode === 'delay') proxy.delay(7, direction);
  else if (mode === 'slow') proxy.slow(20_000, direction);
  else await proxy.heal();
}

test('whatever modes come and go, each connection gets its own bytes, in order, each once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      await proxy.heal();
      const lines = await Promise.all([dial(), dial()]);
      const sent = ['', ''];
      for (const [index, { kind, ...rest }] of steps.entries()) {
        if (kind === 'mode' && 'mode' in rest) await setMode(rest.mode, rest.direction);
        if (!('bytes' in rest)) continue;
        const bytes = Buffer.from(rest.bytes, 'utf8');
        lines[index % 2]!.socket.write(bytes);
        sent[index % 2] += bytes.toString('latin1');
        // Let some of it travel before the next mode: an answer, a tick, or nothing at all.
        if (index % 3 === 0) await new Promise(setImmediate);
        for (const [line, client] of lines.entries())
          expect(sent[line]!.startsWith(client.received())).toBe(true);
      }
      await proxy.heal();
      await until(() => lines.every((client, line) => client.received().length === sent[line]!.length), {
        what: 'all bytes',
      });
      expect(lines.map((client) => client.received())).toEqual(sent);
      for (const { socket } of lines) socket.destroy();
    }),
    { numRuns: 60 },
  );
});

test('close ends every connection and the listener, and may be called twice', async () => {
  const client = await dial();
  await Promise.all([proxy.close(), proxy.close()]);
  await until(() => client.closedWith() === 'ECONNRESET', { what: 'the reset' });
  await expect(dial()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
