// The colours of the page by the rule of WCAG 2.2: text on its ground at 4.5 to 1, in light and in dark.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const css = readFileSync(new URL('../../assets/page.css', import.meta.url), 'utf8');
const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]+)\}/g)].map(([, body]) => body);

function luminance(colours: string, name: string): number {
  const hex = new RegExp(`--${name}: #(\\w{6});`).exec(colours)?.[1];
  if (hex === undefined) throw new Error(`no colour ${name}`);
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each([
  ['light', light],
  ['dark', dark],
])('in the %s, the contrast', (_name, colours) => {
  it.each([
    ['ink', 'ground'],
    ['ink', 'sheet'],
    ['ink', 'odd-ground'],
    ['ink', 'bad-ground'],
    ['soft', 'ground'],
    ['soft', 'sheet'],
    ['sea', 'sea-ground'],
    ['good', 'good-ground'],
    ['odd', 'odd-ground'],
    ['bad', 'bad-ground'],
    ['bad', 'ground'],
    ['bad', 'sheet'],
  ])('of %s on %s is enough to read', (text, ground) => {
    const [brighter = 0, darker = 0] = [luminance(colours, text), luminance(colours, ground)].sort(
      (a, b) => b - a,
    );
    expect((brighter + 0.05) / (darker + 0.05)).toBeGreaterThanOrEqual(4.5);
  });
});
