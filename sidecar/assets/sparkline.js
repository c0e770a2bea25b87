// The lag of one instance over two minutes, as SVG. Owns the geometry; the colours are those of the style sheet.

const windowMs = 120_000;
const width = 300;
const height = 54;
const namespace = 'http://www.w3.org/2000/svg';

/** The bound stands at so much of the height: what is beyond it still has room. */
const boundPart = 0.78;

/** Two points that are further apart belong to two lines. */
const gapMs = 9_000;

function make(name, className, parent) {
  const element = document.createElementNS(namespace, name);
  element.setAttribute('class', className);
  parent.append(element);
  return element;
}

export function makeSparkline(parent) {
  const svg = make('svg', 'sparkline', parent);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  const area = make('path', 'area', svg);
  const bound = make('line', 'bound', svg);
  bound.setAttribute('x1', '0');
  bound.setAttribute('x2', String(width));
  return { svg, area, bound, line: make('path', 'line', svg) };
}

/** A square root, so that the usual third of a second is seen beside a bound of two. */
function heightOf(ageMs, boundMs) {
  return height * (1 - Math.min(1, boundPart * Math.sqrt(ageMs / boundMs)));
}

export function drawSparkline({ svg, area, bound, line }, { lags, boundMs, lag }) {
  const scaleMs = boundMs ?? 2_000;
  const runs = [];
  let before;
  for (const [agoMs, ageMs] of lags) {
    const isBroken = before === undefined || before - agoMs > gapMs;
    if (ageMs === null) {
      before = undefined;
      continue;
    }
    if (isBroken) runs.push([]);
    runs.at(-1).push([width * (1 - agoMs / windowMs), heightOf(ageMs, scaleMs)]);
    before = agoMs;
  }
  const text = (run) => run.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join('L');
  line.setAttribute('d', runs.map((run) => `M${text(run)}${run.length === 1 ? 'h0.1' : ''}`).join(''));
  area.setAttribute(
    'd',
    runs
      .map((run) => `M${run[0][0].toFixed(1)},${height}L${text(run)}L${run.at(-1)[0].toFixed(1)},${height}Z`)
      .join(''),
  );
  const at = String(heightOf(scaleMs, scaleMs));
  bound.setAttribute('y1', at);
  bound.setAttribute('y2', at);
  svg.setAttribute('aria-label', lag);
}
