import { expect, it } from 'vitest';
import { keySlot } from './key-slot.ts';

it.each([
  // CRC-16/XMODEM of its check value is 0x31C3.
  ['123456789', 0x31c3],
  ['', 0],
  ['{copilot:main}', keySlot('copilot:main')],
  ['a{copilot:main}b{c}', keySlot('copilot:main')],
])('the slot of %j is %i', (key, slot) => {
  expect(keySlot(key)).toBe(slot);
});

it.each([
  ['{}a', 'a'],
  ['{a', 'a'],
  ['a}b{', 'ab'],
])('braces around nothing, or that do not close, are no tag: %j', (key, other) => {
  expect(keySlot(key)).not.toBe(keySlot(other));
});
