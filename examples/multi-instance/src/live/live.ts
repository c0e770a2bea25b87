// The live demo until it is ended: parts, page, terminal. Owns how often they are shown something new.
import { boundMs } from '../demo/demo.ts';
import { policyTable } from '../demo/policy-rows.ts';
import type { Hints } from '../command-line.ts';
import { type PageServer, startPageServer } from '../page/page-server.ts';
import { type LiveDemo, startLiveDemo } from './live-demo.ts';
import { type Show, showFrames, showLines } from './show.ts';

export interface LiveOptions {
  readonly hints: Hints;
  readonly out: NodeJS.WriteStream;
  readonly ended: Promise<void>;
  /** Makes the stack the one that `npm run sql` talks to. */
  readonly announce: (stack: LiveDemo['demo']['stack']) => Promise<void>;
}

/** Fast enough for "at once", slow enough to be read. */
const shortestPauseMs = 40;

export async function runLive({ hints, out, ended, announce }: LiveOptions): Promise<void> {
  const view: { show?: Show; page?: PageServer; live?: LiveDemo; timer?: NodeJS.Timeout } = {};

  function refresh(): void {
    delete view.timer;
    if (view.live === undefined) return;
    const snapshot = view.live.snapshot();
    view.show?.update(snapshot);
    view.page?.update(snapshot);
  }

  await using live = await startLiveDemo({
    hints,
    onStep: (step) => void out.write(`${step}\n`),
    onNews() {
      view.timer ??= setTimeout(refresh, shortestPauseMs);
    },
  });
  await using page = await startPageServer(live.demo);
  await announce(live.demo.stack);
  const addresses = addressesOf(live, page);
  const show = out.isTTY ? showFrames(out, addresses) : showLines(out, addresses);
  Object.assign(view, { live, page, show });
  try {
    refresh();
    await ended;
  } finally {
    delete view.live;
    clearTimeout(view.timer);
    show.end();
    out.write('\nstopping the demo\n');
  }
}

function addressesOf({ demo }: LiveDemo, page: PageServer): string[] {
  const { stack, instances } = demo;
  return [
    '',
    `page            ${page.url}`,
    ...instances.map(({ name, url }) => `instance ${name}      ${url}/route?tenant=acme&task=summarise`),
    `Supabase        ${stack.url}`,
    `anon key        ${stack.anonKey}`,
    `service_role    ${stack.serviceRoleKey}`,
    `by hand         npm run sql -- "update ${policyTable} set egress_mode = 'enforce' where tenant_id = 'acme'"`,
    `The bound is ${boundMs / 1000} s. Ctrl-C ends everything and removes its data.`,
  ];
}
