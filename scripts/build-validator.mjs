// Compiles schemas/supervisor.schema.json to code, so that no start pays for that and the compiler is no
// dependency of the program.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { Ajv } from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';

const SCHEMA = 'schemas/supervisor.schema.json';

/** What is there for people alone. */
const ANNOTATIONS = ['title', 'description', 'examples'];

/** Keywords whose value is a map of names to schemas. */
const MAPS = ['properties', 'definitions'];

/** The schema without its annotations. */
function bare(node, isMap = false) {
  if (Array.isArray(node)) return node.map((each) => bare(each));
  if (node === null || typeof node !== 'object') return node;
  const entries = Object.entries(node).filter(([key]) => isMap || !ANNOTATIONS.includes(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, bare(value, !isMap && MAPS.includes(key))]),
  );
}

/** The code without the objects that say what is wrong, which are half of it. */
function withoutErrors(code) {
  const silent = code.replace(/\{instancePath\b.*?,params:\{.*?\}(?:,propertyName:\w+)?\}/g, '0');
  if (silent.includes('schemaPath')) throw new Error('an error object has another form than known');
  return silent;
}

/** Writes a module that exports the validating function. */
async function compile(name, options, changed = (code) => code) {
  const ajv = new Ajv({
    useDefaults: true,
    keywords: ['x-expected', 'x-unsupported'],
    ...options,
    code: { source: true, esm: true, lines: true },
  });
  const validate = ajv.compile(bare(JSON.parse(readFileSync(SCHEMA, 'utf8'))));
  const code = changed(standalone.default(ajv, validate));
  // the code asks for a few functions of ajv's by `require`, which a module has not
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: '.' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['main'],
    minify: true,
    legalComments: 'none',
    banner: {
      js: `// Generated from ${SCHEMA} by \`npm run generate\`; do not edit.\n// @ts-nocheck`,
    },
  });
  const path = `src/config/${name}.generated.js`;
  const [{ text }] = outputFiles;
  // whoever reads it meanwhile is not disturbed where nothing has changed
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

await compile('conforms', { messages: false }, withoutErrors);
// verbose: an error says which part of the schema it is of
await compile('explain', { messages: false, allErrors: true, verbose: true });
