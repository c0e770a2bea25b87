// The hubs without Redis: what a subscriber of the same instance can rely on.
import { RecordedLog } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import {
  createConversationEventHub,
  createConversationListEventHub,
  type EventHubOptions,
} from './create-event-hubs.ts';
import { maxEventLength, maxSubscriptions } from './event-hub.ts';
import { maxWaitingEvents } from './event-queue.ts';
import {
  conversationEvents,
  conversationListEvents,
  type ConversationEventName,
  type HubEvent,
} from './hub-event.ts';

const subject = { tenantId: 'acme', conversationId: 'c1' };
type Heard = HubEvent<ConversationEventName>;

function open(options: EventHubOptions = {}) {
  const hub = createConversationEventHub(options);
  const heard: Heard[] = [];
  const subscription = hub.subscribe(subject, (event) => void heard.push(event));
  return { hub, heard, subscription };
}

describe('a hub without Redis (#36)', () => {
  test('calls its subscribers before broadcast returns', () => {
    const { hub, heard } = open();
    void hub.broadcast(subject, 'message', { id: 'm1' });
    expect(heard).toEqual([
      { event: 'message', data: { id: 'm1' }, timestamp: expect.any(Date), instanceId: expect.any(String) },
    ]);
  });

  test('says that nobody else was told', async () => {
    const { hub, subscription } = open();
    expect(await hub.broadcast(subject, 'done')).toBe(false);
    expect(await subscription.ready).toBe(false);
  });

  test('takes every event of its kind', async () => {
    const { hub, heard } = open();
    for (const event of conversationEvents) await hub.broadcast(subject, event);
    expect(heard.map(({ event }) => event)).toEqual(conversationEvents);

    const list = createConversationListEventHub();
    const names: string[] = [];
    list.subscribe({ tenantId: 'acme' }, ({ event }) => void names.push(event));
    for (const event of conversationListEvents) await list.broadcast({ tenantId: 'acme' }, event);
    expect(names).toEqual(conversationListEvents);
  });

  test('keeps conversations and tenants apart, whatever their ids look like', async () => {
    const { hub, heard } = open();
    await hub.broadcast({ ...subject, conversationId: 'c2' }, 'message');
    await hub.broadcast({ ...subject, tenantId: 'other' }, 'message');
    await hub.broadcast({ tenantId: 'acme:c1', conversationId: 'x' }, 'message');
    expect(heard).toEqual([]);

    const one: Heard[] = [];
    hub.subscribe({ tenantId: 'a:b', conversationId: 'c' }, (event) => void one.push(event));
    await hub.broadcast({ tenantId: 'a', conversationId: 'b:c' }, 'message');
    expect(one).toEqual([]);
  });

  test('hands over what JSON keeps, frozen, so that a change of the sender reaches nobody', async () => {
    const { hub, heard } = open();
    const data = { at: new Date(0), none: undefined, list: [1] };
    await hub.broadcast(subject, 'metadata', data);
    data.list.push(2);
    expect(heard[0]?.data).toEqual({ at: '1970-01-01T00:00:00.000Z', list: [1] });
    expect(Object.isFrozen(heard[0])).toBe(true);
  });

  test('stops calling who has left, and counts no channel that nobody hears', async () => {
    const { hub, heard, subscription } = open();
    const other = hub.subscribe(subject, () => {});
    expect(hub.status()).toMatchObject({ channels: 1, subscriptions: 2 });
    subscription.close();
    subscription.close();
    expect(hub.status()).toMatchObject({ channels: 1, subscriptions: 1 });
    await hub.broadcast(subject, 'message');
    expect(heard).toEqual([]);
    other.close();
    expect(hub.status()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  test('does not give an event to who subscribes while it is delivered', () => {
    const hub = createConversationEventHub();
    let late = 0;
    hub.subscribe(subject, () => void hub.subscribe(subject, () => void (late += 1)));
    void hub.broadcast(subject, 'message');
    expect(late).toBe(0);
  });

  test('goes on when a subscriber throws, and says so', async () => {
    const log = new RecordedLog();
    const hub = createConversationEventHub({ logger: log });
    const heard: Heard[] = [];
    hub.subscribe(subject, () => {
      throw new Error('broken pipe');
    });
    hub.subscribe(subject, (event) => void heard.push(event));
    await hub.broadcast(subject, 'message');
    expect(heard).toHaveLength(1);
    expect(log.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'a subscriber failed on an event',
      fields: { component: 'conversation-events', error: 'Error: broken pipe' },
    });
  });

  test('ends a subscriber that is too slow, and the others hear on', async () => {
    const { hub, heard } = open();
    let overflows = 0;
    const never = new Promise<void>(() => {});
    hub.subscribe(subject, () => never, { onOverflow: () => (overflows += 1) });
    for (let sent = 0; sent < maxWaitingEvents + 10; sent += 1) await hub.broadcast(subject, 'message', sent);
    expect(overflows).toBe(1);
    expect(hub.status()).toMatchObject({ subscriptions: 1, overflowed: 1 });
    expect(heard).toHaveLength(maxWaitingEvents + 10);
  });

  test('says once, at its start, that it is alone', () => {
    const log = new RecordedLog();
    const { hub } = open({ logger: log });
    void hub.broadcast(subject, 'message');
    expect(log.lines).toEqual([
      {
        level: 'info',
        message: 'events reach the subscribers of this instance only',
        fields: { component: 'conversation-events', reason: 'no Redis was given' },
      },
    ]);
  });
});

describe('a hub refuses (#36)', () => {
  test.each([
    ['a tenant without an id', { tenantId: '', conversationId: 'c' }, /^tenantId must be a text of 1 to 200/],
    ['a conversation without an id', { tenantId: 't', conversationId: '' }, /^conversationId must be a text/],
  ])('%s', async (_, refused, says) => {
    const { hub } = open();
    const refusal = { code: 'INPUT_INVALID', message: expect.stringMatching(says) };
    expect(() => hub.subscribe(refused, () => {})).toThrow(expect.objectContaining(refusal));
    await expect(hub.broadcast(refused, 'message')).rejects.toMatchObject(refusal);
  });

  test.each([
    ['an event of another kind', 'upsert', null, /^event must be one of message, .*got "upsert"$/],
    ['what JSON can not say', 'message', 1n, /^data must be something that JSON can say/],
    [
      'what is too large',
      'message',
      'x'.repeat(maxEventLength),
      /^an event must be at most 262144 characters/,
    ],
  ])('%s, before anybody hears it', async (_, event, data, says) => {
    const { hub, heard } = open();
    await expect(hub.broadcast(subject, event as 'message', data)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(says),
    });
    expect(heard).toEqual([]);
  });

  test('more subscriptions than it can serve', () => {
    const hub = createConversationEventHub();
    for (let count = 0; count < maxSubscriptions; count += 1) hub.subscribe(subject, () => {});
    expect(() => hub.subscribe(subject, () => {})).toThrow(expect.objectContaining({ code: 'HUB_FULL' }));
  });

  test('subscribers after its end, which ended those it had', async () => {
    const { hub, heard } = open();
    hub.close();
    await hub.broadcast(subject, 'message');
    expect(heard).toEqual([]);
    expect(() => hub.subscribe(subject, () => {})).toThrow(expect.objectContaining({ code: 'HUB_CLOSED' }));
    expect(hub.status()).toMatchObject({ channels: 0, subscriptions: 0 });
  });

  test('an option nobody knows', () => {
    const options = { redsi: 1 } as EventHubOptions;
    expect(() => createConversationEventHub(options)).toThrow(/got redsi$/);
    expect(() => createConversationListEventHub(options)).toThrow(/got redsi$/);
  });
});
