// docs/configuration.md, and the rows of its table, from schemas/supervisor.schema.json.
import { loadSource } from './load-source.mjs';

const HEAD = ['key', 'type', 'default', 'meaning'];

const INTRODUCTION = `<!-- Generated from schemas/supervisor.schema.json by \`npm run generate\`; do not edit. -->

# Configuration

Looked for in the working directory, the first one found is taken: \`supervisor.config.json\`,
\`supervisor.config.yaml\`, \`supervisor.config.yml\`, \`.supervisorrc\` (JSON or YAML),
\`.supervisorrc.json\`, \`.supervisorrc.yaml\`, \`.supervisorrc.yml\`, or the key \`supervisor\` of
\`package.json\`. \`-c FILE\` names another. No script is ever executed as a configuration.
A configuration is UTF-8, of at most 1 MiB; \`-c\` takes a pipe too, such as \`<(…)\`, that is written to within 5 s.

Unknown keys are errors. Every problem is told in one run, as
\`FILE: /json/pointer: expected …, found …\`; nothing is started then, and the exit status is 2.

Editors complete the keys, show what they mean and mark what is wrong, once they know the schema:
[In an editor](#in-an-editor).
`;

const PROBES = `
## Probes

\`startupProbe\`, \`readinessProbe\` and \`livenessProbe\` are a container's probes, for every worker: exactly one of
\`exec\`, \`httpGet\` and \`tcpSocket\`, and when. What they lead to, and what
\`notify\` and \`recycle\` do: [health.md](health.md).
`;

const REFERENCES = `
[References](#references) are expanded in \`exec.command\`, in \`host\`, \`port\` and \`path\`, and in the values of
\`httpHeaders\`: from the environment of the very worker that is probed.

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

const OVERRIDES = `
## Overrides

Some keys can be set by a flag or by an environment variable. A flag goes before a variable, a variable before the
file, the file before the default. An empty variable counts as not set, and workers do not inherit these variables.
What stands behind \`--\` on the command line is the command, in the place of the file's \`command\` and
\`args\`; then no file is needed: \`container-supervisor --workers 4 -- node worker.js\`.
`;

/** The flags, their variables and the keys that they set, as src/config/overrides.ts has them. */
async function overridesTable() {
  const { OVERRIDES: overrides, CONFIG_VARIABLE } = await loadSource(
    `export { OVERRIDES, CONFIG_VARIABLE } from './src/config/overrides.ts';`,
  );
  const rows = overrides.map(({ flag, value, variable, pointer }) => [
    `\`--${flag} ${value}\``,
    `\`${variable}\``,
    `\`${pointer.slice(1).replaceAll('/', '.')}\``,
  ]);
  const file = ['`-c`, `--config FILE`', `\`${CONFIG_VARIABLE}\``, ''];
  return tableOf([['flag', 'variable', 'key'], file, ...rows]);
}

const EDITOR = `
## In an editor

Editors that know JSON Schema, such as VS Code, complete keys and values, show what each means, and mark what is wrong
while it is typed. In a project that has the package, the file says where the schema is:

\`\`\`json
{
  "$schema": "./node_modules/container-supervisor/schemas/supervisor.schema.json",
  "command": ["node", "worker.js"]
}
\`\`\`

In YAML that is a comment, which VS Code's extension YAML (\`redhat.vscode-yaml\`) reads:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/container-supervisor/schemas/supervisor.schema.json
command: ['node', 'worker.js']
\`\`\`

Without npm, the program prints the schema of its version; \`./supervisor.schema.json\` is then what both name:

\`\`\`sh
container-supervisor schema > supervisor.schema.json
\`\`\`

- Where the supervisor runs, the schema need not be: \`$schema\` is ignored.
- Rules between keys, such as a grace period within the timeout, are not in the schema;
  \`container-supervisor check\` tells them, too.
- A \`.supervisorrc\` has no suffix: \`"files.associations": { ".supervisorrc": "yaml" }\` in VS Code's settings says that
  it is YAML, of which JSON is a part, and the comment works there as well.
- The key \`supervisor\` of \`package.json\` cannot name a schema. Where completion is wanted, it moves to a file.
`;

/**
 * The rows of a table, as [key, type, default, meaning]: one for each key, an object's after its own.
 *
 * @param probes - where the keys of a probe are
 */
export function configurationRows(schema, probes) {
  const probe = { 'x-expected': `a [probe](${probes})` };
  return rowsOf(schema, '', { ...schema.definitions, probe });
}

function rowsOf(node, path, definitions) {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const name = path === '' ? key : `${path}.${key}`;
    const required = (node.required ?? []).includes(key);
    const described = Object.values(child.properties ?? {}).every((each) => 'description' in each);
    if (child.properties !== undefined && described) return rowsOf(child, name, definitions);
    const fallback = 'default' in child ? `\`${JSON.stringify(defaultOf(child))}\`` : '';
    return [
      [
        `\`${name}\``,
        typeOf(child, definitions),
        required ? 'required' : fallback,
        child.description,
      ],
    ];
  });
}

/** The default with those of the keys in it. */
function defaultOf({ default: own, properties = {} }) {
  const inner = Object.entries(properties).filter(([, child]) => 'default' in child);
  return inner.length === 0
    ? own
    : Object.fromEntries(inner.map(([key, child]) => [key, child.default]));
}

function typeOf(node, definitions) {
  if (node.$ref !== undefined) {
    return typeOf(definitions[node.$ref.split('/').at(-1)], definitions);
  }
  const isNumeric = node.type === 'integer' || node.type === 'number';
  if (!isNumeric && node['x-expected'] !== undefined) return node['x-expected'];
  const choices = node.anyOf ?? node.allOf;
  if (choices !== undefined)
    return choices.map((choice) => typeOf(choice, definitions)).join(' or ');
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((value) => `\`"${value}"\``).join(', ');
  if (node.type === 'array') {
    const { type, properties = {} } = node.items;
    if (type === 'object') return `array of \`{ ${Object.keys(properties).join(', ')} }\``;
    return type === 'integer' ? 'array of integers' : 'array of strings';
  }
  if (node.type === 'object') {
    return node.properties === undefined ? 'map of string to string' : 'map of signal to action';
  }
  const { minimum: low, exclusiveMinimum: above, maximum: high } = node;
  if (above !== undefined) return `${node.type} > ${above}`;
  if (low !== undefined && high !== undefined) return `${node.type} ${low}…${high}`;
  return low === undefined ? node.type : `${node.type} ≥ ${low}`;
}

/** A table in Markdown; the first row is its head. */
export function tableOf([head, ...rows]) {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines
    .map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

export async function configurationReference(schema) {
  const { definitions } = schema;
  const keys = tableOf([HEAD, ...configurationRows(schema, '#probes')]);
  const ofProbes = tableOf([HEAD, ...rowsOf(definitions.probe, '', definitions)]);
  const overrides = await overridesTable();
  return [INTRODUCTION, keys, PROBES, ofProbes, REFERENCES, OVERRIDES, overrides, EDITOR].join(
    '\n',
  );
}
