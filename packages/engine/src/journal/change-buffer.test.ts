import { describe, expect, it } from 'vitest';
import { ChangeBuffer, maxHeldChanges } from './change-buffer.ts';

const change = (key: string): { table: string; keys: string[] } => ({ table: 'public.flags', keys: [key] });

describe('a buffer of changes', () => {
  it('gives each reader of the present what comes after it, in order', () => {
    const buffer = new ChangeBuffer();
    buffer.add(change('before'));
    const { snapshot } = buffer;
    buffer.add(change('a'));
    buffer.add(change('b'));
    expect(buffer.after(snapshot)).toEqual([change('a'), change('b')]);
    expect(buffer.after(buffer.snapshot)).toEqual([]);
  });

  it('repeats what was read until a later snapshot shows that it was published', () => {
    const buffer = new ChangeBuffer();
    const start = buffer.snapshot;
    buffer.add(change('a'));
    const afterA = buffer.snapshot;
    buffer.add(change('b'));
    expect(buffer.after(start)).toEqual([change('a'), change('b')]);
    expect(buffer.after(start)).toEqual([change('a'), change('b')]);
    expect(buffer.after(afterA)).toEqual([change('b')]);
    expect(buffer.after(start)).toBeUndefined();
  });

  it('knows nothing of the numbers of another buffer, nor of what is not a snapshot of its own', () => {
    const buffer = new ChangeBuffer();
    const epoch = buffer.snapshot.split(':')[0];
    for (const text of [
      new ChangeBuffer().snapshot,
      '',
      '1',
      `${epoch}:1`,
      `${epoch}:`,
      `${epoch}:-1`,
      `${epoch}:0:0`,
      '10:20:',
    ]) {
      expect(buffer.after(text), text).toBeUndefined();
    }
  });

  it('forgets everything at its bound, so that a reader of before learns that something is missing', () => {
    const buffer = new ChangeBuffer();
    const { snapshot } = buffer;
    for (let count = 0; count < maxHeldChanges; count += 1) buffer.add(change('a'));
    expect(buffer.after(snapshot)).toHaveLength(maxHeldChanges);
    const full = buffer.snapshot;
    buffer.add(change('one too many'));
    expect(buffer.after(snapshot)).toBeUndefined();
    expect(buffer.after(full)).toBeUndefined();
    expect(buffer.after(buffer.snapshot)).toEqual([]);
  });
});
