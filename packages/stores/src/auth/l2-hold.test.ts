import { FakeClock } from '@tidemark/devstack/fakes';
import { expect, test } from 'vitest';
import { L2Hold } from './l2-hold.ts';

test('a user is held for the time given, and again from the last call (R3)', async () => {
  const clock = new FakeClock();
  const hold = new L2Hold(clock, 1_000);
  hold.hold('ada');
  await clock.advance(600);
  hold.hold('ada');
  await clock.advance(600);
  expect(hold.isHeld('ada')).toBe(true);
  expect(hold.isHeld('bob')).toBe(false);
  await clock.advance(400);
  expect(hold.isHeld('ada')).toBe(false);
});

test('beyond its bound everybody is held, for as long (R3)', async () => {
  const clock = new FakeClock();
  const hold = new L2Hold(clock, 1_000);
  for (let user = 0; user <= 10_000; user += 1) hold.hold(`user-${user}`);
  expect(hold.isHeld('user-0')).toBe(true);
  expect(hold.isHeld('somebody')).toBe(true);
  await clock.advance(1_000);
  expect(hold.isHeld('user-0')).toBe(false);
});
