import { describe, expect, test } from '@jest/globals';

import type { ProbeName } from '../../src/core/health.ts';
import type { Status, WorkerStatus } from '../../src/core/status.ts';
import { Metrics } from '../../src/observe/metrics/metrics.ts';
import { unixMilliseconds } from '../../src/observe/wall-time.ts';

const WORKER: WorkerStatus = {
  index: 0,
  state: 'running',
  ready: true,
  notReadyBecause: null,
  statusText: null,
  pid: null,
  since: 1,
  starts: 1,
  restarts: {},
  lastExit: { code: 1, signal: null, reason: 'exit', at: 1 },
  nextStartIn: null,
};

const STATUS: Status = {
  pid: 1,
  state: 'running',
  desired: 2,
  ready: 1,
  workers: [WORKER, { ...WORKER, index: 1, state: 'backoff', ready: false }],
  predecessors: [],
};

function metricsOf(status: () => Status): Metrics {
  return new Metrics({ status, signals: [], probes: () => [], targets: null });
}

/** The samples of these names, as the exposition has them. */
async function samples(metrics: Metrics, name: RegExp): Promise<readonly string[]> {
  const { body } = await metrics.route({});
  return String(body)
    .split('\n')
    .filter((line) => name.test(line));
}

const RELOAD = /^supervisor_config_last_reload/;

test('the last reload is told with the time at which it was applied, however late that is observed', async () => {
  const metrics = metricsOf(() => STATUS);
  const expected = (successful: number, at: number): readonly string[] => [
    `supervisor_config_last_reload_successful ${successful}`,
    `supervisor_config_last_reload_success_timestamp_seconds ${unixMilliseconds(at) / 1000}`,
  ];
  expect(await samples(metrics, RELOAD)).toEqual(['supervisor_config_last_reload_successful 1']);
  metrics.observe({ type: 'supervisor-started', at: -100, pid: 1, workers: 2, workersFrom: null });
  expect(await samples(metrics, RELOAD)).toEqual(expected(1, -100));
  metrics.observe({ type: 'config-reload-failed', source: 'c.json', problems: ['no'] });
  expect(await samples(metrics, RELOAD)).toEqual(expected(0, -100));
  const reloaded = { source: 'c.json', changed: [], kept: [], workers: 2, workersFrom: null };
  metrics.observe({ type: 'config-reloaded', at: -50, ...reloaded });
  expect(await samples(metrics, RELOAD)).toEqual(expected(1, -50));
});

test('a worker runs while its predecessor does, and counts once while both do', async () => {
  let status = STATUS;
  const metrics = metricsOf(() => status);
  const running = /^supervisor_workers_running/;
  const [first, second] = STATUS.workers;
  status = { ...STATUS, workers: [{ ...first!, state: 'starting' }, second!] };
  expect(await samples(metrics, running)).toEqual(['supervisor_workers_running 0']);
  status = { ...status, predecessors: [WORKER] };
  expect(await samples(metrics, running)).toEqual(['supervisor_workers_running 1']);
  status = { ...STATUS, predecessors: [WORKER] };
  expect(await samples(metrics, running)).toEqual(['supervisor_workers_running 1']);
});

test('of a worker that is not wanted any more, the counters alone stay', async () => {
  let status = STATUS;
  const metrics = metricsOf(() => status);
  const started = { pid: 2, start: 1, restartReason: null, restart: null };
  for (const worker of [0, 1]) metrics.observe({ type: 'worker-started', worker, ...started });
  const namesOf = async (worker: number): Promise<readonly string[]> => {
    const lines = await samples(metrics, new RegExp(`worker="${worker}"`));
    return [...new Set(lines.map((line) => line.replace(/\{.*/, '')))];
  };
  const counters = ['starts', 'restarts', 'exits'].map((name) => `supervisor_worker_${name}_total`);
  const gauges = ['state', 'last_exit_code'].map((name) => `supervisor_worker_${name}`);
  expect(await namesOf(1)).toEqual(expect.arrayContaining([...counters, ...gauges]));
  status = { ...STATUS, desired: 1, workers: [WORKER] };
  expect(await namesOf(1)).toEqual(counters);
  expect(await namesOf(0)).toEqual(expect.arrayContaining(gauges));
});

describe('the probes of a worker', () => {
  const PROBES = /^supervisor_worker_probe_total/;
  const started = { type: 'worker-started', pid: 2, restartReason: null, restart: null } as const;
  const probed = {
    type: 'worker-probed',
    pid: 2,
    isNew: true,
    message: '',
    count: 1,
    threshold: 1,
  } as const;
  const reloaded = {
    type: 'config-reloaded',
    at: 1,
    source: 'c.json',
    kept: [],
    workers: 2,
    workersFrom: null,
  } as const;

  /** The samples of these names of these workers, all of which are 0. */
  function zeros(workers: readonly number[], ...probes: readonly string[]): readonly string[] {
    return workers.flatMap((worker) =>
      probes.flatMap((probe) =>
        ['successful', 'failed', 'unknown'].map(
          (result) =>
            `supervisor_worker_probe_total{worker="${worker}",probe="${probe}",result="${result}"} 0`,
        ),
      ),
    );
  }

  test('are at 0 from its first start on, those that are configured', async () => {
    let probes: readonly ProbeName[] = ['readiness'];
    const metrics = new Metrics({
      status: () => STATUS,
      signals: [],
      probes: () => probes,
      targets: null,
    });
    expect(await samples(metrics, PROBES)).toEqual([]);
    metrics.observe({ ...started, worker: 0, start: 1 });
    metrics.observe({ ...started, worker: 1, start: 1 });
    expect(await samples(metrics, PROBES)).toEqual(zeros([0, 1], 'readiness'));
    probes = ['readiness', 'liveness'];
    metrics.observe({ ...reloaded, changed: ['/readinessProbe/periodSeconds'] });
    expect(await samples(metrics, PROBES)).toEqual(zeros([0, 1], 'readiness'));
    metrics.observe({ ...reloaded, changed: ['/workers', '/livenessProbe'] });
    const both = [...zeros([0, 1], 'readiness'), ...zeros([0, 1], 'liveness')];
    expect(await samples(metrics, PROBES)).toEqual(both);
  });

  test('are counted by probe and result, over every process of the worker', async () => {
    const metrics = new Metrics({
      status: () => STATUS,
      signals: [],
      probes: () => ['startup'],
      targets: null,
    });
    metrics.observe({ ...started, worker: 0, start: 1 });
    metrics.observe({ ...probed, worker: 0, probe: 'startup', result: 'failed' });
    metrics.observe({ ...probed, worker: 0, probe: 'startup', result: 'failed', isNew: false });
    metrics.observe({ ...started, worker: 0, start: 2 });
    metrics.observe({ ...probed, worker: 0, probe: 'startup', result: 'successful' });
    expect(await samples(metrics, PROBES)).toEqual([
      'supervisor_worker_probe_total{worker="0",probe="startup",result="successful"} 1',
      'supervisor_worker_probe_total{worker="0",probe="startup",result="failed"} 2',
      'supervisor_worker_probe_total{worker="0",probe="startup",result="unknown"} 0',
    ]);
  });
});
