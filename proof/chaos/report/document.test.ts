// A report goes between the marks of its contestant, and nowhere else.
import { expect, it } from 'vitest';
import { putReport } from './document.ts';

const text = `before
<!-- report of tidemark -->
old
<!-- end of tidemark -->
between
<!-- report of naive -->
<!-- end of naive -->
after
`;

it('replaces what stood between the marks, and touches nothing else', () => {
  const once = putReport(text, 'naive', 'the control');
  expect(once).toBe(text.replace('naive -->\n<', 'naive -->\n\nthe control\n<'));
  expect(putReport(once, 'tidemark', 'new')).toBe(once.replace('\nold\n', '\n\nnew\n'));
});

it('refuses a text without the marks, or with the marks the wrong way round', () => {
  expect(() => putReport('nothing', 'tidemark', 'new')).toThrow(/report of tidemark/);
  const reversed = '<!-- end of naive -->\n<!-- report of naive -->\n';
  expect(() => putReport(reversed, 'naive', 'new')).toThrow(/in this order/);
});
