// A child's end of the conversation: answers questions in order, tells things, ends with its parent.
import type { Asked, Question, Told } from './messages.ts';

export function tell(told: Told): void {
  // The parent is gone: 'disconnect' ends this process in a moment.
  if (process.connected) process.send?.(told);
}

/** Answers what the parent asks; questions are answered one after the other. */
export function answerParent(answer: (question: Question) => Promise<unknown>): void {
  let last: Promise<unknown> = Promise.resolve();
  process.on('message', (asked: Asked) => {
    last = last.then(async () => {
      tell({ kind: 'answer', to: asked.number, answer: await answer(asked.question) });
    });
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C goes to the whole group; the parent decides what is ended when.
  process.on('SIGINT', () => undefined);
  tell({ kind: 'started' });
}

/** The settings, as `startChild` passed them. */
export function readSettings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}
