// The little of SVG that the plots need. Each plot brings its own ground and both sets of colours, so that it can be read
// on a light page and on a dark one. Pure.

export const width = 760;

/** Of the series that are not Tidemark's, in order; told apart by lightness too, for those who see few colours. */
export const peerColours = 5;

const style = `
  .ground { fill: #ffffff; stroke: #d0d7de }
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .faint { fill: #59636e; font-size: 12px }
  .own-text { font-weight: 600 }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .whisker { stroke: #1f2328; stroke-width: 1.5 }
  .bar { fill: #a3aebb } .bar.own { fill: #0b6bcb }
  .line { fill: none; stroke-width: 2 } .line.own { stroke-width: 3 }
  .own { stroke: #0b6bcb } .peer-0 { stroke: #b35900 } .peer-1 { stroke: #57606a } .peer-2 { stroke: #8250df }
  .peer-3 { stroke: #1a7f37 } .peer-4 { stroke: #bf3989 }
  .bar.own, .dot { stroke: none }
  .dot.own { fill: #0b6bcb } .dot.peer-0 { fill: #b35900 } .dot.peer-1 { fill: #57606a }
  .dot.peer-2 { fill: #8250df } .dot.peer-3 { fill: #1a7f37 } .dot.peer-4 { fill: #bf3989 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; stroke: #3d444d }
    text { fill: #e6edf3 } .faint { fill: #9198a1 }
    .grid { stroke: #2a313a } .whisker { stroke: #e6edf3 }
    .bar { fill: #59636e } .bar.own { fill: #58a6ff }
    .own { stroke: #58a6ff } .peer-0 { stroke: #f0883e } .peer-1 { stroke: #9ea7b3 } .peer-2 { stroke: #bc8cff }
    .peer-3 { stroke: #56d364 } .peer-4 { stroke: #ff8cc8 }
    .dot.own { fill: #58a6ff } .dot.peer-0 { fill: #f0883e } .dot.peer-1 { fill: #9ea7b3 }
    .dot.peer-2 { fill: #bc8cff } .dot.peer-3 { fill: #56d364 } .dot.peer-4 { fill: #ff8cc8 }
  }`;

/** A whole picture: the title stands at the top left, for eyes and for screen readers. */
export function picture(title: string, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="ground" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    words(title, { x: 16, y: 26, class: 'title' }),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

type Attributes = Readonly<Record<string, string | number>>;

export function shape(name: string, attributes: Attributes): string {
  return `<${name} ${formatAttributes(attributes)}/>`;
}

export function words(text: string, attributes: Attributes): string {
  return `<text ${formatAttributes(attributes)}>${escapeText(text)}</text>`;
}

function formatAttributes(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(
      ([name, value]) =>
        `${name}="${typeof value === 'number' ? Number(value.toFixed(1)) : escapeText(value)}"`,
    )
    .join(' ');
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/** About what a text takes, without asking a font: 13 pixels high. */
export function textWidth(text: string): number {
  return text.length * 6.8;
}
