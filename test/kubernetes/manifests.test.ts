// Every example in deploy/kubernetes: what a cluster, its policy and the supervisor say of it.
import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';

import { checked, OK } from '../helpers/check.ts';
import { eventually } from '../helpers/eventually.ts';
import { problemsOf } from '../helpers/kubernetes-schemas.ts';
import {
  configOf,
  example,
  EXAMPLES,
  podOf,
  securityProblemsOf,
  stopSecondsOf,
  supervisorOf,
} from '../helpers/manifests.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

test('all of them are valid under the schemas, without an unknown field', async () => {
  expect(await problemsOf(EXAMPLES.flatMap(example))).toEqual([]);
});

test('the README tells of each, and of no other', () => {
  const text = readFileSync(`${ROOT}deploy/kubernetes/README.md`, 'utf8');
  const told = [...text.matchAll(/^\| \[(\S+\.yaml)\]\(\1\)/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual([...EXAMPLES].sort());
});

describe.each(EXAMPLES)('%s', (name) => {
  const objects = example(name);
  const pod = podOf(objects);
  const supervisor = supervisorOf(pod);

  test('its configuration passes the check', () => {
    expect(checked(configOf(objects))).toBe(OK);
  });

  test('a crash loop slows down, and ends', () => {
    const config = JSON.parse(configOf(objects)) as { restart: object };
    expect(config.restart).toMatchObject({ backoff: expect.anything(), limit: expect.anything() });
  });

  test('the grace is the time to stop, and 5 seconds', () => {
    expect(pod.terminationGracePeriodSeconds).toBe(stopSecondsOf(objects) + 5);
  });

  test('it is restricted', () => {
    expect(securityProblemsOf(pod)).toEqual([]);
    expect(pod).toMatchObject({ enableServiceLinks: false, automountServiceAccountToken: false });
  });

  test('the probes ask the supervisor', () => {
    const { livenessProbe, readinessProbe, ports } = supervisor;
    expect(ports).toContainEqual({ name: 'metrics', containerPort: 9464 });
    expect(livenessProbe?.httpGet).toEqual({ path: '/livez', port: 'metrics' });
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'metrics' });
  });

  test('its volumes are there, and none is a single file', () => {
    const volumes = new Set(pod.volumes?.map((volume) => volume.name));
    const containers = [...(pod.initContainers ?? []), ...pod.containers];
    for (const mount of containers.flatMap(({ volumeMounts = [] }) => volumeMounts)) {
      expect(volumes).toContain(mount.name);
      expect(mount).not.toHaveProperty('subPath');
    }
  });

  test('selectors find the pod', () => {
    const workload = objects.find(({ spec }) => spec?.template !== undefined)?.spec;
    const services = objects.filter(({ kind }) => kind === 'Service');
    const selectors = services.map(({ spec }) => spec?.selector);
    for (const selector of [workload?.selector?.matchLabels, ...selectors]) {
      expect(selector).toBeDefined();
      expect(workload?.template?.metadata.labels).toMatchObject(selector ?? {});
    }
  });
});

/** Stands in for the image's program: it says what partition it has been given. */
const WORKER = `
  console.log(process.argv[2]);
  setInterval(() => undefined, 2 ** 30);`;

test.each([
  ['deployment.yaml', {}, ['0', '1', '2', '3']],
  ['statefulset.yaml', { POD_INDEX: '0' }, ['0', '1', '2', '3']],
  ['statefulset.yaml', { POD_INDEX: '2' }, ['8', '9', '10', '11']],
])('the workers of %s, %p, have the partitions %p', async (name, env, partitions) => {
  const cwd = workspace({
    'supervisor.config.json': configOf(example(name)),
    'worker.js': WORKER,
  });
  const supervisor = new Supervisor(cwd, { env, args: ['--metrics-port=0'] });
  await eventually(() => {
    const told = [...supervisor.stdout.matchAll(/^--partition=(\d+)$/gm)].map(([, one]) => one);
    expect(told.sort((a, b) => Number(a) - Number(b))).toEqual(partitions);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
