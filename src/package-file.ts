import { readFileSync } from 'node:fs';

/** A file of this package that is read as it is. */
export type PackageFile = 'package.json' | 'schemas/supervisor.schema.json' | 'dist/page.html';

/** Its text. In the bundled program, scripts/build-program.mjs puts the texts in the place of this module. */
export function packageFile(name: PackageFile): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}
