import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { InstanceView, Snapshot } from './snapshot.ts';
import { renderFrame } from './terminal.ts';

function instance(name: string, changes: Partial<InstanceView> = {}): InstanceView {
  return {
    name,
    url: '',
    state: 'serving',
    hasLease: true,
    tidemarkAgeMs: 312.4,
    position: '2-8',
    entries: 3,
    loads: 5,
    holds: [
      {
        tenant: 'acme',
        text: 'openai / gpt-4o, audit',
        isDropped: false,
        from: 'L2',
        droppedMs: 4,
        freshMs: 9.25,
      },
    ],
    ...changes,
  };
}

const snapshot: Snapshot = {
  hints: 'broadcast',
  boundMs: 2_000,
  sidecar: { state: 'ready', position: '2-8', hints: [{ name: 'broadcast', state: 'listening', heard: 3 }] },
  instances: [instance('a'), instance('b', { state: 'frozen' }), instance('c', { hasLease: false })],
  changes: [
    {
      id: 2,
      at: '2026-11-21T06:23:43.512Z',
      what: 'insert hooli',
      arrivals: [
        { instance: 'a', droppedMs: null, freshMs: 12.1 },
        { instance: 'b', droppedMs: null, freshMs: null },
        { instance: 'c', droppedMs: 3, freshMs: null },
      ],
    },
  ],
  answers: { given: 12_558, withinBound: 10, beyondBound: 0 },
};

function linesAt(columns: number): string[] {
  return renderFrame(snapshot, columns).map((line) => stripVTControlCharacters(line));
}

test('the instances stand side by side, each with what it holds and how it is', () => {
  const lines = linesAt(140);
  const state = lines.find((line) => line.includes('instance a')) ?? '';
  expect(state).toMatch(/instance a {2}lease +instance b {2}frozen +instance c {2}no lease/);
  expect(lines.find((line) => line.includes('gpt-4o'))?.match(/openai \/ gpt-4o, audit/g)).toHaveLength(3);
  expect(lines.find((line) => line.includes('dropped'))).toContain('dropped 4.0 ms, new row 9.3 ms');
});

test('a change tells a row that came without a drop from one that is awaited', () => {
  expect(linesAt(140).find((line) => line.includes('hooli'))).toMatch(
    /^06:23:43\.5 {2}insert hooli +– → 12\.1 ms +· → · +3\.0 ms → ·/,
  );
});

test.each([40, 80, 200])('no line is wider than a terminal of %i columns', (columns) => {
  for (const line of linesAt(columns)) expect(line.length).toBeLessThanOrEqual(columns);
});
