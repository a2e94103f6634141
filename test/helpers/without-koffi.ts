import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from './program.ts';
import { workspace } from './workspace.ts';

/** A copy of the built program where koffi is not installed. */
export function cliWithoutKoffi(): string {
  const copy = workspace();
  cpSync(join(ROOT, 'dist'), join(copy, 'dist'), { recursive: true });
  for (const name of ['package.json', 'schemas']) symlinkSync(join(ROOT, name), join(copy, name));
  mkdirSync(join(copy, 'node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name === 'koffi') continue;
    symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
  }
  return join(copy, 'dist/cli.cjs');
}
