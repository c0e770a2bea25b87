import { expect, it } from 'vitest';
import { reckon } from './reckon.ts';
import type { UnitCost } from './unit-costs.ts';

function unit(step: string, cpuMicros: number, bytesOut: number): UnitCost {
  return { step, cpuMicros, bytesIn: 0, bytesOut };
}

const deployment = {
  instances: 1_000,
  namespaces: 2,
  boundMs: 2_000,
  roundEveryMs: 250,
  changesPerSecond: 100,
};

it('multiplies how often a step is taken by what it costs, all servers together', () => {
  const units = [unit('head reading (GET)', 5, 100), unit('record, to each subscriber', 4, 200)];
  const demands = new Map(reckon(units, deployment).map((demand) => [demand.what, demand]));
  expect(demands.get('head readings')).toMatchObject({
    perSecond: 8_000,
    cores: 0.04,
    megabytesPerSecond: 0.8,
  });
  expect(demands.get('records heard')).toMatchObject({
    perSecond: 100_000,
    cores: 0.4,
    megabytesPerSecond: 20,
  });
  expect(demands.get('hints heard')).toMatchObject({ perSecond: 100_000, cores: 0.4 });
  expect(demands.get('rounds without one')).toMatchObject({ perSecond: 8, cores: 0 });
});

it('asks for fewer head readings under a longer bound, and for the same fan-out', () => {
  const [heads, records] = reckon([], { ...deployment, boundMs: 8_000 });
  expect([heads?.perSecond, records?.perSecond]).toEqual([2_000, 100_000]);
});
