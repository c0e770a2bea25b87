// A hint source as the page shows it: its state in a sentence. Pure.
import type { HintState, HintStatus } from '@tidemark/engine';
import { announcedText } from '../text/announced-text.ts';

export interface HintView {
  readonly name: string;
  readonly state: HintState;
  readonly isWell: boolean;
  readonly heard: number;
  readonly silences: number;
  /** What became of the changes it had to announce; null where nobody can tell. */
  readonly announced: string | null;
  /** Why it is not well, and what that costs; null when it is. */
  readonly sentence: string | null;
}

const why: Readonly<Record<HintState, string>> = {
  listening: '',
  joining: 'It is joining its channel.',
  silent: 'Rounds found changes that it did not announce, and it is being rebuilt.',
  refused: 'It was refused.',
  closed: 'It is closed.',
};

/** Hints are never needed: what a missing one costs belongs into the same breath. */
const cost = 'Until it listens, changes are found by the timer, up to a round period later.';

export function viewHint({ name, state, heard, silences, announced, reason }: HintStatus): HintView {
  const isWell = state === 'listening';
  const because = reason === undefined ? why[state] : `${why[state].slice(0, -1)}: ${reason}.`;
  return {
    name,
    state,
    isWell,
    heard,
    silences,
    announced: announcedText(announced),
    sentence: isWell ? null : `${because} ${cost}`,
  };
}
