// The image of the sidecar beside Redis and PostgreSQL in containers of their own: what it needs, what it shows, how it ends,
// and what a cache outside sees while containers are killed, paused, restarted and cut off.
import { until } from '@tidemark/devstack';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { BoundCheck } from './testing/bound-check.ts';
import {
  ContainerDeployment,
  databasePassword,
  docker,
  type Line,
  type SidecarContainer,
} from './testing/container-deployment.ts';
import { RecordListener } from './testing/record-listener.ts';
import { runSql } from './testing/run-sql.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const containers = inject('containers');

describe.skipIf(containers.kind === 'none')('the image of the sidecar', () => {
  let deployment: ContainerDeployment;

  beforeAll(async () => {
    if (containers.kind === 'built') deployment = await ContainerDeployment.start(containers);
  });

  afterAll(() => deployment?.[Symbol.asyncDispose]());

  function insertPolicy(tenant: string): Promise<void> {
    return runSql(
      deployment.databaseUrl,
      `insert into ${policies} (tenant_id, default_model, default_provider) values ('${tenant}', 'm', 'p')`,
    );
  }

  it('publishes a change for instances outside, and is healthy by its own check (R6)', async () => {
    await using listener = await RecordListener.listen(deployment.redisUrl, 'main');
    await using sidecar = await deployment.sidecar();
    await sidecar.ready('working');
    await insertPolicy('published');
    await listener.hears(policies, 'published');
    expect(await sidecar.tidemark('health', '--ready')).toMatchObject({ code: 0 });
    await until(async () => (await sidecar.inspect('.State.Health.Status')) === 'healthy', {
      what: 'the health check of the image to pass',
      deadlineMs: 60_000,
      everyMs: 500,
    });
  });

  it('passes its health check on another port, too', async () => {
    await using sidecar = await deployment.sidecar({ TIDEMARK_PORT: '9000' });
    await until(async () => (await sidecar.tidemark('health')).code === 0, {
      what: 'an answer on port 9000',
    });
  });

  it('needs no root, no shell and no disk to write to', async () => {
    await using sidecar = await deployment.sidecar();
    await sidecar.ready();
    expect(await sidecar.inspect('.Config.User')).toBe('1000:1000');
    expect(await sidecar.inspect('.HostConfig.ReadonlyRootfs')).toBe(true);
    expect(await sidecar.run("process.getuid() + ' ' + process.getgid()")).toBe('1000 1000');
    const refusal = await sidecar.run(
      "fs.promises.writeFile('/app/x', '').then(() => 'written', (error) => error.code)",
    );
    expect(refusal).toBe('EROFS');
    const shells = ['/bin/sh', '/bin/bash', '/usr/bin/env'];
    const found = await sidecar.run(`${JSON.stringify(shells)}.filter((file) => fs.existsSync(file)).join()`);
    // The official base image has one; that it is not needed shows where the base has none.
    if (containers.kind === 'built' && containers.base.RUNTIME_IMAGE !== 'node:24-slim')
      expect(found).toBe('');
  });

  it('shows no secret in the process list, in its labels or in its log', async () => {
    await using sidecar = await deployment.sidecar({ LOG_LEVEL: 'trace' });
    await sidecar.ready();
    const processes = await docker('top', sidecar.id, '-eo', 'pid,args');
    expect(processes).toContain('node dist/main.js');
    const shown = [
      processes,
      await sidecar.run("fs.readFileSync('/proc/1/cmdline', 'utf8')"),
      JSON.stringify(await sidecar.inspect('.Config.Labels')),
      JSON.stringify(await sidecar.inspect('.Args')),
      await sidecar.said(),
    ];
    for (const text of shown) expect(text).not.toContain(`:${databasePassword}@`);
    expect(await sidecar.inspect('.Config.Labels')).toMatchObject({
      'org.opencontainers.image.title': 'tidemark-sidecar',
      'org.opencontainers.image.licenses': 'MIT',
    });
  });

  it('ends with 0 when it is stopped, before the engine loses its patience', async () => {
    await using sidecar = await deployment.sidecar();
    await sidecar.ready();
    await docker('stop', '--time', '20', sidecar.id);
    // 137 would be the engine's SIGKILL.
    expect(await sidecar.inspect('.State.ExitCode')).toBe(0);
    expect(await sidecar.said()).toContain('"msg":"stopping"');
  });

  describe('with a second one beside it', () => {
    let working: SidecarContainer;
    let standby: SidecarContainer;
    let started: AsyncDisposableStack;

    beforeEach(() => {
      started = new AsyncDisposableStack();
    });

    // Also after a failure: a sidecar that were left would go on working, and every later one would stand by.
    afterEach(() => started.disposeAsync());

    async function begin(): Promise<BoundCheck> {
      working = started.use(await deployment.sidecar());
      await working.ready('working');
      standby = started.use(await deployment.sidecar());
      await standby.ready('standby');
      const check = started.use(await BoundCheck.start(deployment));
      await check.heals();
      return check;
    }

    async function finish(check: BoundCheck): Promise<void> {
      await check.heals();
      await started.disposeAsync();
      expect(check.violations).toEqual([]);
      expect(check.reads).toBeGreaterThan(100);
    }

    it('no read passes the bound when the working one is killed, and the other takes over (R1)', async () => {
      const check = await begin();
      await docker('kill', '--signal', 'KILL', working.id);
      await standby.ready('working');
      await finish(check);
    });

    it('no read passes the bound when the working one is paused, and it stands by when it goes on (R1)', async () => {
      const check = await begin();
      await docker('pause', working.id);
      await standby.ready('working');
      await docker('unpause', working.id);
      await working.ready('standby');
      await finish(check);
    });

    it('no read passes the bound when Redis is restarted, empty (R1)', async () => {
      const check = await begin();
      await docker('restart', '--time', '1', deployment.redis.getId());
      await finish(check);
    });

    it('no read passes the bound when PostgreSQL is killed and started again (R1)', async () => {
      const check = await begin();
      await docker('kill', '--signal', 'KILL', deployment.database.getId());
      await check.losesLease();
      await docker('start', deployment.database.getId());
      await finish(check);
    });

    it.each<Line>(['redis', 'database'])(
      'no read passes the bound when both are cut off from %s, and the lease comes back after it (R1)',
      async (line) => {
        const check = await begin();
        await Promise.all([deployment.cut(line, working), deployment.cut(line, standby)]);
        await check.losesLease();
        await Promise.all([deployment.heal(line, working), deployment.heal(line, standby)]);
        await finish(check);
      },
    );

    it('the other takes over when only the working one is cut off from Redis', async () => {
      const check = await begin();
      await deployment.cut('redis', working);
      await standby.ready('working');
      await deployment.heal('redis', working);
      await working.ready('standby');
      await finish(check);
    });
  });
});
