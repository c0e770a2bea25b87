import { expect, it } from 'vitest';
import { drawLines } from './line-plot.ts';
import { textWidth, width } from './svg.ts';

function pictureOf(names: readonly string[]): string {
  return drawLines({
    kind: 'lines',
    title: 'Cost',
    x: { title: 'how many' },
    y: { title: 'ms' },
    series: names.map((name, at) => ({
      name,
      points: [
        [1, at + 1],
        [2, at + 2],
      ],
      isOwn: true,
    })),
  });
}

it('the names of lines end inside the picture, however long they are', () => {
  const name = 'the last of all instances, as they grow';
  const [, x] = new RegExp(`x="([\\d.]+)"[^>]*>${name}`).exec(pictureOf([name])) ?? [];
  expect(Number(x) + textWidth(name)).toBeLessThan(width);
});

it("Tidemark's own lines, which share a colour, differ in their strokes", () => {
  const strokes = [
    ...pictureOf(['one', 'two', 'three']).matchAll(/stroke-dasharray="([^"]+)" d="M[\d.]+ [\d.]+L/g),
  ];
  expect(new Set(strokes.map(([, stroke]) => stroke)).size).toBe(3);
});
