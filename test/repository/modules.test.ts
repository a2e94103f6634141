// Every module is reached from what runs; one that is not would be kept up for nothing.
import { spawnSync } from 'node:child_process';

import { expect, test } from '@jest/globals';

import { ROOT } from '../helpers/program.ts';
import { filesOf } from './files.ts';

const ENTRIES = ['src/cli.ts', 'src/index.ts', 'src/page/main.ts'];

/** What is reached from these modules, for its values or its types. */
function reached(entries: readonly string[]): ReadonlySet<string> {
  const options = ['--ignoreConfig', '--listFilesOnly', '--allowImportingTsExtensions', '--noEmit'];
  const resolution = ['--module', 'nodenext', '--allowJs', '--resolveJsonModule'];
  const { stdout } = spawnSync('node_modules/.bin/tsc', [...options, ...resolution, ...entries], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const files = stdout.split('\n').filter((file) => file.startsWith(ROOT));
  return new Set(files.map((file) => file.slice(ROOT.length)));
}

test('every module of src/ is reached from an entry', () => {
  const modules = filesOf(ROOT, 'src').filter((file) => /(?<!\.d)\.ts$/.test(file));
  expect(modules.length).toBeGreaterThan(100);
  const known = reached(ENTRIES);
  expect(modules.filter((file) => !known.has(file))).toEqual([]);
});
