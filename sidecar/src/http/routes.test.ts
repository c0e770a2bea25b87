import type { EngineStatus, LoopState } from '@tidemark/engine';
import { describe, expect, it } from 'vitest';
import { problemsOf } from './readiness.ts';
import { createRoutes } from './routes.ts';

function engine(loops: Record<string, LoopState>, redis: EngineStatus['redis'] = 'connected'): EngineStatus {
  const namespaces = Object.entries(loops).map(([namespace, loop]) => ({ namespace, loop, position: null }));
  return { namespaces, hints: [], redis, redisErrors: 0 };
}

describe('readiness', () => {
  it.each<[string, EngineStatus, string[]]>([
    ['works', engine({ main: { kind: 'working' } }), []],
    ['stands by', engine({ main: { kind: 'standby' }, other: { kind: 'working' } }), []],
    ['has not started', engine({}), ['rounds have not begun yet']],
    [
      'is starting',
      engine({ main: { kind: 'starting' } }),
      ['rounds of the namespace main have not begun yet'],
    ],
    [
      'fails in one of its namespaces',
      engine({ main: { kind: 'working' }, other: { kind: 'failing', reason: 'no answer' } }),
      ['rounds of the namespace other fail: no answer'],
    ],
    [
      'has lost Redis, whatever the rounds said before',
      engine({ main: { kind: 'standby' } }, 'unreachable'),
      [expect.stringMatching(/^Redis can't be reached/)],
    ],
  ])('of a sidecar that %s is told by its problems', (_name, status, problems) => {
    expect(problemsOf(status)).toEqual(problems);
  });
});

describe('the HTTP routes', () => {
  const routesFor = (problems: string[]): ReturnType<typeof createRoutes> =>
    createRoutes({
      status: () => ({
        isReady: problems.length === 0,
        problems,
        tables: [],
        engine: engine({ main: { kind: 'working' } }),
      }),
      redact: (text) => text.replaceAll('hunter22', '[redacted]'),
    });

  it('say 200 for alive, whatever else is wrong', async () => {
    expect((await routesFor(['something']).request('/healthz')).status).toBe(200);
  });

  it('say 200 for ready, with the status', async () => {
    const response = await routesFor([]).request('/readyz');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toMatchObject({
      isReady: true,
      problems: [],
      engine: { redis: 'connected' },
    });
  });

  it('say 503 for not ready, with the problems and without secrets', async () => {
    const response = await routesFor(['refused hunter22']).request('/readyz');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ isReady: false, problems: ['refused [redacted]'] });
  });

  it('say 404 for anything else', async () => {
    expect((await routesFor([]).request('/')).status).toBe(404);
  });
});
