import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';

/** The types of all that the library exports, as one text; what is `@internal` is not in it. */
export async function libraryTypes() {
  const directory = mkdtempSync(join(tmpdir(), 'container-supervisor-types-'));
  try {
    const options = ['--project', 'tsconfig.library.json', '--outDir', directory];
    execFileSync('node_modules/.bin/tsc', options, { stdio: ['ignore', 'inherit', 'inherit'] });
    const bundle = await rollup({
      input: join(directory, 'index.d.ts'),
      external: /^node:/,
      plugins: [dts()],
      onwarn: ({ message }) => {
        throw new Error(message);
      },
    });
    const { output } = await bundle.generate({});
    return output[0].code;
  } finally {
    rmSync(directory, { recursive: true });
  }
}
