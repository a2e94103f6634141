// Loads modules of src/ as they are written, without a build.
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

/** @param contents - a module that exports what is wanted, by paths from the root */
export async function loadSource(contents) {
  // inside the package, so that what it imports is found
  const directory = mkdtempSync(join('node_modules', '.source-'));
  try {
    const outfile = join(directory, 'source.mjs');
    await build({
      stdin: { contents, resolveDir: '.' },
      outfile,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      define: { 'import.meta.url': JSON.stringify(new URL('../dist/x', import.meta.url).href) },
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
