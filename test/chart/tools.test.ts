import { spawnSync } from 'node:child_process';

import { expect, test } from '@jest/globals';

import { HELM_VERSIONS, KUBECTL, runHelm } from '../helpers/helm.ts';
import type { KubernetesObject } from '../helpers/helm.ts';
import { problemsOf } from '../helpers/kubernetes-schemas.ts';

const POD: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pod' },
  spec: { containers: [{ name: 'app', lifecycle: { preStop: { sleep: { seconds: 5 } } } }] },
};

test.each(HELM_VERSIONS)('Helm %i is Helm %i', (version) => {
  expect(runHelm(version, ['version', '--short']).stdout).toMatch(`v${version}.`);
});

test('kubectl is there', () => {
  expect(spawnSync(KUBECTL, ['version', '--client'], { encoding: 'utf8' }).stdout).toMatch('v1.');
});

test('a valid object has no problem', async () => {
  expect(await problemsOf([POD])).toEqual([]);
});

test('a wrong value is a problem', async () => {
  const spec = { containers: [{ name: 'app' }], terminationGracePeriodSeconds: 'long' };
  expect(await problemsOf([{ ...POD, spec }])).toContain(
    'Pod pod: data/spec/terminationGracePeriodSeconds must be integer',
  );
});

test('a missing field is a problem', async () => {
  expect((await problemsOf([{ ...POD, spec: {} }])).join('\n')).toMatch(/containers/);
});

test.each([
  [{ ...POD, spec: { containers: [{ name: 'app', reddinessProbe: {} }] } }, 'reddinessProbe'],
  [
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PodMonitor',
      metadata: { name: 'pods' },
      spec: { selector: {}, podMetricsEndpoints: [{ prot: 'metrics' }] },
    },
    'prot',
  ],
  [
    {
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name: 'scaled' },
      spec: { scaleTargetRef: { name: 'app', kin: 'Deployment' }, triggers: [] },
    },
    'kin',
  ],
])('an unknown field is a problem: %j', async (object, field) => {
  expect((await problemsOf([object])).join('\n')).toContain(`"${field}"' does not exist in type`);
});
