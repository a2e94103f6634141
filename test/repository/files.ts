import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

/** What is made or installed, or is git's own: .gitignore, without asking git, which an archive of the sources lacks. */
const NOT_OURS =
  /^(?:\.git|dist|coverage|test\/tools\/bin)$|(?:^|\/)node_modules$|\.generated\.js$/;

/** The repository's own files, or those of a copy of it, in order. */
export function filesOf(root: string, folder = ''): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (NOT_OURS.test(path)) return [];
      return entry.isDirectory() ? filesOf(root, path) : [path];
    });
}

/** A copy of the repository's own files, which a test may change. */
export function copyOfRepository(): string {
  const copy = workspace();
  for (const file of filesOf(ROOT)) cpSync(join(ROOT, file), join(copy, file));
  return copy;
}
