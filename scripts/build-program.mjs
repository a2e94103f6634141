// Makes the program: dist/cli.cjs, one file with everything in it but native code.
//
// V8 looks through all of the code of a file before its first line runs, but not through a string in it. So
// what no start needs is in it as a text, a late part, and is compiled when it is called for.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';

import { build } from 'esbuild';

import { filesInside } from './files-inside.mjs';

const ENTRY = 'src/cli.ts';
const TARGET = 'dist/cli.cjs';
const LICENSES = 'dist/third-party-licenses.txt';

/** The directories of the packages that something is taken from; ajv has written the validation. */
const packages = new Set(['node_modules/ajv']);

/** Modules whose functions are seldom called: each is a late part. So is whatever is loaded by `import()`. */
const SELDOM = [
  'src/config/explain.ts',
  'src/config/nearest.ts',
  'src/config/schema.ts',
  'src/command-line/help.ts',
  'src/workers/spawn-error.ts',
].map((path) => resolve(path));

/** Parts of libraries that are loaded with the rest of them, and that nothing here calls. */
const UNUSED = [
  // cosmiconfig's loaders, which execute scripts, and its places for settings of a user; ours are ours
  /\/cosmiconfig\/dist\/loaders\.js$/,
  /\/env-paths\//,
  // where prom-client's exemplars would get their traces from
  /\/@opentelemetry\/api\//,
];

const withoutUnused = {
  name: 'without-unused',
  setup({ onLoad, onResolve }) {
    for (const filter of UNUSED) onLoad({ filter }, () => ({ contents: '' }));
    // cosmiconfig asks for the home directory, where ours does not search
    onResolve({ filter: /^os$/ }, ({ importer }) =>
      importer.includes('/cosmiconfig/') ? { path: 'os', namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: '' }));
  },
};

/** Code that compiles a late part and has its exports. */
async function latePart(path) {
  const isOurs = !path.includes('/node_modules/');
  const [code] = await bundled(path, [filesInside, withoutUnused], { minifyIdentifiers: !isOurs });
  return `((part) => {
    require('node:vm')
      .compileFunction(${JSON.stringify(code)}, ['module', 'exports', 'require'], {
        filename: \`\${__filename}#${basename(path)}\`,
      })
      .call(part.exports, part, part.exports, require);
    return part.exports;
  })({ exports: {} })`;
}

const lateParts = {
  name: 'late-parts',
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: /.*/ }, async ({ kind, path, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === lateParts) return undefined;
      const found = await resolve(path, { kind, resolveDir, pluginData: lateParts });
      if (found.external) return found;
      // not under its own name, whose ending may say that it is a module
      return { path: `${basename(path)} (late)`, namespace: 'late', pluginData: found.path };
    });
    onLoad({ filter: /.*/, namespace: 'late' }, async ({ pluginData: path }) => ({
      contents: `module.exports = ${await latePart(path)};`,
    }));
    onLoad({ filter: /.*/, namespace: 'file' }, async ({ path }) => {
      if (!SELDOM.includes(path)) return undefined;
      const [, names] = await bundled(path, [], { format: 'esm' });
      const functions = names.map(
        (name) => `export function ${name}(...args) { return part().${name}(...args); }`,
      );
      return {
        contents: `let loaded;
          const part = () => (loaded ??= ${await latePart(path)});
          ${functions.join('\n')}`,
      };
    });
  },
};

/** @returns the code, and the names that it exports */
async function bundled(entry, plugins, options = {}) {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    outdir: 'dist',
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    // starts faster than a module, and listens to signals from its first line on
    format: 'cjs',
    // `import()` of a part of the program runs that part; of koffi it is `require`, which needs no second loader
    supported: { 'dynamic-import': false },
    // native code, which is there or not
    external: ['koffi'],
    // names stay, for the stacks of exceptions
    minifyWhitespace: true,
    minifySyntax: true,
    // ASCII, of which V8 keeps one byte a character
    charset: 'ascii',
    legalComments: 'none',
    metafile: true,
    plugins,
    ...options,
  });
  const [output] = Object.values(metafile.outputs);
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const [directory] = /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [];
    if (directory !== undefined && bytesInOutput > 0) packages.add(directory);
  }
  return [outputFiles?.[0].text, output.exports];
}

/** The licences of all that is in the program, which have to go with it. */
function licenses() {
  return [...packages]
    .toSorted()
    .filter((directory) => !UNUSED.some((pattern) => pattern.test(`/${directory}/`)))
    .map((directory) => {
      const { name, version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      const file = readdirSync(directory).find((each) => /^licen[cs]e/i.test(each));
      if (file === undefined) throw new Error(`${directory}: no licence`);
      return `${name} ${version}\n\n${readFileSync(join(directory, file), 'utf8').trim()}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

await bundled(ENTRY, [lateParts, filesInside, withoutUnused], {
  outdir: undefined,
  outfile: TARGET,
  write: true,
});
chmodSync(TARGET, 0o755);
writeFileSync(LICENSES, licenses());
