// Lines over an axis, each named at its end.
import type { LinePlot, Series } from '../measurement.ts';
import { numberText } from './number-text.ts';
import { makeScale, type Scale } from './scale.ts';
import { peerColours, picture, shape, textWidth, width, words } from './svg.ts';

const top = 60;
const bottom = 320;
const nameGap = 16;
/** Before a name: a piece of its line, that tells which one it is. */
const sample = 22;
const nameIndent = sample + 14;

/** Tidemark's own lines share a colour, so that they differ in their strokes. */
const strokes = ['none', '8 5', '2 4', '12 4 2 4'];

export function drawLines({ title, x, y, series }: LinePlot): string {
  // Bold is a tenth wider.
  const nameWidth = Math.max(
    ...series.map(({ name, isOwn }) => textWidth(name) * (isOwn === true ? 1.1 : 1)),
  );
  const right = width - 16 - nameIndent - nameWidth;
  const points = series.flatMap((one) => one.points);
  const upward = makeScale({
    values: points.map(([, value]) => value),
    from: bottom,
    until: top,
    isLogarithmic: y.isLogarithmic === true,
    isTight: true,
  });
  const left = 20 + Math.max(44, ...upward.ticks.map((tick) => textWidth(numberText(tick))));
  const across = makeScale({
    values: points.map(([value]) => value),
    from: left,
    until: right,
    isLogarithmic: x.isLogarithmic === true,
    isTight: true,
  });
  const names = placeNames(series, upward);
  const own = series.filter(({ isOwn }) => isOwn === true);
  const peers = series.filter(({ isOwn }) => isOwn !== true);
  return picture(title, bottom + 56, [
    words(y.title, { class: 'faint', x: 16, y: 48 }),
    ...upward.ticks.flatMap((tick) => [
      shape('line', { class: 'grid', x1: left, x2: right, y1: upward.place(tick), y2: upward.place(tick) }),
      words(numberText(tick), {
        class: 'faint',
        x: left - 8,
        y: upward.place(tick) + 4,
        'text-anchor': 'end',
      }),
    ]),
    ...across.ticks.map((tick) =>
      words(numberText(tick), {
        class: 'faint',
        x: across.place(tick),
        y: bottom + 20,
        'text-anchor': 'middle',
      }),
    ),
    words(x.title, { class: 'faint', x: (left + right) / 2, y: bottom + 42, 'text-anchor': 'middle' }),
    ...series.flatMap((one) => {
      const colour = one.isOwn === true ? 'own' : `peer-${peers.indexOf(one) % peerColours}`;
      const stroke = strokes[Math.max(0, own.indexOf(one)) % strokes.length] ?? 'none';
      return drawSeries(one, { colour, stroke, across, upward, nameY: names.get(one) ?? 0, right });
    }),
  ]);
}

interface Look {
  readonly colour: string;
  readonly stroke: string;
  readonly across: Scale;
  readonly upward: Scale;
  readonly nameY: number;
  readonly right: number;
}

function drawSeries({ name, points, isOwn = false }: Series, look: Look): readonly string[] {
  const { colour, stroke, across, upward, nameY, right } = look;
  const line = { class: `line ${colour}`, 'stroke-dasharray': stroke };
  const places = points.map(([x, y]) => [across.place(x), upward.place(y)] as const);
  const path = places
    .map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join('');
  return [
    shape('path', { ...line, d: path }),
    ...places.map(([x, y]) => shape('circle', { class: `dot ${colour}`, cx: x, cy: y, r: 3.5 })),
    shape('path', { ...line, d: `M${right + 8} ${nameY}h${sample}` }),
    words(name, { class: isOwn ? 'own-text' : 'plain', x: right + nameIndent, y: nameY + 4 }),
  ];
}

/** At the height of the last point, but never over one another. */
function placeNames(series: readonly Series[], upward: Scale): ReadonlyMap<Series, number> {
  const wanted = series
    .map((one) => ({ one, y: upward.place(one.points.at(-1)?.[1] ?? 0) }))
    .sort((a, b) => a.y - b.y);
  const placed = new Map<Series, number>();
  let free = top;
  for (const { one, y } of wanted) {
    const place = Math.max(y, free);
    placed.set(one, place);
    free = place + nameGap;
  }
  return placed;
}
