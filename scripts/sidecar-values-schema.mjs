// The values.schema.json of the library chart: the configuration's schema under `supervisor`, and its own keys.
import { portable, PROBE, supervisorSchema } from './chart-values-schema.mjs';

const STRING = { type: 'string' };
const SECONDS = { type: 'number', minimum: 0 };
const LIST = { type: 'array', items: { type: 'object' } };
const MAP = { type: 'object' };

const IMAGE = {
  type: 'object',
  additionalProperties: false,
  required: ['repository', 'tag', 'digest', 'pullPolicy'],
  properties: {
    repository: STRING,
    tag: STRING,
    digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    pullPolicy: { enum: ['Always', 'IfNotPresent', 'Never'] },
  },
};

/** The library's own values; each is in values.yaml. */
const OWN = {
  mode: { enum: ['auto', 'native', 'plain', 'wrap'] },
  name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 55 },
  image: IMAGE,
  programImage: IMAGE,
  programResources: MAP,
  shareProcessNamespace: { type: 'boolean' },
  appTerminationGracePeriodSeconds: SECONDS,
  terminationGracePeriodSlackSeconds: SECONDS,
  preStopSleepSeconds: { type: 'integer', minimum: 0 },
  env: LIST,
  envFrom: LIST,
  resources: MAP,
  metricsPortName: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 15 },
  containerPorts: LIST,
  volumes: LIST,
  volumeMounts: LIST,
  securityContext: MAP,
};

/** @param configuration - schemas/supervisor.schema.json */
export function sidecarValuesSchema(configuration) {
  const signal = { anyOf: [{ const: '' }, { $ref: '#/definitions/signal' }] };
  return JSON.stringify({
    $schema: configuration.$schema,
    title: 'Values of the library chart container-supervisor-sidecar',
    type: 'object',
    additionalProperties: false,
    required: ['supervisor', 'stopSignal', ...Object.keys(OWN)],
    properties: {
      supervisor: portable(supervisorSchema(configuration)),
      stopSignal: signal,
      ...OWN,
      startupProbe: PROBE,
      livenessProbe: PROBE,
      readinessProbe: PROBE,
      global: { description: "A parent chart's values for all of its charts.", type: 'object' },
      enabled: { description: "For a parent chart's `condition`; not read.", type: 'boolean' },
    },
    definitions: portable(configuration.definitions),
  });
}
