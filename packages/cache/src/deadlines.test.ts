import { FakeClock } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { type Deadline, Deadlines } from './deadlines.ts';

const lengthMs = 100;

class Scene {
  readonly clock = new FakeClock();
  readonly deadlines = new Deadlines(this.clock, lengthMs);
  readonly late: string[] = [];

  begin(name: string): Deadline {
    return this.deadlines.begin(() => this.late.push(name));
  }
}

describe('deadlines of one length', () => {
  it('end each at its own time, in the order in which they began, with one timer for all', async () => {
    const scene = new Scene();
    scene.begin('a');
    await scene.clock.advance(60);
    scene.begin('b');
    scene.begin('c');
    expect(scene.clock.pending).toBe(1);
    await scene.clock.advance(39);
    expect(scene.late).toEqual([]);
    await scene.clock.advance(1);
    expect(scene.late).toEqual(['a']);
    await scene.clock.advance(59);
    expect(scene.late).toEqual(['a']);
    await scene.clock.advance(1);
    expect(scene.late).toEqual(['a', 'b', 'c']);
  });

  it('are not late once they were ended', async () => {
    const scene = new Scene();
    const first = scene.begin('a');
    await scene.clock.advance(50);
    scene.begin('b');
    scene.deadlines.end(first);
    await scene.clock.advance(100);
    expect(scene.late).toEqual(['b']);
  });

  it('begin while others end, and keep their time', async () => {
    const scene = new Scene();
    scene.deadlines.begin(() => scene.begin('after a'));
    await scene.clock.advance(10);
    scene.begin('b');
    await scene.clock.advance(100);
    expect(scene.late).toEqual(['b']);
    await scene.clock.advance(90);
    expect(scene.late).toEqual(['b', 'after a']);
  });

  it('begin anew after all of them were over', async () => {
    const scene = new Scene();
    scene.deadlines.end(scene.begin('a'));
    await scene.clock.advance(150);
    expect(scene.clock.pending).toBe(0);
    scene.begin('b');
    await scene.clock.advance(lengthMs);
    expect(scene.late).toEqual(['b']);
  });

  it('leave no timer when they are closed: those that still run keep their time first', async () => {
    const idle = new Scene();
    idle.deadlines.end(idle.begin('a'));
    idle.deadlines.close();
    expect(idle.clock.pending).toBe(0);

    const busy = new Scene();
    const ended = busy.begin('ended');
    busy.begin('late');
    busy.deadlines.close();
    busy.deadlines.end(ended);
    await busy.clock.advance(lengthMs);
    expect(busy.late).toEqual(['late']);
    expect(busy.clock.pending).toBe(0);
  });
});
