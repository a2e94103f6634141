import { spawnSync } from 'node:child_process';

import { CLI } from './program.ts';
import { workspace } from './workspace.ts';

/** What `container-supervisor check` says of a file with this text. */
export function checked(text: string): string {
  const cwd = workspace({ 'supervisor.config.json': text });
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'check'], { cwd, encoding: 'utf8' });
  return `${stdout}${stderr}`.trim();
}

/** What it says of one that is right. */
export const OK = 'supervisor.config.json: ok';
