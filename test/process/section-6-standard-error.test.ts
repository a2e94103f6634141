import { constants, readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { ReadPipe } from '../helpers/pipes.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** What /proc/PID/fdinfo/FD says of a descriptor. */
function isBlocking(info: string): boolean {
  const [, flags] = /flags:\s*(\d+)/.exec(info) ?? [];
  expect(flags).toBeDefined();
  return (Number.parseInt(flags ?? '', 8) & constants.O_NONBLOCK) === 0;
}

/** How many connections to a local port the supervisor has still open, by its end of them. */
function establishedOn(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const states = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    [...readFileSync(table, 'utf8').matchAll(/^ *\d+: \w+:(\w{4}) \w+:\w{4} (\w\w) /gm)].map(
      ([, local, state]) => (local === hex ? state : undefined),
    ),
  );
  // ESTABLISHED and CLOSE_WAIT, of include/net/tcp_states.h
  return states.filter((state) => state === '01' || state === '08').length;
}

test.each([
  ['inherit', 'err'],
  ['prefix', '[0] err'],
])('%s: a pipe that others may have, too, stays blocking', async (mode, text) => {
  const err = new ReadPipe(workspace(), 'err');
  const config = { metrics: { port: 0 }, command: 'echo err >&2; exec sleep 1000' };
  const cwd = workspace({ 'supervisor.config.json': { ...config, log: { workers: mode } } });
  const prefix = ['sh', '-c', `exec "$@" 2>"${err.path}"`, 'sh'];
  const supervisor = new Supervisor(cwd, { prefix });
  await eventually(() => {
    expect(err.text).toContain(`${text}\n`);
  });
  const isStillBlocking = (): boolean =>
    isBlocking(readFileSync(`/proc/${supervisor.pid}/fdinfo/2`, 'utf8'));
  expect(isStillBlocking()).toBe(true);
  // Node opens standard error when a connection is closed
  const [port = ''] = /\d+(?=","port")/.exec(err.text) ?? [];
  await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { connection: 'close' } });
  await eventually(() => {
    expect(establishedOn(Number(port))).toBe(0);
  });
  expect(isStillBlocking()).toBe(true);
});
