import { describe, expect, test } from '@jest/globals';

import { HELM_VERSIONS, only } from '../helpers/helm.ts';
import type { TemplateOptions } from '../helpers/helm.ts';
import { at, configurationOf, refusalOf, renderChart, workloadOf } from './chart.ts';

const CONTAINER = 'spec.template.spec.containers.0';
const GRACE = 'spec.template.spec.terminationGracePeriodSeconds';
const SLEEP = `${CONTAINER}.lifecycle.preStop.sleep.seconds`;

/** Values, the path in the workload that they decide, and what is there. */
const WORKLOAD: readonly [object, string, unknown, TemplateOptions?][] = [
  [{}, 'spec.replicas', 1],
  [{ replicaCount: 0 }, 'spec.replicas', 0],
  [{ keda: { enabled: true, triggers: [{ type: 'cpu' }] } }, 'spec.replicas', undefined],
  [{ kind: 'StatefulSet' }, 'spec.serviceName', 'release-container-supervisor'],
  [{ kind: 'StatefulSet' }, 'spec.podManagementPolicy', 'Parallel'],
  [{ updateStrategy: { type: 'Recreate' } }, 'spec.strategy.type', 'Recreate'],
  [
    { kind: 'StatefulSet', updateStrategy: { type: 'OnDelete' } },
    'spec.updateStrategy.type',
    'OnDelete',
  ],

  // the graceful stop: preStop sleep + stop.timeoutSeconds + slack, rounded up
  [{}, GRACE, 35],
  [{}, SLEEP, 5],
  [{}, GRACE, 35, { kubeVersion: '1.30.0' }],
  [{}, SLEEP, 5, { kubeVersion: '1.30.0-eks-1' }],
  [{}, GRACE, 30, { kubeVersion: '1.29.9' }],
  [{}, `${CONTAINER}.lifecycle`, undefined, { kubeVersion: '1.29.9' }],
  [{ preStopSleep: { enabled: true } }, GRACE, 35, { kubeVersion: '1.29.0' }],
  [{ preStopSleep: { enabled: false } }, GRACE, 30],
  [{ preStopSleep: { enabled: false } }, `${CONTAINER}.lifecycle`, undefined],
  [{ preStopSleep: { seconds: 0 } }, `${CONTAINER}.lifecycle`, undefined],
  [{ preStopSleep: { seconds: 20 } }, GRACE, 50],
  [{ service: { enabled: false } }, GRACE, 30],
  [{ service: { enabled: false } }, `${CONTAINER}.lifecycle`, undefined],
  [{ supervisor: { stop: { timeoutSeconds: 600.2 } } }, GRACE, 611],
  [{ terminationGracePeriodSlackSeconds: 0.5 }, GRACE, 31],
  [
    {
      supervisor: { stop: { gracePeriodSeconds: 0, timeoutSeconds: 0 } },
      service: { enabled: false },
      terminationGracePeriodSlackSeconds: 0,
    },
    GRACE,
    1,
  ],

  // probes
  [{}, `${CONTAINER}.livenessProbe.httpGet`, { path: '/livez', port: 'metrics' }],
  [{}, `${CONTAINER}.startupProbe.httpGet`, { path: '/livez', port: 'metrics' }],
  [{}, `${CONTAINER}.readinessProbe.httpGet`, { path: '/readyz', port: 'metrics' }],
  [
    { readinessProbe: { initialDelaySeconds: 0 } },
    `${CONTAINER}.readinessProbe.initialDelaySeconds`,
    0,
  ],
  [{ livenessProbe: null }, `${CONTAINER}.livenessProbe`, undefined],
  [
    { supervisor: { metrics: { enabled: false } }, service: { enabled: false } },
    `${CONTAINER}.livenessProbe`,
    undefined,
  ],

  // the port
  [
    { supervisor: { metrics: { port: 8080 } } },
    `${CONTAINER}.ports.0`,
    { name: 'metrics', containerPort: 8080 },
  ],

  // the configuration's mount, and what no Service's name may become
  [
    {},
    `${CONTAINER}.env.0`,
    { name: 'SUPERVISOR_CONFIG', value: '/etc/container-supervisor/supervisor.config.json' },
  ],
  [
    {},
    `${CONTAINER}.volumeMounts.0`,
    { name: 'config', mountPath: '/etc/container-supervisor', readOnly: true },
  ],
  [{}, 'spec.template.spec.volumes.0.configMap.name', 'release-container-supervisor'],
  [{}, `${CONTAINER}.volumeMounts.1`, { name: 'tmp', mountPath: '/tmp' }],
  [{}, 'spec.template.spec.volumes.1', { name: 'tmp', emptyDir: {} }],
  [{}, 'spec.template.spec.enableServiceLinks', false],
  [{}, 'spec.template.spec.automountServiceAccountToken', false],
  [{}, `${CONTAINER}.command`, undefined],
  [{}, `${CONTAINER}.args`, undefined],

  // the image
  [{}, `${CONTAINER}.image`, 'registry.example.com/worker:1.4.2'],
  [
    { image: { digest: `sha256:${'a'.repeat(64)}` } },
    `${CONTAINER}.image`,
    `registry.example.com/worker@sha256:${'a'.repeat(64)}`,
  ],

  // names
  [{ fullnameOverride: 'mail' }, 'metadata.name', 'mail'],
  [{ nameOverride: 'mail' }, 'metadata.name', 'release-mail'],
  [{}, 'metadata.name', 'my-container-supervisor', { release: 'my-container-supervisor' }],
  [{ fullnameOverride: 'n'.repeat(63) }, 'metadata.name', 'n'.repeat(52)],
  [{ serviceAccount: { create: false } }, 'spec.template.spec.serviceAccountName', 'default'],
];

test.each(WORKLOAD)('%j: %s', (values, path, expected, options = {}) => {
  expect(at(workloadOf(renderChart({ ...values }, options)), path)).toEqual(expected);
});

/** Values of the supervisor, and the path in its configuration where they have to arrive as they are. */
const SUPERVISOR: readonly [object, string, unknown][] = [
  [{ workers: 0 }, 'workers', 0],
  [{ workers: 10000 }, 'workers', 10000],
  [{ workers: 'auto' }, 'workers', 'auto'],
  [{ reloadDelay: 0 }, 'reloadDelay', 0],
  [{ oomScoreAdj: false }, 'oomScoreAdj', false],
  [{ oomScoreAdj: 0 }, 'oomScoreAdj', 0],
  [{ parentDeathSignal: false }, 'parentDeathSignal', false],
  [{ metrics: { page: false } }, 'metrics.page', false],
  [{ env: { EMPTY: '', NUMBER: '1e3' } }, 'env', { EMPTY: '', NUMBER: '1e3' }],
  [{ restart: { limit: null } }, 'restart.limit', undefined],
  [{ restart: { limit: { restarts: 0 } } }, 'restart.limit', { restarts: 0, withinSeconds: 600 }],
  [{ restart: {} }, 'restart.limit', { restarts: 10, withinSeconds: 600 }],
  [{ restart: {} }, 'restart.backoff.maxSeconds', 60],
];

describe.each(HELM_VERSIONS)('Helm %d', (helm) => {
  test.each(SUPERVISOR)('supervisor: %j: %s', (supervisor, path, expected) => {
    const text = configurationOf(renderChart({ supervisor }, { helm }));
    expect(at(JSON.parse(text), path)).toEqual(expected);
  });

  test('--set gives whole numbers', () => {
    const args = ['--set', 'supervisor.workers=0'];
    const config: unknown = JSON.parse(configurationOf(renderChart({}, { helm, args })));
    expect(config).toMatchObject({ workers: 0 });
  });
});

test.each(['a && b > c < d', '<<<&&&', String.raw`\u0026 \\u003c \\\u003e`, '"&" \\&'])(
  'the characters of %j stay as they are',
  (script) => {
    const text = configurationOf(renderChart({ supervisor: { command: ['sh', '-c', script] } }));
    expect(at(JSON.parse(text), 'command.2')).toBe(script);
    if (!script.includes('\\')) expect(text).not.toMatch(/\\u00/);
  },
);

test('a changed configuration replaces the pods, and nothing else does', () => {
  const checksum = (values: object): unknown =>
    at(
      workloadOf(renderChart({ ...values })),
      'spec.template.metadata.annotations.checksum/config',
    );
  expect(checksum({ replicaCount: 3 })).toBe(checksum({}));
  expect(checksum({ supervisor: { workers: 2 } })).not.toBe(checksum({}));
});

test('a cluster that is too old is refused', () => {
  expect(renderChart({}, { kubeVersion: '1.25.0-gke.1' })).not.toEqual([]);
  expect(refusalOf({}, { kubeVersion: '1.24.17' })).toMatch(/kubeVersion: >=1.25.0-0/);
});

test('a StatefulSet has a Service without an address', () => {
  const service = only(renderChart({ kind: 'StatefulSet' }), 'Service');
  expect(at(service, 'spec.clusterIP')).toBe('None');
  expect(at(only(renderChart(), 'Service'), 'spec.clusterIP')).toBeUndefined();
});

test('by default there is nothing that a cluster may lack', () => {
  const kinds = renderChart().map(({ kind }) => kind);
  expect(kinds.sort()).toEqual(['ConfigMap', 'Deployment', 'Pod', 'Service', 'ServiceAccount']);
});

test('no Service and no controller takes the pod of helm test for one of its own', () => {
  const objects = renderChart();
  const selector = at(only(objects, 'Service'), 'spec.selector') as Record<string, string>;
  expect(only(objects, 'Pod').metadata.labels).not.toMatchObject(selector);
  expect(at(workloadOf(objects), 'spec.template.metadata.labels')).toMatchObject(selector);
});

/** Objects that are asked for by one value each. */
const SWITCHES: readonly [object, string, string, unknown][] = [
  [{ podMonitor: { enabled: true } }, 'PodMonitor', 'spec.podMetricsEndpoints.0.path', '/metrics'],
  [{ serviceMonitor: { enabled: true } }, 'ServiceMonitor', 'spec.endpoints.0.port', 'metrics'],
  [
    { prometheusRule: { enabled: true } },
    'PrometheusRule',
    'spec.groups.0.name',
    'container-supervisor',
  ],
  [{ podDisruptionBudget: { enabled: true } }, 'PodDisruptionBudget', 'spec.maxUnavailable', 1],
  [
    { podDisruptionBudget: { enabled: true, minAvailable: 0 } },
    'PodDisruptionBudget',
    'spec.minAvailable',
    0,
  ],
  [
    { autoscaling: { enabled: true }, resources: { requests: { cpu: '1' } } },
    'HorizontalPodAutoscaler',
    'spec.metrics.0.resource.target.averageUtilization',
    80,
  ],
  [
    { keda: { enabled: true, triggers: [{ type: 'cpu' }] }, kind: 'StatefulSet' },
    'ScaledObject',
    'spec.scaleTargetRef.kind',
    'StatefulSet',
  ],
  [{ networkPolicy: { enabled: true } }, 'NetworkPolicy', 'spec.policyTypes', ['Ingress']],
  [
    { networkPolicy: { enabled: true } },
    'NetworkPolicy',
    'spec.ingress',
    [{ ports: [{ port: 'metrics' }] }],
  ],
];

test.each(SWITCHES)('%j: %s %s', (values, kind, path, expected) => {
  expect(at(only(renderChart({ ...values }), kind), path)).toEqual(expected);
});

/** Values that are refused, and what the refusal has to name. */
const REFUSED: readonly [object, RegExp][] = [
  [{ supervisor: { workers: 'two' } }, /supervisor.workers/],
  [{ supervisor: { workers: -1 } }, /supervisor.workers/],
  [{ supervisor: { worker: 2 } }, /supervisor\W.*worker\b/],
  [{ supervisor: { restart: { polcy: 'Never' } } }, /supervisor.restart\W.*polcy/],
  [{ supervisor: { command: [] } }, /supervisor.command/],
  [{ supervisor: { env: { DEBUG: true } } }, /supervisor.env.DEBUG/],
  [{ supervisor: { env: { 'A=B': '' } } }, /A=B/],
  [{ supervisor: { metrics: { port: 0 } } }, /supervisor.metrics.port/],
  [{ supervisor: { metrics: { port: null } } }, /supervisor.metrics\W.*port/],
  [{ supervisor: { stop: { timeoutSeconds: null } } }, /supervisor.stop\W.*timeoutSeconds/],
  [{ supervisor: { stop: { timeoutSeconds: 5 } } }, /supervisor.stop.gracePeriodSeconds: expected/],
  [{ supervisor: { command: 'app', args: ['x'] } }, /supervisor.args: expected/],
  [{ supervisor: { metrics: { host: '127.0.0.1' } } }, /supervisor.metrics.host: expected/],
  [{ supervisor: { metrics: { enabled: false } } }, /service.ports: expected/],
  [
    {
      supervisor: { metrics: { enabled: false } },
      service: { enabled: false },
      podMonitor: { enabled: true },
    },
    /podMonitor.enabled: expected/,
  ],
  [{ reloadStrategy: 'restart' }, /reloadStrategy/],
  [{ kind: 'DaemonSet' }, /kind/],
  [{ replicas: 2 }, /replicas/],
  [{ replicaCount: '2' }, /replicaCount/],
  [{ image: { repository: '' } }, /image.repository: expected/],
  [{ image: { tag: '' } }, /image.tag: expected/],
  [{ image: { tag: 1.4 } }, /image.tag/],
  [{ image: { digest: 'sha256:abc' } }, /image.digest/],
  [{ podLabels: { tier: true } }, /podLabels.tier/],
  [{ livenessProbe: { httpGet: {} } }, /livenessProbe\W.*httpGet/],
  [{ kind: 'StatefulSet', service: { enabled: false } }, /service.enabled: expected/],
  [{ kind: 'StatefulSet', service: { type: 'NodePort' } }, /service.type: expected/],
  [
    { serviceMonitor: { enabled: true }, service: { enabled: false } },
    /serviceMonitor.*: expected/,
  ],
  [{ serviceMonitor: { enabled: true }, podMonitor: { enabled: true } }, /scraped twice/],
  [{ autoscaling: { enabled: true } }, /resources.requests.cpu: expected/],
  [
    { autoscaling: { enabled: true, targetCPUUtilizationPercentage: 0 } },
    /autoscaling.metrics: expected/,
  ],
  [
    {
      autoscaling: { enabled: true },
      resources: { requests: { cpu: 1 } },
      keda: { enabled: true, triggers: [{ type: 'cpu' }] },
    },
    /keda.enabled: expected/,
  ],
  [{ keda: { enabled: true } }, /keda.triggers: expected/],
  [{ podDisruptionBudget: { enabled: true, minAvailable: 'half' } }, /minAvailable/],
];

describe.each(HELM_VERSIONS)('Helm %d', (helm) => {
  test.each(REFUSED)('%j is refused', (values, message) => {
    // paths are /a/b in Helm 4 and a.b in Helm 3
    expect(refusalOf({ ...values }, { helm }).replaceAll('/', '.')).toMatch(message);
  });
});
