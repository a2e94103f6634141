import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { KEPT_KEYS } from '../../src/core/compare.ts';
import { HELM_VERSIONS, only, runHelm, template } from '../helpers/helm.ts';
import type { HelmVersion } from '../helpers/helm.ts';
import { ROOT } from '../helpers/program.ts';
import {
  CHART,
  at,
  completed,
  configurationOf,
  refusalOf,
  renderChart,
  workloadOf,
} from './chart.ts';

const CHECKSUM = 'spec.template.metadata.annotations.checksum/config';

/** A change of each key that a running supervisor applies. */
const APPLIED: Readonly<Record<string, unknown>> = {
  workers: 8,
  command: ['node', 'other.js'],
  args: ['--verbose'],
  env: { MODE: 'batch' },
  portBase: 9500,
  workingDir: '/app',
  reloadDelay: 2,
  restart: { policy: 'OnFailure', limit: null },
  stop: { signal: 'SIGINT' },
  minReadySeconds: 5,
  minReady: '50%',
  startupProbe: { tcpSocket: { port: '$(PORT)' } },
  readinessProbe: { httpGet: { port: '$(PORT)', path: '/ready' } },
  livenessProbe: { exec: { command: ['true'] } },
  recycle: { maxMemory: '512Mi' },
  rollout: { maxUnavailable: 2 },
  signals: { SIGUSR2: 'restart' },
};

/** A change of each key that needs a new pod. */
const KEPT: Readonly<Record<string, unknown>> = {
  subreaper: true,
  parentDeathSignal: 'SIGTERM',
  oomScoreAdj: 300,
  metrics: { page: false },
  control: { socket: '/tmp/supervisor.sock' },
  log: { level: 'debug' },
  notify: { fd: 3 },
};

const live = (supervisor: object): Record<string, unknown> => ({
  reloadStrategy: 'live',
  supervisor,
});

/** The text of each rendered file. */
function filesOf(values: Record<string, unknown>, helm: HelmVersion): ReadonlyMap<string, string> {
  const documents = template(CHART, { helm, values: completed(values) }).split(/^---\n# Source: /m);
  return new Map(
    documents.slice(1).map((document) => {
      const end = document.indexOf('\n');
      return [document.slice(0, end).replace(/^.*\/templates\//, ''), document.slice(end)];
    }),
  );
}

/** The names of the rendered files that are not the same, byte for byte. */
function changesOf(before: object, after: object, helm: HelmVersion = 4): readonly string[] {
  const files = filesOf({ ...before }, helm);
  return [...filesOf({ ...after }, helm)]
    .filter(([name, text]) => files.get(name) !== text)
    .map(([name]) => name);
}

const checksumOf = (values: Record<string, unknown>): unknown =>
  at(workloadOf(renderChart(values)), CHECKSUM);

test('of every key is known whether it needs a new pod', () => {
  const { properties } = JSON.parse(
    readFileSync(`${ROOT}schemas/supervisor.schema.json`, 'utf8'),
  ) as { readonly properties: object };
  const keys = [...Object.keys(APPLIED), ...Object.keys(KEPT), '$schema', 'reload'];
  // what the chart takes for kept is what a running supervisor keeps
  expect([...Object.keys(KEPT), 'reload'].sort()).toEqual([...KEPT_KEYS].sort());
  expect(keys.sort()).toEqual(Object.keys(properties).sort());
});

describe.each(HELM_VERSIONS)('Helm %d', (helm) => {
  test.each(Object.entries(APPLIED))('a changed %s changes the ConfigMap alone', (key, value) => {
    expect(changesOf(live({}), live({ [key]: value }), helm)).toEqual(['configmap.yaml']);
  });

  test.each(Object.entries(KEPT))('a changed %s replaces the pods', (key, value) => {
    const changes = changesOf(live({}), live({ [key]: value }), helm);
    expect(changes).toEqual(['configmap.yaml', 'workload.yaml']);
  });

  test('a changed metrics port replaces the pods', () => {
    const changes = changesOf(live({}), live({ metrics: { port: 8080 } }), helm);
    expect(changes).toEqual(expect.arrayContaining(['configmap.yaml', 'workload.yaml']));
  });

  test('the supervisor is told to watch', () => {
    const text = configurationOf(renderChart(live({ workers: 8 }), { helm }));
    expect(JSON.parse(text)).toMatchObject({ workers: 8, reload: { watch: true } });
  });

  test('a supervisor that does not watch is refused', () => {
    const message = refusalOf(live({ reload: { watch: false } }), { helm });
    expect(message).toMatch(
      /supervisor\.reload\.watch: expected true, because reloadStrategy is live, found false; /,
    );
  });

  test.each([{}, { reload: {} }, { reload: { watch: true } }])('%j makes no difference', (own) => {
    expect(changesOf(live({}), live(own), helm)).toEqual([]);
  });
});

test('by the command line, and for a StatefulSet, it is the same', () => {
  const values = completed({ ...live({}), kind: 'StatefulSet' });
  const scaled = (workers: number): string =>
    template(CHART, { values, args: ['--set', `supervisor.workers=${workers}`] });
  expect(scaled(8)).toBe(scaled(4).replace('"workers": 4', '"workers": 8'));
});

test('the pods are replaced where the strategy changes', () => {
  expect(checksumOf(live({}))).not.toBe(checksumOf({}));
});

test('a longer stop gives the pods a longer grace period', () => {
  const longer = live({ stop: { timeoutSeconds: 60 } });
  const grace = 'spec.template.spec.terminationGracePeriodSeconds';
  expect(at(workloadOf(renderChart(longer)), grace)).toBe(70);
  expect(checksumOf(longer)).toBe(checksumOf(live({})));
});

test('with rollout nobody watches', () => {
  expect(at(JSON.parse(configurationOf(renderChart())), 'reload')).toBeUndefined();
});

test('docs/kubernetes.md tells of every key what becomes of its change', () => {
  const docs = readFileSync(`${ROOT}docs/kubernetes.md`, 'utf8');
  const [, section = ''] = /^## Live changes\n([^]*?)^## /m.exec(docs) ?? [];
  const rows = [...section.matchAll(/^\| (`.*`) +\| (.*) \|$/gm)];
  const keysOf = (replaces: boolean): readonly string[] =>
    rows
      .filter(([, , effect = '']) => /pods are replaced/i.test(effect) === replaces)
      .flatMap(([, keys = '']) => keys.replaceAll('`', '').split(', '))
      .sort();
  expect(keysOf(false)).toEqual(Object.keys(APPLIED).sort());
  expect(keysOf(true)).toEqual([...Object.keys(KEPT), 'reload', 'stop.timeoutSeconds'].sort());
});

test('the kubelet updates what is mounted', () => {
  const objects = renderChart(live({}));
  const mount = at(workloadOf(objects), 'spec.template.spec.containers.0.volumeMounts.0');
  expect(mount).not.toHaveProperty('subPath');
  expect(mount).not.toHaveProperty('subPathExpr');
  expect(only(objects, 'ConfigMap')).not.toHaveProperty('immutable');
});

test.each([
  ['live', true],
  ['rollout', false],
])('the notes of %s tell of live changes: %s', (strategy, isTold) => {
  const file = `${CHART}ci/live-values.yaml`;
  const values = ['--values', file, '--set', `reloadStrategy=${strategy}`];
  const { stdout } = runHelm(4, ['install', 'web', CHART, '--dry-run=client', ...values]);
  const notes = stdout.slice(stdout.indexOf('NOTES:'));
  expect(notes).toMatch(/ConfigMap web-container-supervisor/);
  expect(notes.includes('applied in the running pods')).toBe(isTold);
});
