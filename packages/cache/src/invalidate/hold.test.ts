import { FakeClock } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { Hold } from './hold.ts';
import { Tidemark } from './tidemark.ts';

/** As in hold.ts; its own test shows that the bound is this one. */
const maxHeld = 10_000;

class Scene {
  readonly clock = new FakeClock();
  readonly clocks = new Clocks(this.clock);
  readonly tidemark = new Tidemark(this.clocks);
  readonly hold = new Hold(this.tidemark);

  write(key: string): void {
    this.hold.hold(key, this.clocks.instant());
  }

  /** A reading of now is proved. */
  prove(): void {
    this.tidemark.advance(this.clocks.instant());
  }
}

describe('a key that was written here', () => {
  it('is held until the tidemark has passed the write (R3)', async () => {
    const scene = new Scene();
    scene.prove();
    await scene.clock.advance(1);
    scene.write('k');
    expect(scene.hold.isHeld('k')).toBe(true);
    await scene.clock.advance(1);
    scene.prove();
    expect(scene.hold.isHeld('k')).toBe(false);
  });

  it('is held while nothing was ever proved (R3)', () => {
    const scene = new Scene();
    scene.write('k');
    expect(scene.hold.isHeld('k')).toBe(true);
  });

  it('is not released by a tidemark from before the write (R3)', async () => {
    const scene = new Scene();
    const before = scene.clocks.instant();
    await scene.clock.advance(1);
    scene.write('k');
    scene.tidemark.advance(before);
    expect(scene.hold.isHeld('k')).toBe(true);
  });

  it('is held anew by a second write (R3)', async () => {
    const scene = new Scene();
    scene.write('k');
    await scene.clock.advance(1);
    scene.prove();
    await scene.clock.advance(1);
    scene.write('k');
    expect(scene.hold.isHeld('k')).toBe(true);
  });

  it('is held again when the tidemark was dropped before anybody asked (R3)', async () => {
    const scene = new Scene();
    scene.write('k');
    await scene.clock.advance(1);
    scene.prove();
    scene.tidemark.drop();
    expect(scene.hold.isHeld('k')).toBe(true);
  });

  it('holds no other key', () => {
    const scene = new Scene();
    scene.write('k');
    expect(scene.hold.isHeld('other')).toBe(false);
  });
});

describe('the whole region', () => {
  it('is held after invalidateAll, until the tidemark has passed it (R3)', async () => {
    const scene = new Scene();
    scene.hold.holdAll(scene.clocks.instant());
    expect(scene.hold.isHeld('any')).toBe(true);
    await scene.clock.advance(1);
    scene.prove();
    expect(scene.hold.isHeld('any')).toBe(false);
  });

  it('keeps no hold of a key shorter than that key alone would (R3)', async () => {
    const scene = new Scene();
    scene.hold.holdAll(scene.clocks.instant());
    scene.prove();
    await scene.clock.advance(1);
    scene.write('k');
    expect(scene.hold.isHeld('k')).toBe(true);
    expect(scene.hold.isHeld('other')).toBe(false);
  });

  it('is held when too many keys are: the map is bounded, and none of them is forgotten (R3)', async () => {
    const scene = new Scene();
    scene.prove();
    await scene.clock.advance(1);
    for (let index = 0; index < maxHeld; index += 1) scene.write(`k${index}`);
    expect(scene.hold.isHeld('other')).toBe(false);
    scene.write('one more');
    for (const key of ['one more', 'k0', `k${maxHeld - 1}`, 'other'])
      expect(scene.hold.isHeld(key)).toBe(true);
    await scene.clock.advance(1);
    scene.prove();
    for (const key of ['one more', 'k0', 'other']) expect(scene.hold.isHeld(key)).toBe(false);
  });

  it('is not held when there is room once the proved ones are released', async () => {
    const scene = new Scene();
    for (let index = 0; index < maxHeld; index += 1) scene.write(`k${index}`);
    await scene.clock.advance(1);
    scene.prove();
    await scene.clock.advance(1);
    scene.write('one more');
    expect(scene.hold.isHeld('one more')).toBe(true);
    expect(scene.hold.isHeld('other')).toBe(false);
  });
});
