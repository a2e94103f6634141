import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { eventually } from '../helpers/eventually.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const made: { readonly cgroup: Cgroup; readonly supervisor: Supervisor }[] = [];

afterEach(async () => {
  for (const { cgroup, supervisor } of made.splice(0)) {
    await supervisor.destroy();
    await cgroup.remove();
  }
});

/** The supervisor in a real cgroup. */
function limited(cgroup: Cgroup, config: Readonly<Record<string, unknown>>): Supervisor {
  const file = { metrics: { port: 0 }, ...config };
  const supervisor = new Supervisor(workspace({ 'supervisor.config.json': file }), {
    prefix: cgroup.prefix,
  });
  made.push({ cgroup, supervisor });
  return supervisor;
}

function memoryCgroup(mebibytes: number): Cgroup {
  const limit = String(mebibytes * 2 ** 20);
  return new Cgroup(
    'memory',
    { 'memory.limit_in_bytes': limit },
    { 'memory.max': limit, 'memory.swap.max': '0' },
  );
}

const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));

describe('out of memory', () => {
  test('is told from a kill -9 by the cgroup’s count, and spares the supervisor', async () => {
    const supervisor = limited(memoryCgroup(300), {
      workers: 2,
      command: worker('--hog', '--only=1'),
      reloadDelay: 1,
    });
    await supervisor.ready(2);
    const [oom] = await supervisor.logged(/Perhaps out of memory/);
    expect(oom).toMatchObject({
      level: 'error',
      worker: 1,
      exitCode: -9,
      signal: 'SIGKILL',
      reason: 'oom',
      oomKilled: true,
    });
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    const killed = await eventually(() => {
      const line = supervisor.linesLike(/exited with/).find((each) => each.worker === 0);
      expect(line).toBeDefined();
      return line;
    });
    expect(killed).toMatchObject({ exitCode: -9, reason: 'signal', oomKilled: false });
    expect(killed?.msg).toContain('Perhaps out of memory?');
    await supervisor.logged(/^Started child process/, 4);
    const metrics = await supervisor.metrics();
    const exits = 'supervisor_worker_exits_total';
    expect(
      metrics.get(`${exits}{worker="1",code="137",signal="SIGKILL",reason="oom"}`),
    ).toBeGreaterThanOrEqual(1);
    expect(metrics.get(`${exits}{worker="0",code="137",signal="SIGKILL",reason="signal"}`)).toBe(1);
    expect(
      metrics.get('supervisor_worker_restarts_total{worker="1",reason="oom"}'),
    ).toBeGreaterThanOrEqual(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);

  test('of a shell’s child shows as 137, and is told all the same', async () => {
    const supervisor = limited(memoryCgroup(300), {
      command: `${worker('--hog').join(' ')}; exit $?`,
      reloadDelay: 60,
    });
    const [line] = await supervisor.logged(/exited with code/);
    expect(line).toMatchObject({ exitCode: 137, reason: 'oom', oomKilled: true });
    expect(line).not.toHaveProperty('signal');
  }, 60_000);

  test('an exit that is none says so', async () => {
    const supervisor = limited(memoryCgroup(300), { command: worker('--exit=3'), reloadDelay: 60 });
    const [line] = await supervisor.logged(/exited with code/);
    expect(line).toMatchObject({ exitCode: 3, reason: 'exit', oomKilled: false });
  });
});

describe('oomScoreAdj', () => {
  test.each([
    [undefined, 500],
    [200, 200],
    [0, 0],
    [false, 0],
  ])('%p puts the workers %i above the supervisor', async (oomScoreAdj, above) => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker(),
      ...(oomScoreAdj === undefined ? {} : { oomScoreAdj }),
    });
    const pids = await supervisor.ready(2);
    const own = scoreOf(supervisor.pid);
    for (const pid of pids) expect(scoreOf(pid)).toBe(own + above);
    expect(supervisor.linesLike(/oom_score_adj/)).toEqual([]);
  });

  test('where the gap is too small, one line at start says so, with the remedy', async () => {
    const cwd = workspace({
      'supervisor.config.json': { workers: 2, command: worker(), metrics: { port: 0 } },
    });
    const supervisor = new Supervisor(cwd, {
      prefix: ['sh', '-c', 'echo 900 > /proc/self/oom_score_adj && exec "$@"', 'sh'],
    });
    const pids = await supervisor.ready(2);
    for (const pid of pids) expect(scoreOf(pid)).toBe(1000);
    expect(supervisor.linesLike(/oom_score_adj/)).toMatchObject([
      {
        level: 'warn',
        msg: "The workers' oom_score_adj can be only 100 above the supervisor's own (900), so out of memory may kill the supervisor instead of a worker; request more memory for the pod",
      },
    ]);
  });
});

test('for want of process ids a spawn is tried again, and heals', async () => {
  const cgroup = new Cgroup('pids', { 'pids.max': '200' }, { 'pids.max': '200' });
  const supervisor = limited(cgroup, {
    workers: 2,
    command: ['sh', '-c', 'echo ready $$$$; exec sleep 1000'],
    reloadDelay: 0.05,
  });
  const [first = 0] = await supervisor.ready(2);
  const limit = (most: string): void => {
    writeFileSync(join(cgroup.path, 'pids.max'), most);
  };
  limit('1');
  process.kill(first, 'SIGKILL');
  const [failed] = await supervisor.logged(/^Worker could not be started/, 3);
  expect(failed).toMatchObject({ error: 'EAGAIN', delaySeconds: 0.05 });
  limit('200');
  await supervisor.ready(3);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
