import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { freePorts } from '../helpers/free-ports.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';

/** A supervisor whose workers expose metrics of their own, each in its mode. */
async function exposing(
  modes: readonly string[],
  metrics: Readonly<Record<string, unknown>> = {},
): Promise<Supervisor> {
  const supervisor = Supervisor.start({
    workers: modes.length,
    command: [process.execPath, `${ROOT}test/fixtures/metrics-worker.js`, ...modes],
    portBase: await freePorts(modes.length),
    reloadDelay: 60,
    metrics: { port: 0, workers: { port: '$(PORT)' }, ...metrics },
  });
  await supervisor.ready(modes.length);
  return supervisor;
}

const quick = { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '1' } };

test('families of all workers and of the supervisor come merged, with a label worker', async () => {
  const supervisor = await exposing(['good', 'good', 'other-type']);
  const metrics = await supervisor.metrics();
  for (const index of [0, 1]) {
    const labels = `worker="${index}",kind="mail",exported_worker="own"`;
    expect(metrics.get(`app_jobs_total{${labels}}`)).toBe(index + 1);
    expect(metrics.get(`app_job_seconds_bucket{worker="${index}",le="0.5"}`)).toBe(1);
    expect(metrics.get(`process_start_time_seconds{worker="${index}"}`)).toBe(12);
  }
  expect(metrics.get('process_start_time_seconds{worker="supervisor"}')).toBeGreaterThan(1e9);
  expect(metrics.get('supervisor_workers_ready')).toBe(3);
  expect(metrics.get('app_jobs_total{worker="2",kind="mail",exported_worker="own"}')).toBe(
    undefined,
  );
  const dropped = (worker: number, reason: string): number | undefined =>
    metrics.get(
      `supervisor_worker_scrape_dropped_families_total{worker="${worker}",reason="${reason}"}`,
    );
  expect([dropped(0, 'reserved_name'), dropped(0, 'type_conflict')]).toEqual([1, 0]);
  expect([dropped(2, 'reserved_name'), dropped(2, 'type_conflict')]).toEqual([1, 1]);

  const { body } = await supervisor.get('/metrics');
  const types = body.split('\n').filter((line) => line.startsWith('# TYPE'));
  expect(new Set(types).size).toBe(types.length);
});

test('a worker that is slow, absent or malformed takes nothing else down, and is counted', async () => {
  const modes = [
    ...['good', 'slow', 'drip', 'status', 'malformed', 'huge', 'absent', 'upgrade', 'families'],
    'good',
  ];
  const errors = [
    null,
    'timeout',
    'timeout',
    'status',
    'malformed',
    'too_large',
    'connection',
    'malformed',
    'too_large',
    null,
  ];
  const supervisor = await exposing(modes);
  for (const round of [1, 2]) {
    const { body } = await supervisor.get('/metrics', quick);
    const sample = (name: string): number =>
      Number(
        body
          .split('\n')
          .find((line) => line.startsWith(`${name} `))
          ?.split(' ')[1],
      );
    errors.forEach((error, worker) => {
      const success = `supervisor_worker_scrape_success{worker="${worker}"}`;
      expect([worker, sample(success)]).toEqual([worker, error === null ? 1 : 0]);
      if (error === null) return;
      const counter = `supervisor_worker_scrape_errors_total{worker="${worker}",error="${error}"}`;
      expect([worker, sample(counter)]).toEqual([worker, round]);
    });
    for (const worker of [0, 9]) {
      expect(sample(`app_job_seconds_count{worker="${worker}"}`)).toBe(2);
      expect(sample(`supervisor_worker_scrape_duration_seconds{worker="${worker}"}`)).toBeLessThan(
        1,
      );
    }
    expect((await supervisor.get('/livez')).status).toBe(200);
  }
  expect(supervisor.linesLike(/warning/i)).toEqual([]);
});

test('many scrapers at once are one scrape for the workers', async () => {
  const supervisor = await exposing(['good', 'slow']);
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => supervisor.get('/metrics', quick)),
  );
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect([...supervisor.stdout.matchAll(/^asked 0/gm)]).toHaveLength(1);
});

test('a scraper in a hurry does not wait for one that has time', async () => {
  const supervisor = await exposing(['good', 'slow']);
  let patientIsDone = false;
  const patient = supervisor
    .get('/metrics', { headers: { 'X-Prometheus-Scrape-Timeout-Seconds': '20' } })
    .then(() => {
      patientIsDone = true;
    });
  await eventually(() => {
    expect(supervisor.stdout).toContain('asked 1');
  });
  const { body } = await supervisor.get('/metrics', quick);
  expect(patientIsDone).toBe(false);
  expect(body).toContain('app_job_seconds_count{worker="0"} 2');
  expect(body).toContain('supervisor_worker_scrape_success{worker="1"} 0');
  await supervisor.stop();
  await patient.catch(() => undefined);
});

test('a dead worker is not asked; its series are gone, its counters stay', async () => {
  const supervisor = await exposing(['good', 'good']);
  expect((await supervisor.metrics()).get('app_job_seconds_count{worker="0"}')).toBe(2);
  process.kill(supervisor.pidOf(0), 'SIGKILL');
  await supervisor.logged(/exited/);
  const metrics = await supervisor.metrics();
  const names = [...metrics.keys()].filter((name) => name.includes('worker="0"'));
  expect(names.filter((name) => name.startsWith('app_'))).toEqual([]);
  expect(names.filter((name) => name.includes('scrape_success'))).toEqual([]);
  expect(names.filter((name) => name.includes('scrape_errors'))).toHaveLength(6);
  expect(metrics.get('app_job_seconds_count{worker="1"}')).toBe(2);
});

test('the path can refer to the worker’s environment; a port that comes to none is an error', async () => {
  const named = await exposing(['good', 'good'], {
    workers: { port: '$(PORT)', path: '/metrics/$(SUPERVISOR_WORKER_INDEX)?a=1' },
  });
  await named.get('/metrics');
  expect(named.stdout).toContain('asked 1 /metrics/1?a=1');

  const nameless = await exposing(['good'], { workers: { port: '$(NO_SUCH_PORT)' } });
  const counter = 'supervisor_worker_scrape_errors_total{worker="0",error="port"}';
  expect((await nameless.metrics()).get(counter)).toBe(1);
});
