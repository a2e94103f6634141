// Probes of real workers, by the built program.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { Operated } from '../helpers/config-file.ts';
import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { isRunning, processes } from '../helpers/processes.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const COMMAND = [process.execPath, `${ROOT}test/fixtures/health-worker.js`];

/** Soon, so that tests need not wait; the rest as in a pod. */
const SOON = { periodSeconds: 0.2, timeoutSeconds: 0.5 };

const httpGet = (path: string): object => ({ httpGet: { port: '$(PORT)', path }, ...SOON });

/** Two workers with a port each. */
async function start(config: object): Promise<Supervisor> {
  return Supervisor.start({
    workers: 2,
    command: COMMAND,
    portBase: await freePorts(2),
    stop: { gracePeriodSeconds: 0.5 },
    reloadDelay: 0.05,
    ...config,
  });
}

test('a SIGSTOPped worker is found by its liveness probe and replaced, reason unhealthy', async () => {
  const supervisor = await start({
    livenessProbe: { ...httpGet('/live'), failureThreshold: 2 },
    startupProbe: { ...httpGet('/startup'), failureThreshold: 100 },
  });
  // until then the startup probe would be patient
  await eventually(async () => {
    expect((await supervisor.get('/readyz')).status).toBe(200);
  });
  const pid = supervisor.pidOf(1);
  process.kill(pid, 'SIGSTOP');
  const [unhealthy] = await supervisor.logged(/is unhealthy/);
  expect(unhealthy).toMatchObject({ level: 'error', worker: 1, pid, reason: 'unhealthy' });
  expect(unhealthy?.msg).toBe(
    `Child process [${pid}] is unhealthy: liveness probe failed 2 times in a row: no answer within 0.5 s`,
  );
  const [exited] = await supervisor.logged(/^Worker \(pid:\d+\) exited/);
  // no hint at the memory: the SIGKILL was ours
  expect(exited).toMatchObject({
    level: 'error',
    msg: `Worker (pid:${pid}) exited with code -9.`,
    worker: 1,
    reason: 'unhealthy',
  });
  await supervisor.ready(3);
  expect(supervisor.linesLike(/^Started/).at(-1)).toMatchObject({ worker: 1, reason: 'unhealthy' });
  const metrics = await supervisor.metrics();
  expect(metrics.get('supervisor_worker_restarts_total{worker="1",reason="unhealthy"}')).toBe(1);
  expect(
    metrics.get(
      'supervisor_worker_exits_total{worker="1",code="137",signal="SIGKILL",reason="unhealthy"}',
    ),
  ).toBe(1);
  expect(
    metrics.get('supervisor_worker_probe_total{worker="1",probe="liveness",result="failed"}'),
  ).toBeGreaterThanOrEqual(2);
  expect(supervisor.linesLike(/is unhealthy/)).toHaveLength(1);
  await supervisor.stop();
});

test('a slow starter under a startup probe is not killed, and not ready before', async () => {
  const supervisor = await start({
    workers: 1,
    env: { START_SECONDS: '2' },
    startupProbe: { ...httpGet('/startup'), failureThreshold: 100 },
    // alone it would kill after 0.4 s
    livenessProbe: { ...httpGet('/startup'), failureThreshold: 2 },
    log: { level: 'debug' },
  });
  await supervisor.ready(1);
  expect((await supervisor.get('/readyz')).status).toBe(503);
  await supervisor.logged(/is ready$/);
  await eventually(async () => {
    expect((await supervisor.get('/readyz')).status).toBe(200);
  });
  await supervisor.logged(/^Liveness probe of .* succeeded/);
  expect(supervisor.linesLike(/^Startup probe of .* failed/).length).toBeGreaterThan(1);
  expect(supervisor.linesLike(/unhealthy|^Worker/)).toEqual([]);
  await supervisor.stop();
});

test('one that never starts is stopped after failureThreshold probes, under its restart policy', async () => {
  const supervisor = await start({
    workers: 1,
    env: { START_SECONDS: '1000' },
    startupProbe: { ...httpGet('/startup'), failureThreshold: 3 },
    restart: { policy: 'Never' },
  });
  const end = await supervisor.ended;
  expect(
    supervisor.linesLike(/is unhealthy: startup probe failed 3 times in a row: /),
  ).toHaveLength(1);
  expect(end).toEqual({ code: 1, signal: null });
});

test('readiness is for /readyz, the metric and nobody else', async () => {
  const directory = workspace();
  const file = join(directory, 'unready');
  const supervisor = await start({
    env: { UNREADY_FILE: file },
    minReady: '100%',
    readinessProbe: { ...httpGet('/ready?index=$(SUPERVISOR_WORKER_INDEX)'), failureThreshold: 2 },
  });
  const readyz = async (status: number): Promise<string> =>
    eventually(async () => {
      const answer = await supervisor.get('/readyz');
      expect(answer.status).toBe(status);
      return answer.body;
    });
  await readyz(200);
  writeFileSync(file, '');
  expect(await readyz(503)).toContain('its readiness probe');
  await eventually(async () => {
    expect((await supervisor.metrics()).get('supervisor_workers_ready')).toBe(0);
  });
  await supervisor.logged(
    /is not ready any more: its readiness probe has failed \(HTTP status 503/,
    2,
  );
  rmSync(file);
  await readyz(200);
  expect(supervisor.linesLike(/^Worker|unhealthy/)).toEqual([]);
  await supervisor.stop();
});

describe('exec', () => {
  test('has the environment and the directory of its worker, and decides by its exit status', async () => {
    const directory = workspace();
    mkdirSync(join(directory, 'work'));
    const supervisor = await start({
      workers: 2,
      env: { COLOUR: 'green' },
      workingDir: join(directory, 'work'),
      readinessProbe: {
        exec: {
          command: [
            'sh',
            '-c',
            'echo "$0 $COLOUR $SUPERVISOR_WORKER_INDEX $PWD" >> ../seen; test -e ../ok',
            '$(SUPERVISOR_WORKER_INDEX)',
          ],
        },
        ...SOON,
      },
      log: { level: 'debug' },
    });
    await supervisor.logged(/^Readiness probe of .* failed: exit status 1/, 2);
    writeFileSync(join(directory, 'ok'), '');
    await supervisor.logged(/is ready$/, 2);
    const { readFileSync } = process.getBuiltinModule('node:fs');
    const seen = new Set(readFileSync(join(directory, 'seen'), 'utf8').trim().split('\n'));
    expect([...seen].sort()).toEqual([
      `0 green 0 ${directory}/work`,
      `1 green 1 ${directory}/work`,
    ]);
    await supervisor.stop();
  });

  test('one that takes too long is ended with its group', async () => {
    const supervisor = await start({
      workers: 1,
      livenessProbe: {
        exec: { command: ['sh', '-c', 'sleep 1234 & echo $! >&2; wait'] },
        ...SOON,
        failureThreshold: 1,
      },
    });
    await supervisor.logged(/is unhealthy: liveness probe failed 1 times in a row: no answer/);
    await supervisor.stop();
    expect(processes().filter(({ parent }) => parent === supervisor.pid)).toEqual([]);
  });

  test('one that cannot be run is told once and kills nobody', async () => {
    const supervisor = await start({
      workers: 1,
      livenessProbe: { exec: { command: ['no-such-command'] }, ...SOON, failureThreshold: 1 },
      log: { level: 'debug' },
    });
    await supervisor.logged(/^Liveness probe of .* could not be run: .*no-such-command/, 3);
    expect(
      supervisor.linesLike(/could not be run/).filter(({ level }) => level === 'warn'),
    ).toHaveLength(1);
    expect(supervisor.linesLike(/unhealthy/)).toEqual([]);
    await supervisor.stop();
  });
});

test('tcpSocket: refused before it listens, and success after', async () => {
  const supervisor = await start({
    command: ['sh', '-c', `sleep 0.7; exec "${COMMAND[0] ?? ''}" "${COMMAND[1] ?? ''}"`],
    readinessProbe: { tcpSocket: { port: '$(PORT)' }, ...SOON },
    log: { level: 'debug' },
  });
  await supervisor.logged(/^Readiness probe of .* failed: .*refused/, 2);
  await supervisor.logged(/is ready$/, 2);
  await supervisor.stop();
});

test('during a stop probes are silent, and none outlives it', async () => {
  const supervisor = await start({
    // it does not go at once
    command: ['sh', '-c', "trap 'sleep 1; exit 0' TERM; while :; do sleep 0.1; done"],
    livenessProbe: { exec: { command: ['sleep', '100'] }, periodSeconds: 0.1, timeoutSeconds: 50 },
    readinessProbe: { httpGet: { port: '$(PORT)' }, periodSeconds: 0.1, timeoutSeconds: 50 },
    stop: { gracePeriodSeconds: 5 },
    log: { level: 'debug' },
  });
  await supervisor.logged(/^Readiness probe of .* failed/, 4);
  await eventually(() => {
    const probes = processes().filter(({ parent }) => parent === supervisor.pid);
    expect(probes).toHaveLength(4);
  });
  const end = await supervisor.stop();
  expect(end).toEqual({ code: 0, signal: null });
  const messages = supervisor.messages();
  const stop = messages.indexOf('Received SIGTERM');
  expect(messages.slice(stop).filter((text) => /probe|unhealthy|not ready/.test(text))).toEqual([]);
  expect(isRunning(supervisor.pid)).toBe(false);
});

test('a rolling restart waits for readiness', async () => {
  const supervisor = await start({
    env: { START_SECONDS: '0.7' },
    readinessProbe: httpGet('/ready'),
    signals: { SIGUSR1: 'restart' },
    log: { level: 'debug' },
  });
  await supervisor.logged(/is ready$/, 2);
  supervisor.kill('SIGUSR1');
  await supervisor.logged(/^Rolling restart: finished/);
  const steps = supervisor
    .linesLike(/is ready$|^Stopping child/)
    .map(({ msg, worker }) => `${worker ?? ''} ${msg.includes('ready') ? 'ready' : 'stop'}`);
  expect(steps.slice(2)).toEqual(['0 stop', '0 ready', '1 stop', '1 ready']);
  await supervisor.stop();
});

test('a reload changes the probes of running workers, and replaces none', async () => {
  const supervisor = new Operated({
    workers: 1,
    command: COMMAND,
    portBase: await freePorts(1),
    livenessProbe: httpGet('/no-such-path'),
    stop: { gracePeriodSeconds: 1 },
  });
  await supervisor.ready(1);
  supervisor.reload({
    livenessProbe: httpGet('/live'),
    readinessProbe: { ...httpGet('/no-such-path'), failureThreshold: 2 },
  });
  await supervisor.logged(/^Reloaded .*changed \/livenessProbe\/httpGet\/path, \/readinessProbe$/);
  // it has been ready, and stays so until its probe says otherwise
  await supervisor.logged(
    /is not ready any more: its readiness probe has failed \(HTTP status 404/,
  );
  await supervisor.stop();
});
