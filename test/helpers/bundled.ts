import { join } from 'node:path';

import { build } from 'esbuild';

import { ROOT } from './program.ts';

/** Makes a module of the sources, such as `src/config/watch.ts`, one that a bare Node can `require`. */
export async function bundled(module: string, directory: string): Promise<void> {
  const outfile = join(directory, 'bundled.cjs');
  await build({ entryPoints: [`${ROOT}${module}`], outfile, bundle: true, platform: 'node' });
}
