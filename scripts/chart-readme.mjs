// The chart's README.md, from the comments of its values.yaml and the descriptions of the configuration.
import { configurationRows, tableOf } from './configuration-reference.mjs';
import { supervisorSchema } from './chart-values-schema.mjs';
import { readValues } from './chart-values.mjs';

/** Where the keys of a worker's probe are. */
const PROBES = '../../../docs/configuration.md#probes';

/** A row for each value that can be set; what switches a group on says what the group is for. */
function rowsOf({ path, value, comment, children }) {
  if (children.length > 0) {
    return children.flatMap((child) => {
      const texts = child.path === `${path}.enabled` ? [comment, child.comment] : [child.comment];
      return rowsOf({ ...child, comment: texts.filter(Boolean).join(' ') });
    });
  }
  if (!comment) throw new Error(`values.yaml: expected a comment above ${path}`);
  return [[`\`${path}\``, shown(value), comment]];
}

const shown = (value) => `\`${JSON.stringify(value)}\``;

/** What a path leads to. */
function at(values, path) {
  return path.split('.').reduce((node, key) => node?.[key], values);
}

/** The configuration's keys, with the chart's value where it has one of its own. */
function configurationTable(schema, supervisor) {
  const { definitions } = schema;
  const rows = configurationRows({ ...supervisorSchema(schema), definitions }, PROBES).map(
    ([key, type, fallback, meaning]) => {
      const path = key.slice(1, -1);
      const own = at(supervisor, path);
      return [`\`supervisor.${path}\``, type, own === undefined ? fallback : shown(own), meaning];
    },
  );
  return tableOf([['key', 'type', 'default', 'meaning'], ...rows]);
}

export function chartReadme(schema) {
  const values = readValues();
  const supervisor = values.find(({ path }) => path === 'supervisor').value;
  const own = values.filter(({ path }) => path !== 'supervisor').flatMap(rowsOf);
  return `<!-- Generated from values.yaml and the configuration's schema by \`npm run generate\`; do not edit. -->

# Helm chart container-supervisor

N copies of a worker in every pod, under a supervisor that replaces the dead ones, stops them in order and
counts both. From the first install to a scaled, scraped and gracefully stopping deployment:
[docs/kubernetes.md](../../../docs/kubernetes.md).

\`\`\`yaml
# values.yaml
image:
  repository: registry.example.com/worker
  tag: 1.4.2
supervisor:
  workers: 4
  command: ['node', 'worker.js']
\`\`\`

\`\`\`sh
helm install web deploy/helm/container-supervisor --values values.yaml
\`\`\`

Kubernetes 1.25 or later, Helm 3 or 4. The image is yours: built \`FROM\` the supervisor's, or with the supervisor
as its entry point.

Values are checked before anything is sent to the cluster: an unknown key and a wrong worker count are refused,
with their name. What only the supervisor can check, \`container-supervisor check\` does.

## The supervisor

What is under \`supervisor\` is the configuration file, and lands in a ConfigMap as it stands; \`reloadStrategy: live\`
adds \`reload.watch\`. Secrets do not belong there: they go by \`env\` and \`envFrom\` to the container, and so to the
workers.

The defaults are the supervisor's own, but for three: a \`restart.backoff\` and a \`restart.limit\`, because a
supervisor that never gives up hides a crash loop from the kubelet, and a log in JSON. \`null\` takes one away:
\`--set supervisor.restart.limit=null\`. Numbers with a fraction need a file of values or \`--set-json\`: to \`--set\`
they are strings.

${configurationTable(schema, supervisor)}

## The pods and what is around them

${tableOf([['key', 'default', 'meaning'], ...own])}
`;
}
