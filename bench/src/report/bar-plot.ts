// Bars, one under the other: names to the left, figures to the right, a line over what half of the repetitions took.
import type { Bar, BarPlot } from '../measurement.ts';
import { numberText, quantityText } from './number-text.ts';
import { makeScale, type Scale } from './scale.ts';
import { picture, shape, textWidth, width, words } from './svg.ts';

const top = 44;
const rowHeight = 28;
const barHeight = 18;

export function drawBars({ title, unit, bars, isLogarithmic = false }: BarPlot): string {
  const left = 28 + Math.max(...bars.map(({ label }) => textWidth(label)));
  const figureWidth = Math.max(...bars.map(({ value }) => textWidth(quantityText(value, unit)))) + 16;
  const scale = makeScale({
    values: bars.flatMap(({ value, spread = [value, value] }) => [value, ...spread]),
    from: left,
    until: width - figureWidth - 16,
    isLogarithmic,
  });
  const bottom = top + bars.length * rowHeight;
  const grid = scale.ticks.flatMap((tick) => [
    shape('line', { class: 'grid', x1: scale.place(tick), x2: scale.place(tick), y1: top, y2: bottom }),
    words(numberText(tick), {
      class: 'faint',
      x: scale.place(tick),
      y: bottom + 18,
      'text-anchor': 'middle',
    }),
  ]);
  const note = isLogarithmic ? `${unit}, each line ten times the one before` : unit;
  return picture(title, bottom + 46, [
    ...grid,
    ...bars.flatMap((bar, index) => drawBar(bar, { scale, unit, left, y: top + index * rowHeight })),
    words(note, { class: 'faint', x: left, y: bottom + 36 }),
  ]);
}

interface Place {
  readonly scale: Scale;
  readonly unit: string;
  readonly left: number;
  readonly y: number;
}

function drawBar(
  { label, value, spread, isOwn = false }: Bar,
  { scale, unit, left, y }: Place,
): readonly string[] {
  const end = scale.place(value);
  const middle = y + rowHeight / 2;
  const emphasis = isOwn ? 'own-text' : 'plain';
  const [low, high] = spread ?? [value, value];
  return [
    words(label, { class: emphasis, x: left - 10, y: middle + 4, 'text-anchor': 'end' }),
    shape('rect', {
      class: isOwn ? 'bar own' : 'bar',
      x: left,
      y: middle - barHeight / 2,
      width: Math.max(1, end - left),
      height: barHeight,
      rx: 2,
    }),
    ...(spread === undefined
      ? []
      : [
          shape('line', {
            class: 'whisker',
            x1: scale.place(low),
            x2: scale.place(high),
            y1: middle,
            y2: middle,
          }),
        ]),
    words(quantityText(value, unit), {
      class: emphasis,
      x: Math.max(end, scale.place(high)) + 8,
      y: middle + 4,
    }),
  ];
}
