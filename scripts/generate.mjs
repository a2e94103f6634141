// Writes what is derived from schemas/supervisor.schema.json, the metric families and the chart's values; with
// --check it only compares, and exits with 1 if something committed is out of date.
import { readFileSync, writeFileSync } from 'node:fs';

import { compile } from 'json-schema-to-typescript';
import * as prettier from 'prettier';

import { apiReference } from './api-reference.mjs';
import { chartOutputs } from './chart.mjs';
import { configurationReference } from './configuration-reference.mjs';
import { metricsReference } from './metrics-reference.mjs';
import { sidecarValuesSchema } from './sidecar-values-schema.mjs';

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
  // in a validated configuration a probe has its defaults too, and is another type
  const written = (await typesOf(schema, 'UserConfig', 'UserConfig')).replaceAll(
    /\bProbe\b/g,
    'UserProbe',
  );
  const complete = await typesOf(completed(schema), 'Config', 'Config');
  const shared = new Set();
  const both = `${written}\n${complete}`.replace(
    /(?:\/\*\*(?:(?!\*\/)[^])*\*\/\n)?export type (\w+) = [^]*?(?=\n(?:\/\*\*|export )|$)/g,
    (declaration, name) => (shared.has(name) ? '' : (shared.add(name), declaration)),
  );
  return `// Generated from ${SCHEMA} by \`npm run generate\`; do not edit.\n\n${both}`;
}

const outputs = {
  'src/config/generated.ts': configTypes,
  'docs/api.md': apiReference,
  'docs/configuration.md': () => configurationReference(schema),
  'docs/metrics.md': metricsReference,
  'deploy/helm/container-supervisor-sidecar/values.schema.json': () => sidecarValuesSchema(schema),
  ...chartOutputs(schema),
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
