// Which tables the journal follows, as its reads say: kept for the status, and told in the log when it changes. Never
// changes what it passes on.
import type { Journal, JournalRead, Logger, Watch } from '@tidemark/protocol';
import type { DeclaredTable } from '../config/tables-setting.ts';
import { declarationProblems } from './declared-tables.ts';

export interface FollowedTable {
  readonly table: string;
  readonly namespace: string;
  /** Why changes of the table may go unseen, and what to run; null when all is well. */
  readonly problem: string | null;
  /** True for a table that Realtime alone feeds: the bound does not hold for it. */
  readonly isBestEffort: boolean;
}

export class FollowedTables {
  readonly #logger: Logger;
  readonly #declared: readonly DeclaredTable[];
  readonly #watches = new Map<Journal, Watch>();

  /** @param declared what should be tracked, as the configuration says */
  constructor(logger: Logger, declared: readonly DeclaredTable[] = []) {
    this.#logger = logger;
    this.#declared = declared;
  }

  /** The same journal, whose reads are noticed. */
  observe(journal: Journal): Journal {
    return {
      read: async (request) => {
        const read = await journal.read(request);
        this.#notice(journal, read);
        return read;
      },
      nextGeneration: (atLeast) => journal.nextGeneration(atLeast),
      invalidate: (table, keys) => journal.invalidate(table, keys),
      addPrefix: (table, prefix) => journal.addPrefix(table, prefix),
      prune: () => journal.prune(),
      close: () => journal.close(),
    };
  }

  /** The tables with triggers, as the database says: nothing of it comes from Redis. */
  get watch(): Watch {
    const all = [...this.#watches.values()].flatMap((watch) => [...watch]);
    return new Map(all.filter(([, { isBestEffort }]) => isBestEffort !== true));
  }

  list(): FollowedTable[] {
    return [...this.#watches.values()].flatMap((watch) =>
      [...watch].map(([table, { namespace, problem, isBestEffort = false }]) => ({
        table,
        namespace,
        problem,
        isBestEffort,
      })),
    );
  }

  /** Every namespace reads the journal and is sent the watch once: what is known already is not told again. */
  #notice(journal: Journal, { watch }: JournalRead): void {
    if (watch === null) return;
    const before = this.#watches.get(journal);
    this.#watches.set(journal, watch);
    if (before !== undefined && textOf(before) === textOf(watch)) return;
    // What Realtime feeds may be known first, and says nothing of the journal.
    if (![...watch.values()].some(({ isBestEffort }) => isBestEffort === true)) this.#warnOfDeclared();
    if (watch.size === 0) {
      this.#logger.warn(
        {},
        "no table is tracked, so that no change is seen: run select tidemark.track('<schema.table>', '<key>', ...) in a migration",
      );
      return;
    }
    for (const [table, { problem, isBestEffort = false }] of watch) {
      if (problem !== null) this.#logger.warn({ table, problem }, 'changes of a table may go unseen');
      else this.#logger.info({ table, isBestEffort }, 'following a table');
    }
  }

  /** Warns anew after each change of a watch: a migration may have put right some of it. */
  #warnOfDeclared(): void {
    const all: Watch = new Map([...this.#watches.values()].flatMap((watch) => [...watch]));
    for (const problem of declarationProblems(this.#declared, all)) {
      this.#logger.warn({ problem }, 'a table is not followed as the configuration says');
    }
  }
}

function textOf(watch: Watch): string {
  return JSON.stringify([...watch]);
}
