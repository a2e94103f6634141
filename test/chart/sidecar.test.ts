// The library chart, through a chart that includes it.
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { checked, OK } from '../helpers/check.ts';
import { HELM_VERSIONS, refusal, render, runHelm, template } from '../helpers/helm.ts';
import { problemsOf } from '../helpers/kubernetes-schemas.ts';
import {
  configOf,
  example,
  podOf,
  securityProblemsOf,
  stopSecondsOf,
  supervisorOf,
} from '../helpers/manifests.ts';
import type { Manifest } from '../helpers/manifests.ts';
import { ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import { expectGracefulStop, WRAPPED } from '../helpers/wrapped.ts';

const LIBRARY = `${ROOT}deploy/helm/container-supervisor-sidecar`;

/** As `helm dependency build` leaves it. */
const CONSUMER = workspace();
cpSync(`${ROOT}test/fixtures/consumer`, CONSUMER, { recursive: true });
cpSync(LIBRARY, join(CONSUMER, 'charts/container-supervisor-sidecar'), { recursive: true });

type Values = Readonly<Record<string, unknown>>;

const WRAP: Values = {
  mode: 'wrap',
  name: 'web',
  image: { repository: 'docker.io/library/httpd', tag: '2.4' },
  programImage: { repository: 'registry.example.com/container-supervisor', tag: '0.1.0' },
  stopSignal: 'SIGWINCH',
  supervisor: { workers: 1, command: ['httpd-foreground'] },
};

function rendered(mailer: Values = {}, kubeVersion = '1.31.0'): readonly Manifest[] {
  return render(CONSUMER, { values: { mailer }, kubeVersion });
}

const configured = (mailer: Values): unknown => JSON.parse(configOf(rendered(mailer)));

describe.each(HELM_VERSIONS)('Helm %i', (helm) => {
  test('finds nothing to mend', () => {
    for (const args of [[CONSUMER], [LIBRARY, '--set', 'supervisor.command={node}']]) {
      const { status, stdout } = runHelm(helm, ['lint', '--strict', ...args]);
      expect([status, stdout]).toEqual([0, expect.not.stringMatching(/WARNING|ERROR/)]);
    }
  });

  test('renders the same as the other', () => {
    for (const mailer of [{}, { mode: 'plain' }, WRAP]) {
      const values = { mailer };
      expect(template(CONSUMER, { helm, values })).toBe(template(CONSUMER, { values }));
    }
  });

  test.each([
    ['an unknown key', { mdoe: 'auto' }, /mdoe/],
    ['an unknown mode', { mode: 'sidecar' }, /mode/],
    ['a wrong worker count', { supervisor: { workers: -1 } }, /supervisor\W+workers/],
    ['a port that nobody could name', { supervisor: { metrics: { port: 0 } } }, /metrics\W+port/],
  ])('refuses %s', (_, mailer, message) => {
    expect(refusal(CONSUMER, { helm, values: { mailer } })).toMatch(message);
  });
});

test.each([
  ['1.25.0', {}],
  ['1.28.0', {}],
  ['1.29.0', {}],
  ['1.31.0', {}],
  ['1.31.0', { mode: 'plain', preStopSleepSeconds: 5 }],
  ['1.31.0', { shareProcessNamespace: true, supervisor: { stop: { timeoutSeconds: 40.5 } } }],
  ['1.29.0', { ...WRAP, preStopSleepSeconds: 5 }],
  ['1.31.0', { ...WRAP, preStopSleepSeconds: 5 }],
  ['1.31.0', { mode: 'plain', appTerminationGracePeriodSeconds: 5 }],
])('on Kubernetes %s, %p: valid, restricted, and with time to stop', async (version, mailer) => {
  const objects = rendered(mailer, version);
  expect(await problemsOf(objects)).toEqual([]);
  expect(securityProblemsOf(podOf(objects))).toEqual([]);
  expect(podOf(objects).enableServiceLinks).toBe(false);
  const { appTerminationGracePeriodSeconds: app } = mailer as Record<string, number | undefined>;
  const grace = podOf(objects).terminationGracePeriodSeconds;
  expect(grace).toBe(Math.ceil(stopSecondsOf(objects, app) + 5));
  expect(checked(configOf(objects))).toBe(OK);
});

describe('the sidecar', () => {
  test.each([
    ['auto', '1.28.0', false],
    ['auto', '1.29.0', true],
    ['auto', '1.31.0', true],
    ['auto', '1.29.3-gke.1', true],
    ['native', '1.31.0', true],
    ['plain', '1.28.0', false],
    ['plain', '1.31.0', false],
  ])('%s on Kubernetes %s is native: %p', (mode, version, isNative) => {
    const { initContainers = [], containers } = podOf(rendered({ mode }, version));
    const where = isNative ? initContainers : containers;
    const mailer = where.find(({ name }) => name === 'mailer');
    expect(mailer?.restartPolicy).toBe(isNative ? 'Always' : undefined);
    expect(mailer?.startupProbe?.httpGet?.path).toBe(isNative ? '/readyz' : undefined);
    expect(initContainers.length + containers.length).toBe(2);
  });

  test('native where the cluster has none is refused', () => {
    const values = { mailer: { mode: 'native' } };
    expect(refusal(CONSUMER, { values, kubeVersion: '1.28.0' })).toMatch(
      'mode: expected auto or plain, because native sidecars need Kubernetes 1.29 and this is v1.28.0',
    );
  });

  test('with the pod’s processes shared, it is a subreaper, unless it is told otherwise', () => {
    const shareProcessNamespace = true;
    expect(podOf(rendered({ shareProcessNamespace })).shareProcessNamespace).toBe(true);
    expect(configured({ shareProcessNamespace })).toMatchObject({ subreaper: true });
    const supervisor = { subreaper: false };
    expect(configured({ shareProcessNamespace, supervisor })).toMatchObject(supervisor);
    expect(configured({})).not.toHaveProperty('subreaper');
  });

  test('the probes ask the supervisor, and null leaves one out', () => {
    const { livenessProbe, readinessProbe } = supervisorOf(podOf(rendered()));
    expect(livenessProbe?.httpGet).toEqual({ path: '/livez', port: 'metrics' });
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'metrics' });
    expect(supervisorOf(podOf(rendered({ livenessProbe: null })))).not.toHaveProperty(
      'livenessProbe',
    );
    const supervisor = { metrics: { enabled: false } };
    const silent = supervisorOf(podOf(rendered({ supervisor })));
    expect(Object.keys(silent).filter((key) => /probe|ports/i.test(key))).toEqual([]);
  });

  test('it does not sleep before its stop, which comes after the app’s', () => {
    expect(supervisorOf(podOf(rendered({ preStopSleepSeconds: 5 })))).not.toHaveProperty(
      'lifecycle',
    );
  });
});

describe('the configuration', () => {
  test('false, 0 and what HTML would escape survive', () => {
    const supervisor = {
      workers: 0,
      reloadDelay: 0,
      oomScoreAdj: false,
      command: 'test "$A" \\< "$B" && a & b > c',
    };
    expect(configured({ supervisor })).toMatchObject(supervisor);
    expect(configOf(rendered({ supervisor }))).toContain('&& a & b > c');
  });

  test('a change of it replaces the pods', () => {
    const sums = [1, 2, 2].map((workers) => {
      const objects = rendered({ supervisor: { workers } });
      const annotations = objects.find(({ spec }) => spec?.template)?.spec?.template?.metadata
        .annotations;
      return annotations?.['checksum/mailer'];
    });
    expect(sums[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(sums[1]).not.toBe(sums[0]);
    expect(sums[2]).toBe(sums[1]);
  });
});

test('the README tells of every value', () => {
  const read = (file: string): string => readFileSync(join(LIBRARY, file), 'utf8');
  const values = [...read('values.yaml').matchAll(/^(\w+):/gm)].map(([, key]) => key);
  const [, table = ''] = read('README.md').split('## Values');
  const told = [...table.matchAll(/^\| `(\w+)` +\|/gm)].map(([, key]) => key);
  expect(told).toEqual(values);
});

describe('the wrapping', () => {
  test('stops by the image’s signal, unless the configuration says otherwise', () => {
    expect(configured(WRAP)).toMatchObject({
      signals: { SIGWINCH: 'stop' },
      stop: { signal: 'SIGWINCH', timeoutSeconds: 25 },
    });
    const supervisor = {
      command: ['httpd-foreground'],
      stop: { signal: 'SIGTERM' },
      signals: { SIGHUP: 'forward' },
    };
    expect(configured({ ...WRAP, supervisor })).toMatchObject({
      signals: { SIGHUP: 'forward', SIGWINCH: 'stop' },
      stop: { signal: 'SIGTERM' },
    });
  });

  test('copies and starts the program as the example without Helm does', () => {
    const own = podOf(rendered(WRAP));
    const other = podOf(example('wrap-httpd.yaml'));
    expect(own.initContainers?.[0]?.command).toEqual(other.initContainers?.[0]?.command);
    expect(supervisorOf(own).command).toEqual(supervisorOf(other).command);
  });

  test.each([
    [{ ...WRAP, programImage: {} }, /programImage.repository: expected the supervisor's image/],
    [{ ...WRAP, image: { repository: 'httpd', tag: '' } }, /image.tag: expected/],
    [{ stopSignal: 'SIGQUIT' }, /stopSignal: expected nothing, because mode is auto/],
  ])('%p is refused', (mailer, message) => {
    expect(refusal(CONSUMER, { values: { mailer } })).toMatch(message);
  });

  test('a request in flight finishes, and it ends with status 0', async () => {
    const objects = rendered({
      ...WRAP,
      securityContext: { runAsUser: 33 },
      volumes: [{ name: 'logs', emptyDir: {} }],
      volumeMounts: [{ name: 'logs', mountPath: '/usr/local/apache2/logs' }],
    });
    // a chart's own pod would have the sysctl; here the port needs none
    const conf = '/usr/local/apache2/conf/httpd.conf';
    const text = WRAPPED.httpd.image[conf]?.replace('Listen 80\n', 'Listen 8080\n') ?? '';
    await expectGracefulStop(objects, {
      ...WRAPPED.httpd,
      port: 8080,
      image: { ...WRAPPED.httpd.image, [conf]: text },
    });
  }, 60_000);
});
