// Draws the snapshots of the sidecar as they come. Judges nothing: every state and every sentence is in the snapshot.
import { $, KeyedList, make, setNote, setText, setTone } from './draw.js';
import { drawSparkline, makeSparkline } from './sparkline.js';

const tones = { fresh: 'good', starting: 'odd', behind: 'bad', frozen: 'bad', unknown: 'none' };

const instances = new KeyedList($('instances'), {
  make({ id }) {
    const element = document.createElement('article');
    element.className = 'card';
    const top = make('div', 'top', element);
    const name = make('h3', '', top);
    name.id = `instance-${id}`;
    element.setAttribute('aria-labelledby', name.id);
    const pill = make('span', 'pill', top);
    const where = make('p', 'where', element);
    const age = make('p', 'age', element);
    const ageText = make('b', '', age);
    const boundText = make('span', '', age);
    const sparkline = makeSparkline(element);
    const axis = make('div', 'axis', element);
    axis.setAttribute('aria-hidden', 'true');
    make('span', '', axis).textContent = '2 min ago';
    make('span', '', axis).textContent = 'now';
    const list = make('dl', 'figures', element);
    const figure = (title) => {
      const box = make('div', '', list);
      make('dt', '', box).textContent = title;
      return make('dd', '', box);
    };
    return {
      element,
      name,
      pill,
      where,
      ageText,
      boundText,
      sparkline,
      entries: figure('L1 entries'),
      hitRate: figure('Hit rate'),
      leases: figure('Leases'),
      up: figure('Up'),
      why: make('p', 'why', element),
    };
  },
  draw(card, instance) {
    const { freshness, position, bound } = instance;
    setTone(card.element, tones[freshness]);
    setText(card.name, instance.name);
    setText(card.pill, freshness);
    setText(
      card.where,
      `${instance.mode} · ${instance.version}${position === null ? '' : ` · at ${position}`}`,
    );
    setText(card.ageText, instance.age);
    setText(card.boundText, bound === null ? 'tidemark age' : `tidemark age · bound ${bound}`);
    drawSparkline(card.sparkline, instance);
    setText(card.entries, instance.entries);
    setText(card.hitRate, instance.hitRate);
    setText(card.leases, instance.leases);
    setText(card.up, instance.up);
    setNote(card.why, instance.sentence);
  },
});

function makeRecord({ changes, link, position, namespace }) {
  const element = document.createElement('li');
  if (hasDrawn) element.className = 'arrived';
  const ago = make('span', 'ago', element);
  const what = make('div', '', element);
  for (const { table, keys, more } of changes) {
    const change = make('div', 'change', what);
    make('span', 'table', change).textContent = table;
    const list = make('div', 'keys', change);
    for (const key of keys ?? []) make('code', 'key', list).textContent = key;
    if (keys === null) make('span', 'key whole', list).textContent = 'whole table';
    if (more > 0) make('span', 'key more', list).textContent = `and ${more.toLocaleString('en')} more`;
  }
  if (link !== null) make('p', '', what).textContent = link;
  make('p', 'at', what).textContent = `${namespace} ${position}`;
  return { element, ago };
}

const records = new KeyedList($('records'), {
  make: makeRecord,
  draw: (shown, record) => setText(shown.ago, record.ago),
});

/** Name and pill, something more, and a sentence where one is needed. */
function rows(list, describe) {
  return new KeyedList(list, {
    make() {
      const element = document.createElement('li');
      const line = make('div', 'line', element);
      const what = make('span', 'what', line);
      const pill = make('span', 'pill', line);
      const [more, checked, why] = ['more', 'more', 'why'].map((name) => make('p', name, element));
      return { element, what, pill, more, checked, why };
    },
    draw(row, item) {
      const { what, pill, tone, more, checked = null, why } = describe(item);
      setTone(row.element, tone);
      setText(row.what, what);
      setText(row.pill, pill);
      setNote(row.more, more);
      setNote(row.checked, checked);
      setNote(row.why, why);
    },
  });
}

const namespaces = rows(
  $('namespaces'),
  ({ namespace, isWell, publisher, position, roundsDone, sentence }) => ({
    what: namespace,
    pill: publisher,
    tone: isWell ? 'good' : 'bad',
    more:
      position === null
        ? 'no head in Redis'
        : `at ${position} · ${roundsDone.toLocaleString('en')} rounds in this generation`,
    why: sentence,
  }),
);

const hints = rows($('hints'), ({ name, state, isWell, heard, silences, announced, sentence }) => ({
  what: name,
  pill: state,
  tone: isWell ? 'good' : 'odd',
  more: [
    `${heard.toLocaleString('en')} heard`,
    ...(silences > 0
      ? [silences === 1 ? 'once silent' : `${silences.toLocaleString('en')} times silent`]
      : []),
    ...(announced === null ? [] : [announced]),
  ].join(' · '),
  why: sentence,
}));

const tables = rows($('tables'), ({ table, namespace, key, problem, isBestEffort, checked, isStale }) => ({
  what: table,
  ...(problem !== null
    ? { pill: 'not followed', tone: 'bad' }
    : isStale
      ? { pill: 'stale', tone: 'bad' }
      : isBestEffort
        ? { pill: 'best effort', tone: 'odd' }
        : { pill: 'followed', tone: 'good' }),
  more: key === null ? namespace : `${namespace} · key ${key}`,
  checked,
  why: problem ?? (isBestEffort ? 'Fed by Realtime alone: the bound is not promised.' : null),
}));

const problems = new KeyedList($('problems'), {
  make: () => ({ element: document.createElement('li') }),
  draw: ({ element }, problem) => setText(element, problem),
});

let hasDrawn = false;
let isPaused = false;

function draw(snapshot) {
  setTone($('verdict'), snapshot.verdict.tone);
  setText($('verdict-text'), snapshot.verdict.sentence);
  document.title = `${snapshot.verdict.tone === 'good' ? '' : '! '}Tidemark: ${snapshot.verdict.sentence}`;
  problems.show(snapshot.problems, (problem) => problem);
  $('problems').hidden = snapshot.problems.length === 0;
  instances.show(snapshot.instances, ({ id }) => id);
  $('no-instances').hidden = snapshot.instances.length > 0;
  namespaces.show(snapshot.namespaces, ({ namespace }) => namespace);
  hints.show(snapshot.hints, ({ name }) => name);
  tables.show(snapshot.tables, ({ namespace, table }) => `${namespace} ${table}`);
  $('no-tables').hidden = snapshot.tables.length > 0;
  $('tables').hidden = snapshot.tables.length === 0;
  if (!isPaused) records.show(snapshot.records, ({ id }) => id);
  $('no-records').hidden = snapshot.records.length > 0;
  hasDrawn = true;
}

$('pause').addEventListener('click', (event) => {
  isPaused = !isPaused;
  event.currentTarget.setAttribute('aria-pressed', String(isPaused));
});

const snapshots = new EventSource('/snapshots');
snapshots.addEventListener('message', ({ data }) => {
  setTone($('connection'), 'good');
  setText($('connection'), 'live');
  draw(JSON.parse(data));
});
snapshots.addEventListener('error', () => {
  setTone($('connection'), 'bad');
  setText($('connection'), 'The sidecar does not answer; what is shown was true a moment ago.');
});
