// A part of the process tests on every other release of Node.js: the test runner, the program and its workers run on it.
// scripts/test-node-versions.sh does all of them.
import { existsSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Program, ROOT } from '../helpers/program.ts';

const TESTS = [
  ...['library', 'section-1-command-line', 'section-2-notify'],
  ...['section-4-groups', 'section-6-standard-error'],
].map((name) => `test/process/${name}`);

const JEST = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand'];

test.each(['22', '24', '26'])(
  'the program runs on Node.js %s',
  async (version) => {
    const node = `${ROOT}test/node/node_modules/node-${version}/bin/node`;
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      process.stderr.write(`not on Node.js ${version}: its binary is for Linux on x64\n`);
      return;
    }
    // scripts/test-node.sh brings it
    expect(existsSync(node)).toBe(true);
    const program = new Program([node, ...JEST, ...TESTS], { cwd: ROOT, env: process.env });
    await eventually(() => {
      expect(program.child.exitCode).not.toBe(null);
    }, 300_000);
    const [ran] = /^Tests: .*/m.exec(program.stderr) ?? [];
    // a comparison would show but the beginning
    if (program.child.exitCode !== 0) throw new Error(program.stderr);
    expect(ran).toMatch(/^Tests: +\d{2,} passed, \d{2,} total$/);
  },
  330_000,
);
