// The chart's values.schema.json: the configuration's schema under `supervisor`, and for the rest what
// values.yaml says of types, with what it cannot say added here.
import { readValues } from './chart-values.mjs';

const STRING_MAP = { type: 'object', additionalProperties: { type: 'string' } };
const COUNT = { type: 'integer', minimum: 0 };
const SECONDS = { type: 'number', minimum: 0 };

/** A kubelet's probe without what it asks. */
export const PROBE = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    initialDelaySeconds: COUNT,
    periodSeconds: { type: 'integer', minimum: 1 },
    timeoutSeconds: { type: 'integer', minimum: 1 },
    failureThreshold: { type: 'integer', minimum: 1 },
    successThreshold: { type: 'integer', minimum: 1 },
    terminationGracePeriodSeconds: { type: 'integer', minimum: 1 },
  },
};

const COUNT_OR_PERCENTAGE = {
  type: ['integer', 'string'],
  minimum: 0,
  pattern: '^((100|[1-9]?[0-9])%)?$',
};

/** What a default value does not tell of its key. */
const NARROWER = {
  reloadStrategy: { enum: ['rollout', 'live'] },
  kind: { enum: ['Deployment', 'StatefulSet'] },
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  'preStopSleep.enabled': { enum: ['auto', true, false] },
  terminationGracePeriodSlackSeconds: SECONDS,
  startupProbe: PROBE,
  livenessProbe: PROBE,
  readinessProbe: PROBE,
  'statefulSet.podManagementPolicy': { enum: ['OrderedReady', 'Parallel'] },
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'podDisruptionBudget.minAvailable': COUNT_OR_PERCENTAGE,
  'podDisruptionBudget.maxUnavailable': COUNT_OR_PERCENTAGE,
};

function typeOf(path, value) {
  if (NARROWER[path] !== undefined) return NARROWER[path];
  if (/(annotations|labels|nodeSelector)$/i.test(path)) return STRING_MAP;
  if (Array.isArray(value)) return { type: 'array', items: { type: 'object' } };
  if (Number.isInteger(value)) return COUNT;
  return { type: typeof value };
}

function schemaOf({ path, value, comment, children }) {
  const description = comment === undefined ? {} : { description: comment };
  if (children.length === 0) return { ...description, ...typeOf(path, value) };
  return { ...description, ...mapOf(children) };
}

function mapOf(values) {
  const properties = values.map((each) => [each.path.split('.').at(-1), schemaOf(each)]);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
}

/** Without this project's own keywords, and with control characters as Go's regular expressions write them. */
export function portable(node) {
  if (typeof node === 'string') return node.replaceAll('\\u00', '\\x');
  if (Array.isArray(node)) return node.map(portable);
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).filter(([key]) => !key.startsWith('x-'));
  return Object.fromEntries(entries.map(([key, value]) => [key, portable(value)]));
}

/** The configuration's schema with what the templates read required, and a port that they can name. */
export function supervisorSchema({ required, properties, additionalProperties }) {
  const keys = Object.entries(properties).filter(([key]) => key !== '$schema');
  const { stop, metrics } = properties;
  const port = { ...metrics.properties.port, minimum: 1, description: 'The port to listen on.' };
  return {
    description: 'The configuration of the supervisor, which is its supervisor.config.json.',
    type: 'object',
    additionalProperties,
    required: [...required, 'restart', 'stop', 'metrics'],
    properties: {
      ...Object.fromEntries(keys),
      stop: { ...stop, required: ['timeoutSeconds'] },
      metrics: {
        ...metrics,
        required: ['enabled', 'host', 'port', 'path'],
        properties: { ...metrics.properties, port },
      },
    },
  };
}

/** @param configuration - schemas/supervisor.schema.json */
export function chartValuesSchema(configuration) {
  const own = mapOf(readValues().filter(({ path }) => path !== 'supervisor'));
  return JSON.stringify({
    $schema: configuration.$schema,
    title: 'Values of the chart container-supervisor',
    ...own,
    required: ['supervisor', ...Object.keys(own.properties).filter((key) => !isOptional(key))],
    properties: {
      supervisor: portable(supervisorSchema(configuration)),
      ...own.properties,
      global: { description: "A parent chart's values for all of its charts.", type: 'object' },
      enabled: { description: "For a parent chart's `condition`; not read.", type: 'boolean' },
    },
    definitions: portable(configuration.definitions),
  });
}

/** What `null` may leave out. */
function isOptional(key) {
  const { type } = NARROWER[key] ?? {};
  return Array.isArray(type) && type.includes('null');
}
