// Makes the library: dist/index.js with the parts that it loads late, and all of its types in dist/index.d.ts.
import { writeFileSync } from 'node:fs';

import { build } from 'esbuild';

import { filesInside } from './files-inside.mjs';
import { libraryTypes } from './library-types.mjs';

await build({
  entryPoints: ['src/index.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'library/[name]-[hash]',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  // what is loaded is the user's, of which there may be one for several packages
  packages: 'external',
  charset: 'utf8',
  plugins: [filesInside],
});
writeFileSync('dist/index.d.ts', await libraryTypes());
