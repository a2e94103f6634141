// Writes what is derived from schemas/supervisor.schema.json and from the metric families; with --check it
// only compares, and exits with 1 if something committed is out of date.
import { readFileSync, writeFileSync } from 'node:fs';

import { compile } from 'json-schema-to-typescript';
import * as prettier from 'prettier';

import { metricsReference } from './metrics-reference.mjs';

const SCHEMA = 'schemas/supervisor.schema.json';
const schema = JSON.parse(readFileSync(SCHEMA, 'utf8'));

/** The schema of a validated configuration: whatever has a default is there. */
function completed(node) {
  if (Array.isArray(node)) return node.map(completed);
  if (node === null || typeof node !== 'object') return node;
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, completed(value)]),
  );
  if (node.properties === undefined) return copy;
  const defaulted = Object.entries(node.properties).filter(([, value]) => 'default' in value);
  return { ...copy, required: [...(node.required ?? []), ...defaulted.map(([key]) => key)] };
}

/** Without the wrappers that draft-07 needs to give a reference a default. */
function unwrapped(node) {
  if (Array.isArray(node)) return node.map(unwrapped);
  if (node === null || typeof node !== 'object') return node;
  if (node.allOf?.length === 1) return unwrapped(node.allOf[0]);
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, unwrapped(value)]));
}

async function typesOf(source, title, name) {
  return compile({ ...unwrapped(source), title }, name, {
    bannerComment: '',
    declareExternallyReferenced: true,
    ignoreMinAndMaxItems: true,
    additionalProperties: false,
    format: false,
    inferStringEnumKeysFromValues: true,
  });
}

async function configTypes() {
  const written = await typesOf(schema, 'UserConfig', 'UserConfig');
  const complete = await typesOf(completed(schema), 'Config', 'Config');
  const shared = new Set();
  const both = `${written}\n${complete}`.replace(
    /(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export type (\w+) = [^]*?(?=\n(?:\/\*\*|export )|$)/g,
    (declaration, name) => (shared.has(name) ? '' : (shared.add(name), declaration)),
  );
  return `// Generated from ${SCHEMA} by \`npm run generate\`; do not edit.\n\n${both}`;
}

const REFERENCE_HEAD = `<!-- Generated from ${SCHEMA} by \`npm run generate\`; do not edit. -->

# Configuration

Looked for in the working directory, the first one found is taken: \`supervisor.config.json\`,
\`supervisor.config.yaml\`, \`supervisor.config.yml\`, \`.supervisorrc\` (JSON or YAML),
\`.supervisorrc.json\`, \`.supervisorrc.yaml\`, \`.supervisorrc.yml\`, or the key \`supervisor\` of
\`package.json\`. \`-c FILE\` names another. No script is ever executed as a configuration.

Unknown keys are errors. Every problem is told in one run, as
\`FILE: /json/pointer: expected …, found …\`; nothing is started then, and the exit status is 2.

\`"$schema": "./node_modules/container-supervisor/schemas/supervisor.schema.json"\` gives editors
completion and checks.
`;

const REFERENCE_TAIL = `
## References

\`$(NAME)\` in an array \`command\`, in \`args\` and in \`env\` is replaced as in a pod: by the worker's
own variable of that name. An unknown name stays as written, and \`$$\` is a literal \`$\`, so that
\`$$(NAME)\` is a literal \`$(NAME)\`. \`env\` may refer to inherited variables, to the worker's own and
to the entries above it. A shell's \`$$\` inside an array is therefore written \`$$$$\`, as in a pod; in a
string \`command\`, which is not expanded, it stays \`$$\`.

| variable | value |
| --- | --- |
| \`SUPERVISOR_WORKER_INDEX\` | the worker's slot, 0 to N − 1, kept across restarts |
| \`SUPERVISOR_WORKER_COUNT\` | how many workers were wanted when it started |
| \`SUPERVISOR_WORKER_STARTS\` | 1 for a slot's first start |
| \`PORT\` | with \`portBase\`: \`portBase\` + the index |
`;

/** The rows of a table: one for each key, those of objects after their own. */
function rowsOf(node, path) {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const required = (node.required ?? []).includes(key);
    const described = Object.values(child.properties ?? {}).every((each) => 'description' in each);
    if (child.properties !== undefined && described) return rowsOf(child, name);
    const fallback = 'default' in child ? `\`${JSON.stringify(defaultOf(child))}\`` : '';
    return [[`\`${name}\``, typeOf(child), required ? 'required' : fallback, child.description]];
  });
}

/** The default with those of the keys in it. */
function defaultOf({ default: own, properties = {} }) {
  const inner = Object.entries(properties).filter(([, child]) => 'default' in child);
  return inner.length === 0
    ? own
    : Object.fromEntries(inner.map(([key, child]) => [key, child.default]));
}

function typeOf(node) {
  if (node.$ref !== undefined) return typeOf(schema.definitions[node.$ref.split('/').at(-1)]);
  const isNumeric = node.type === 'integer' || node.type === 'number';
  if (!isNumeric && node['x-expected'] !== undefined) return node['x-expected'];
  const choices = node.anyOf ?? node.allOf;
  if (choices !== undefined) return choices.map(typeOf).join(' or ');
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`"${value}"\``).join(', ');
  if (node.type === 'array') return 'array of strings';
  if (node.type === 'object') {
    return node.properties === undefined ? 'map of string to string' : 'map of signal to action';
  }
  const { minimum: low, maximum: high } = node;
  if (low !== undefined && high !== undefined) return `${node.type} ${low}…${high}`;
  return low === undefined ? node.type : `${node.type} ≥ ${low}`;
}

function reference() {
  const rows = [
    ['key', 'type', 'default', 'meaning'],
    ['---', '---', '---', '---'],
  ];
  const table = [...rows, ...rowsOf(schema, '')].map(
    (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return `${REFERENCE_HEAD}\n${table.join('\n')}\n${REFERENCE_TAIL}`;
}

const outputs = {
  'src/config/generated.ts': configTypes,
  'docs/configuration.md': reference,
  'docs/metrics.md': metricsReference,
};

let stale = false;
for (const [path, make] of Object.entries(outputs)) {
  const options = await prettier.resolveConfig(path);
  const content = await prettier.format(await make(), { ...options, filepath: path });
  if (!process.argv.includes('--check')) {
    writeFileSync(path, content);
  } else if (readFileSync(path, 'utf8') !== content) {
    stale = true;
    console.error(`${path}: expected what \`npm run generate\` writes, found something else`);
  }
}
process.exitCode = stale ? 1 : 0;
