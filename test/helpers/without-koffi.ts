import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { CLI } from './program.ts';
import { workspace } from './workspace.ts';

/** A copy of the built program where koffi is not installed. */
export function cliWithoutKoffi(): string {
  const copy = join(workspace(), 'cli.cjs');
  cpSync(CLI, copy);
  return copy;
}
