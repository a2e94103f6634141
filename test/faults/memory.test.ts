// No memory and no processes are to be had.
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';

import { afterEach, describe, expect, test } from '@jest/globals';

import { Cgroup } from '../helpers/cgroup.ts';
import { childrenOf, isRunning } from '../helpers/processes.ts';
import { eventually } from '../helpers/eventually.ts';
import { Pid1 } from '../helpers/pid-namespace.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { NOBODY } from '../helpers/surroundings.ts';
import { workspace } from '../helpers/workspace.ts';

const SHELL = ['sh', '-c', 'echo ready $$$$; exec sleep 1000'];

describe('processes', () => {
  test('by RLIMIT_NPROC of an ordinary user: a start is tried again, and heals', async () => {
    const cwd = workspace({
      'supervisor.config.json': { command: SHELL, reloadDelay: 0.05, metrics: { port: 0 } },
    });
    chmodSync(cwd, 0o755);
    // a user of its own, whose processes are counted
    const user = String(20_000 + (process.pid % 10_000));
    const own = NOBODY.map((option) => option.replace('12345', user));
    const supervisor = new Supervisor(cwd, { prefix: own });
    const [first = NaN] = await supervisor.ready(1);
    const limit = (most: string): void => {
      // the soft limit, which a user may set of his own processes
      execFileSync('env', [...own, 'prlimit', `--pid=${supervisor.pid}`, `--nproc=${most}:`]);
    };
    limit('1');
    process.kill(first, 'SIGKILL');
    const [failed] = await supervisor.logged(/^Worker could not be started/, 2);
    expect(failed).toMatchObject({ worker: 0, error: 'EAGAIN' });
    expect((await supervisor.get('/readyz')).status).toBe(503);
    limit('1000');
    await supervisor.ready(2);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('memory', () => {
  test('address space for nothing more ends Node, and as PID 1 every worker with it', async () => {
    const supervisor = Pid1.start({ workers: 2, command: worker() });
    await supervisor.ready(2);
    const workers = childrenOf(supervisor.outerPid);
    expect(workers).toHaveLength(2);
    // less than it has already; sooner or later it needs some
    execFileSync('prlimit', [`--pid=${supervisor.outerPid}`, '--as=500000000:']);
    process.kill(workers[0] ?? NaN, 'SIGKILL');
    await eventually(() => {
      if (supervisor.outerPid > 0) process.kill(supervisor.outerPid, 'SIGHUP');
      expect(workers.filter(isRunning)).toEqual([]);
    });
    expect((await supervisor.ended).code).not.toBe(0);
  });

  const made: { readonly cgroup: Cgroup; readonly supervisor: Supervisor }[] = [];
  afterEach(async () => {
    for (const { cgroup, supervisor } of made.splice(0)) {
      await supervisor.destroy();
      await cgroup.remove();
    }
  });

  test('of a cgroup, taken by workers again and again: each is told, the supervisor answers', async () => {
    const most = String(200 * 2 ** 20);
    const cgroup = new Cgroup(
      'memory',
      { 'memory.limit_in_bytes': most },
      { 'memory.max': most, 'memory.swap.max': '0' },
    );
    const config = {
      workers: 2,
      command: worker('--hog', '--only=1'),
      reloadDelay: 0.1,
      metrics: { port: 0 },
      log: { workers: 'prefix' },
    };
    const supervisor = new Supervisor(workspace({ 'supervisor.config.json': config }), {
      prefix: cgroup.prefix,
    });
    made.push({ cgroup, supervisor });
    const kills = await supervisor.logged(/exited with code -9/, 5);
    for (const kill of kills) expect(kill).toMatchObject({ worker: 1, oomKilled: true });
    expect((await supervisor.get('/livez')).status).toBe(200);
    expect(
      supervisor.linesLike(/^Started child process/).filter((l) => l.worker === 0),
    ).toHaveLength(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);
});
