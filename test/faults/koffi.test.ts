// koffi is there and cannot be loaded. Where it is missing altogether is tried beside what needs it.
import { cpSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { Pid1 } from '../helpers/pid-namespace.ts';
import { CLI } from '../helpers/program.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** A copy of the program beside a koffi that consists of this. */
function cliWithKoffi(script: string): string {
  const directory = workspace({
    'node_modules/koffi/package.json': { name: 'koffi', main: 'index.js' },
    'node_modules/koffi/index.js': script,
    // not for this machine
    'node_modules/koffi/koffi.node': '\x7fELF of something else',
  });
  const cli = join(directory, 'cli.cjs');
  cpSync(CLI, cli);
  return cli;
}

describe.each([
  ['a binary for another platform', "process.dlopen({ exports: {} }, __dirname + '/koffi.node');"],
  ['code that throws', "throw new Error('first line\\nsecond line');"],
  ['nothing that it should have', 'module.exports = {};'],
])('%s', (_, script) => {
  test('as PID 1 it works, and says once what does not', async () => {
    const config = { command: worker(), workers: 2, metrics: { port: 0 } };
    const cwd = workspace({ 'supervisor.config.json': config });
    const supervisor = new Pid1(cwd, { program: [process.execPath, cliWithKoffi(script)] });
    await supervisor.ready(2);
    const [notice] = await supervisor.logged(/^Orphaned processes will stay zombies/);
    expect(notice?.msg).toMatch(/koffi is missing \(.+\); put an init in front/);
    process.kill(await supervisor.outerPidOf(supervisor.pidOf(0)), 'SIGKILL');
    await supervisor.ready(3);
    expect((await supervisor.get('/metrics')).status).toBe(200);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/koffi/)).toHaveLength(1);
    expect(supervisor.stderr).not.toMatch(/^ +at /m);
  });

  test.each([
    ['/log/workers', { log: { workers: 'json' } }],
    ['/notify/socket', { notify: { socket: true } }],
  ])('what needs it (%s) is refused with one line and status 2', async (pointer, key) => {
    const config = { command: worker(), metrics: { port: 0 }, ...key };
    const cwd = workspace({ 'supervisor.config.json': config });
    const supervisor = new Supervisor(cwd, {}, cliWithKoffi(script));
    expect(await supervisor.ended).toEqual({ code: 2, signal: null });
    const start = `supervisor.config.json: ${pointer}: expected koffi for this platform, which `;
    expect(supervisor.stderr.startsWith(start)).toBe(true);
    expect(supervisor.stderr.split('\n')).toHaveLength(2);
  });
});
