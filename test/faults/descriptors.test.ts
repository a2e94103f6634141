// No file descriptor is to be had, in each part that needs one: it goes on, and heals.
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import { afterEach, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { processInfo } from '../helpers/processes.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';

/** From here on a process can open so many more. A limit is on their numbers, and the lowest free one is taken. */
function limit(pid: number, more: number): void {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let files = 0;
  for (let free = more; free > 0 || used.has(files); files += 1) if (!used.has(files)) free -= 1;
  execFileSync('prlimit', [`--pid=${pid}`, `--nofile=${files}:4096`]);
}

const unlimited = (pid: number): void => {
  execFileSync('prlimit', [`--pid=${pid}`, '--nofile=4096:4096']);
};

const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
});

/** A client that says nothing, and whether it has been let go. */
function silentClient(url: string): Socket {
  const { hostname: host, port } = new URL(url);
  const client = connect({ host, port: Number(port) });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

function cpuSeconds(metrics: ReadonlyMap<string, number>): number {
  return metrics.get('process_cpu_seconds_total') ?? NaN;
}

test('for clients: those that there is none for are let go, nothing spins, workers are replaced', async () => {
  const supervisor = Supervisor.start({ workers: 1, command: worker(), reloadDelay: 0.05 });
  await supervisor.ready(1);
  const url = await supervisor.url('/metrics');
  const before = cpuSeconds(await supervisor.metrics());
  limit(supervisor.pid, 4);
  const begun = performance.now();
  for (let count = 0; count < 40; count += 1) silentClient(url);
  await eventually(() => {
    expect(clients.filter(({ destroyed }) => destroyed).length).toBeGreaterThan(20);
  });
  await eventually(() => {
    expect(performance.now() - begun).toBeGreaterThan(2000);
  });
  unlimited(supervisor.pid);
  await eventually(async () => {
    // two seconds of spinning would be two seconds of CPU
    expect(cpuSeconds(await supervisor.metrics()) - before).toBeLessThan(1);
  });
  process.kill(supervisor.pidOf(0), 'SIGKILL');
  await supervisor.ready(2);
  expect(processInfo(supervisor.pid)?.state).toBe('S');
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.stderr).not.toMatch(/stack|ncaught/);
});

test('for what is loaded late: the metrics, the reaper, the watch of the file', async () => {
  const supervisor = Supervisor.start(
    { workers: 1, command: worker(), reload: { watch: true }, subreaper: true },
    { prefix: ['prlimit', '--nofile=4096:4096'] },
  );
  await supervisor.logged(/^Started child process/);
  limit(supervisor.pid, 0);
  await supervisor.ready(1);
  // whatever of it came too late for the limit has come, and the rest has been tried
  await eventually(async () => {
    unlimited(supervisor.pid);
    expect((await supervisor.get('/metrics')).status).toBe(200);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.stderr).not.toMatch(/stack|ncaught/);
});

test.each([
  ['prefix', { log: { workers: 'prefix' } }, 'pipe2: EMFILE'],
  ['a notify socket', { notify: { socket: true } }, 'socket: EMFILE'],
  ['a notify descriptor', { notify: { fd: 3 } }, 'EMFILE'],
])('for the channel of a worker (%s): tried again, and heals', async (_, config, message) => {
  const supervisor = Supervisor.start({ command: worker(), reloadDelay: 0.05, ...config });
  await supervisor.logged(/^Started child process/);
  limit(supervisor.pid, 0);
  // the pipes of a slot are kept for the next one; a new slot has none
  supervisor.kill('SIGTTIN');
  const [failed] = await supervisor.logged(/^Worker could not be started/, 3);
  expect(failed).toMatchObject({ worker: 1, error: 'EMFILE' });
  expect(failed?.msg).toContain(message);
  unlimited(supervisor.pid);
  await supervisor.logged(/^Started child process/, 2);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

test.each<[string, object]>([
  ['exec', { exec: { command: ['true'] } }],
  ['httpGet', { httpGet: { path: '/live', port: '$(PORT)' } }],
  ['tcpSocket', { tcpSocket: { port: '$(PORT)' } }],
])('for a probe by %s: nobody is unhealthy for it', async (_, action) => {
  const supervisor = Supervisor.start({
    command: [process.execPath, `${ROOT}test/fixtures/health-worker.js`],
    portBase: await freePorts(1),
    log: { level: 'debug' },
    livenessProbe: { ...action, initialDelaySeconds: 1, periodSeconds: 1, failureThreshold: 1 },
  });
  await supervisor.ready(1);
  await supervisor.logged(/^Liveness probe .* succeeded/);
  await eventually(() => {
    // a client that goes away gives a descriptor back
    limit(supervisor.pid, 0);
    expect(supervisor.stderr).toMatch(/probe .* could not be run: .*(too many open files|EMFILE)/);
  });
  expect(supervisor.linesLike(/unhealthy/)).toEqual([]);
  unlimited(supervisor.pid);
  const before = supervisor.linesLike(/^Liveness probe .* succeeded/).length;
  await supervisor.logged(/^Liveness probe .* succeeded/, before + 1);
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
