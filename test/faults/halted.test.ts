// The supervisor itself is halted for a while (SIGSTOP, a frozen cgroup, a virtual machine that is moved): what it
// has missed is done afterwards, and nobody is blamed for the time that it was away.
import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { childrenOf, isRunning, processInfo } from '../helpers/processes.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';

async function halt(supervisor: Supervisor): Promise<void> {
  supervisor.kill('SIGSTOP');
  await eventually(() => {
    expect(processInfo(supervisor.pid)?.state).toBe('T');
  });
}

test('workers that die meanwhile are replaced, each exit is counted once, with its own code', async () => {
  const supervisor = Supervisor.start({ workers: 8, command: worker(), reloadDelay: 0.05 });
  const pids = await supervisor.ready(8);
  await halt(supervisor);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await eventually(() => {
    // they are zombies: nobody has been told
    expect(pids.map((pid) => processInfo(pid)?.state)).toEqual(pids.map(() => 'Z'));
  });
  supervisor.kill('SIGCONT');
  await supervisor.ready(16);
  expect(supervisor.linesLike(/exited with code -9/)).toHaveLength(8);
  const metrics = await supervisor.metrics();
  for (let index = 0; index < 8; index += 1) {
    const name = `supervisor_worker_restarts_total{worker="${index}",reason="signal"}`;
    expect([index, metrics.get(name)]).toEqual([index, 1]);
  }
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test('a stop signal that comes meanwhile, with deaths, stops it afterwards; nobody is restarted', async () => {
  const supervisor = Supervisor.start({ workers: 3, command: worker(), reloadDelay: 0 });
  const pids = await supervisor.ready(3);
  await halt(supervisor);
  process.kill(pids[0] ?? NaN, 'SIGKILL');
  supervisor.kill('SIGTERM');
  await eventually(() => {
    expect(isRunning(pids[0] ?? NaN)).toBe(false);
  });
  supervisor.kill('SIGCONT');
  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
  expect(supervisor.linesLike(/^Started child process/)).toHaveLength(3);
  expect(supervisor.linesLike(/exited with/)).toHaveLength(3);
  expect(pids.filter(isRunning)).toEqual([]);
});

test('halted in the midst of a stop, the grace that ran out meanwhile ends in SIGKILL', async () => {
  const supervisor = Supervisor.start({
    workers: 2,
    command: worker('--ignore=SIGTERM'),
    stop: { gracePeriodSeconds: 0.5, timeoutSeconds: 2 },
  });
  await supervisor.ready(2);
  supervisor.kill('SIGTERM');
  await supervisor.logged(/^Stopping child process/);
  await halt(supervisor);
  await passes(2500);
  supervisor.kill('SIGCONT');
  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
  expect(supervisor.linesLike(/^Killing/)).toHaveLength(2);
});

test('probes of every kind that are due or under way meanwhile make nobody unhealthy', async () => {
  const often = { initialDelaySeconds: 1, periodSeconds: 1, timeoutSeconds: 2 };
  const kinds = [
    { httpGet: { path: '/live', port: '$(PORT)' } },
    { tcpSocket: { port: '$(PORT)' } },
    // one takes long enough to be seen
    { exec: { command: ['sleep', '0.6'] } },
  ];
  const supervisors = await Promise.all(
    kinds.map(async (kind) =>
      Supervisor.start({
        workers: 3,
        command: [process.execPath, `${ROOT}test/fixtures/health-worker.js`],
        portBase: await freePorts(3),
        log: { level: 'debug' },
        // one failure would be enough
        livenessProbe: { ...kind, ...often, failureThreshold: 1 },
        startupProbe: { ...kind, ...often, failureThreshold: 30 },
      }),
    ),
  );
  const [, , byCommand] = supervisors;
  await Promise.all(
    supervisors.map((supervisor) => {
      const processes = supervisor === byCommand ? 3 + 1 : 3;
      return probesHalted(supervisor, processes);
    }),
  );
});

/** How often it has told of a successful liveness probe. */
const successes = (supervisor: Supervisor): number =>
  supervisor.linesLike(/^Liveness probe .* succeeded/).length;

/** @param processes - how many there are while a probe is under way */
async function probesHalted(supervisor: Supervisor, processes: number): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    const before = successes(supervisor);
    await eventually(() => {
      expect(successes(supervisor)).toBeGreaterThan(before + 2);
      expect(childrenOf(supervisor.pid).length).toBeGreaterThanOrEqual(processes);
    });
    await halt(supervisor);
    await passes(2500);
    supervisor.kill('SIGCONT');
  }
  const before = successes(supervisor);
  await eventually(() => {
    expect(successes(supervisor)).toBeGreaterThan(before + 2);
  });
  expect(supervisor.linesLike(/unhealthy|^Liveness probe .* failed/)).toEqual([]);
  expect(supervisor.linesLike(/exited with/)).toEqual([]);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
}

/** What is tried here is that time passes, and nothing else happens. */
async function passes(milliseconds: number): Promise<void> {
  const begun = performance.now();
  await eventually(() => {
    expect(performance.now() - begun).toBeGreaterThan(milliseconds);
  });
}
