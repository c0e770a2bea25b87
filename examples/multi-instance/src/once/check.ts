// One checked run: the demo, its tracker, and every answer that was given. Owns the probers; what is changed, and when,
// is the series' business.
import { setTimeout as delay } from 'node:timers/promises';
import { DevstackError, until } from '@tidemark/devstack';
import { ChangeTracker, type TrackedChange } from '../answers/change-tracker.ts';
import { boundMs, type Demo, instanceNames } from '../demo/demo.ts';
import { machineMs } from '../machine-clock.ts';
import { readTexts } from '../demo/policy-rows.ts';
import { type Answered, ask, probe } from '../demo/prober.ts';
import type { PlannedChange } from './test-rows.ts';

/** Each instance is asked again so long after its last answer. */
const probePauseMs = 2;

/** What a change needs without any hint, with the sidecar down, on a busy machine: far less. */
const settleDeadlineMs = 10_000;

/** More changes than the series makes. */
const maxChanges = 1_000;

export class Check implements AsyncDisposable {
  readonly tracker: ChangeTracker = new ChangeTracker(instanceNames, maxChanges);
  readonly answers: Answered[] = [];
  /** The changes that count for the medians. */
  readonly measured: TrackedChange[] = [];
  readonly demo: Demo;
  readonly #ending = new AbortController();
  #probing: Promise<unknown> = Promise.resolve();

  constructor(demo: Demo) {
    this.demo = demo;
  }

  /** Every instance comes to hold every watched tenant; then the probers begin. */
  async begin(watched: readonly string[]): Promise<void> {
    await this.untilLeased();
    for (const [tenant, text] of await readTexts(this.demo.writer, watched)) this.tracker.watch(tenant, text);
    await Promise.all(this.demo.instances.map((instance) => this.#askForAll(instance, watched)));
    this.#probing = Promise.all(
      this.demo.instances.map((instance) =>
        probe(
          {
            instance,
            tenants: () => watched,
            awaited: () => this.tracker.awaitedOf(instance.name),
            pauseMs: probePauseMs,
            onAnswer: (answer) => this.#keep(answer),
          },
          this.#ending.signal,
        ),
      ),
    );
  }

  async #askForAll(instance: Demo['instances'][number], tenants: readonly string[]): Promise<void> {
    for (const tenant of tenants) this.#keep(await ask(instance, tenant));
  }

  #keep(answer: Answered): void {
    const { reply: _, ...kept } = answer;
    this.answers.push({ ...kept, reply: undefined });
    this.tracker.heardAnswer(answer.instance, answer.tenant, answer);
  }

  /** @returns when the change is committed, which is before anybody knows of it */
  async make(
    planned: PlannedChange,
    { isMeasured = false }: { readonly isMeasured?: boolean } = {},
  ): Promise<void> {
    const { what, texts, sql, values } = planned;
    const begun = this.tracker.begin({ what, texts, beganMs: machineMs() });
    const { committedMs } = await this.demo.writer.write(sql, values);
    begun.commit(committedMs);
    if (isMeasured) this.measured.push(begun.change);
  }

  /** Until every instance has answered every change anew; one that never does is counted at the end, as a survivor. */
  async settle(): Promise<void> {
    await until(() => this.tracker.isSettled, {
      what: 'the new rows at every instance',
      deadlineMs: settleDeadlineMs,
    }).catch((error: unknown) => {
      if (!(error instanceof DevstackError)) throw error;
    });
  }

  async untilLeased(): Promise<void> {
    await until(
      async () => {
        const statuses = await Promise.all(this.demo.instances.map((instance) => instance.status()));
        return statuses.every(({ regions }) => regions.every(({ lease }) => lease === 'live'));
      },
      { what: 'the leases of all instances', everyMs: 25 },
    );
  }

  /** @returns how many answers differ from the database although the bound is over since its last change */
  async countSurvivors(watched: readonly string[]): Promise<number> {
    await delay(boundMs);
    const texts = await readTexts(this.demo.writer, watched);
    const answers = await Promise.all(
      this.demo.instances.map(async (instance) => {
        const given: Answered[] = [];
        for (const tenant of watched) given.push(await ask(instance, tenant));
        return given;
      }),
    );
    return answers.flat().filter(({ tenant, text }) => text !== texts.get(tenant)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#probing;
  }
}
