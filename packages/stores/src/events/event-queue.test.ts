import { describe, expect, test } from 'vitest';
import { EventQueue, maxWaitingEvents, type EventListener } from './event-queue.ts';
import type { HubEvent } from './hub-event.ts';

type Message = HubEvent<'message'>;

function message(id: number): Message {
  return { event: 'message', data: id, timestamp: new Date(0), instanceId: 'i' };
}

function open(listener: EventListener<'message'>) {
  const failures: unknown[] = [];
  let overflows = 0;
  const queue = new EventQueue<'message'>({
    listener,
    onFailure: (error) => failures.push(error),
    onOverflow: () => (overflows += 1),
  });
  return { queue, failures, overflows: () => overflows };
}

/** A listener that is busy with each event until it is let go. */
function slow() {
  const heard: unknown[] = [];
  const steps: PromiseWithResolvers<void>[] = [];
  const listener = ({ data }: Message): Promise<void> => {
    heard.push(data);
    const step = Promise.withResolvers<void>();
    steps.push(step);
    return step.promise;
  };
  const go = async (): Promise<void> => {
    steps.shift()?.resolve();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { heard, listener, go, steps };
}

describe('a queue (#36)', () => {
  test('calls an idle listener at once', () => {
    const heard: unknown[] = [];
    const { queue } = open(({ data }) => void heard.push(data));
    queue.push(message(1));
    expect(heard).toEqual([1]);
  });

  test('keeps the order while the listener is busy', async () => {
    const { heard, listener, go } = slow();
    const { queue } = open(listener);
    for (const id of [1, 2, 3]) queue.push(message(id));
    expect(heard).toEqual([1]);
    await go();
    expect(heard).toEqual([1, 2]);
    await go();
    expect(heard).toEqual([1, 2, 3]);
  });

  test('hands over what was sent by the listener itself after what it is busy with', () => {
    const heard: unknown[] = [];
    const { queue } = open(({ data }) => {
      if (data === 1) queue.push(message(2));
      heard.push(data);
    });
    queue.push(message(1));
    expect(heard).toEqual([1, 2]);
  });

  test('ends a listener that is too slow, once, and forgets what waited', async () => {
    const { heard, listener, go } = slow();
    const { queue, overflows } = open(listener);
    for (let id = 0; id <= maxWaitingEvents; id += 1) queue.push(message(id));
    expect(overflows()).toBe(0);
    queue.push(message(-1));
    queue.push(message(-2));
    expect(overflows()).toBe(1);
    await go();
    expect(heard).toEqual([0]);
  });

  test('goes on after a listener that threw, and after one that rejected', async () => {
    const heard: unknown[] = [];
    const { queue, failures } = open(({ data }) => {
      heard.push(data);
      if (data === 1) throw new Error('thrown');
      return data === 2 ? Promise.reject(new Error('rejected')) : undefined;
    });
    for (const id of [1, 2, 3]) queue.push(message(id));
    await Promise.resolve();
    await Promise.resolve();
    expect(heard).toEqual([1, 2, 3]);
    expect(failures.map(String)).toEqual(['Error: thrown', 'Error: rejected']);
  });

  test('hands nothing over after its end', async () => {
    const { heard, listener, go } = slow();
    const { queue } = open(listener);
    for (const id of [1, 2]) queue.push(message(id));
    queue.end();
    await go();
    queue.push(message(3));
    expect(heard).toEqual([1]);
  });
});
