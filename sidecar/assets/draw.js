// Keeps elements and changes only what differs, so that focus, selection and screen readers are left alone by a page
// that is drawn every second. All text goes in as text: what instances and keys say is never markup.

export const $ = (id) => document.getElementById(id);

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setTone(element, tone) {
  if (element.dataset.tone !== tone) element.dataset.tone = tone;
}

export function make(tag, className, parent) {
  const element = document.createElement(tag);
  if (className !== '') element.className = className;
  parent.append(element);
  return element;
}

/** A text that is there or not. */
export function setNote(element, text) {
  element.hidden = text === null;
  setText(element, text ?? '');
}

/** A list whose elements stay with their ids, in the order of the items. */
export class KeyedList {
  #parent;
  #make;
  #draw;
  #shown = new Map();

  constructor(parent, { make, draw }) {
    this.#parent = parent;
    this.#make = make;
    this.#draw = draw;
  }

  show(items, idOf) {
    const wanted = new Set(items.map(idOf));
    for (const [id, { element }] of this.#shown) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    let before = null;
    for (const item of items) {
      const id = idOf(item);
      let part = this.#shown.get(id);
      if (part === undefined) {
        part = this.#make(item);
        this.#shown.set(id, part);
      }
      const next = before === null ? this.#parent.firstChild : before.nextSibling;
      if (next !== part.element) this.#parent.insertBefore(part.element, next);
      before = part.element;
      this.#draw(part, item);
    }
  }
}
