// What Redis carries: the cost of each step of the protocol, and namespaces on one server beside namespaces on three masters
// of a Cluster. docs/scale.md reckons with these figures.
import { redisPlaces } from '@tidemark/devstack';
import type { Findings, Measurement, RunOptions, Section } from '../measurement.ts';
import { type Deployment, reckon } from './reckon.ts';
import { measureRates, type Rate, type Rates } from './rates.ts';
import { measureUnits, type UnitCost } from './unit-costs.ts';

const sizes = {
  full: { count: 20_000, namespaces: [1, 3, 6], durationMs: 2_000 },
  quick: { count: 64, namespaces: [1, 3], durationMs: 50 },
} as const;

export const cluster: Measurement = {
  name: 'cluster',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    const { count, namespaces, durationMs } = sizes[isQuick ? 'quick' : 'full'];
    tell('unit costs');
    const units = await measureUnits(count);
    tell('one server and three masters');
    const rates = await measureRates(redisPlaces, namespaces, durationMs);
    return { sections: [describeUnits(units), describeDemand(units), describeRates(rates)], versions: {} };
  },
};

function describeUnits(units: readonly UnitCost[]): Section {
  return {
    title: 'What a step costs Redis',
    about: [
      'Processor time of the server (system and user, the network included) and bytes through its sockets, as it counts them itself, over many steps; what it uses while idle is taken off. Steps of instances come 32 at once, rounds one after the other, which makes each cost more.',
      '[What that means for a thousand instances](scale.md).',
    ],
    table: {
      columns: [
        { title: 'step' },
        { title: 'of a core of Redis', unit: 'µs' },
        { title: 'to Redis', unit: 'bytes' },
        { title: 'from Redis', unit: 'bytes' },
      ],
      rows: units.map(({ step, cpuMicros, bytesIn, bytesOut }) => [
        step,
        cpuMicros,
        Math.round(bytesIn),
        Math.round(bytesOut),
      ]),
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: [
      'Another processor, TLS (about twice the time of small commands), a network between: the bytes stay, the microseconds do not.',
    ],
  };
}

const thousand: Deployment = {
  instances: 1_000,
  namespaces: 2,
  boundMs: 2_000,
  roundEveryMs: 250,
  changesPerSecond: 100,
};

function describeDemand(units: readonly UnitCost[]): Section {
  const demands = reckon(units, thousand);
  const sum = (of: (demand: (typeof demands)[number]) => number): number =>
    demands.reduce((total, demand) => total + of(demand), 0);
  return {
    title: 'A thousand instances, reckoned',
    about: [
      `Not measured: how often each step is taken, times what it costs. 1,000 instances, ${thousand.namespaces} namespaces, a bound of 2 s, rounds every 250 ms, and ${thousand.changesPerSecond} changed keys a second that apps write and that every instance reads again at once. [What follows from it](scale.md).`,
    ],
    table: {
      columns: [
        { title: 'what' },
        { title: 'a second' },
        { title: 'cores of Redis' },
        { title: 'through its network', unit: 'MB/s' },
      ],
      rows: [
        ...demands.map(({ what, perSecond, cores, megabytesPerSecond }) => [
          what,
          perSecond,
          cores,
          megabytesPerSecond,
        ]),
        ['together', null, sum(({ cores }) => cores), sum(({ megabytesPerSecond }) => megabytesPerSecond)],
      ],
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: [
      'A thousand connections on one server, whose buffers and wake-ups cost more than fifty do.',
    ],
  };
}

function describeRates({ rounds, reads }: Rates): Section {
  const rows = rounds.map((round, at): (string | number)[] => {
    const read = reads[at];
    return [
      round.place,
      round.namespaces,
      Math.round(round.perSecond),
      round.serverMicros,
      share(round),
      Math.round(read?.perSecond ?? 0),
      read?.serverMicros ?? 0,
      share(read),
    ];
  });
  return {
    title: 'Namespaces on one server and on three masters',
    about: [
      'Rounds of one changed key, one after the other in each namespace, and L2 reads of 1 kB, 64 at once in each. The namespaces are spread evenly over the masters.',
      'Servers and driver share the cores of one machine: where the busiest server is far below one core, the driver is what limits, and more masters can only show that no server is the limit any more. What a master could carry is a second divided by its time for one.',
    ],
    table: {
      columns: [
        { title: 'on' },
        { title: 'namespaces' },
        { title: 'rounds', unit: '1/s' },
        { title: 'servers for a round', unit: 'µs' },
        { title: 'busiest server', unit: '%' },
        { title: 'L2 reads', unit: '1/s' },
        { title: 'servers for a read', unit: 'µs' },
        { title: 'busiest server', unit: '%' },
      ],
      rows,
    },
    plots: [],
    targets: [],
    peerWins: [],
    notMeasured: ['Masters on machines of their own, which is what a Cluster is for.'],
  };
}

function share(rate: Rate | undefined): number {
  return Math.round((rate?.busiest ?? 0) * 100);
}
