import { readdirSync, readFileSync } from 'node:fs';

import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** How many times the threads of a process have been scheduled so far. */
function contextSwitches(pid: number): number {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'))
    .flatMap((status) => [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s*(\d+)/gm)])
    .reduce((sum, [, count]) => sum + Number(count), 0);
}

test.each([
  ['inherit', {}],
  ['prefix', {}],
  [
    'inherit',
    {
      startupProbe: { exec: { command: ['true'] } },
      notify: { socket: true, watchdogSeconds: 10 },
      recycle: { maxLifetimeSeconds: 86400 },
    },
  ],
  ['inherit', { control: { socket: 'control.sock' }, reload: { watch: true }, minReadySeconds: 1 }],
])('an idle supervisor makes no wake-up: %s, %j', async (workers, more) => {
  const config = {
    workers: 16,
    command: 'echo ready; exec sleep 1000',
    log: { workers },
    metrics: { port: 0 },
    ...more,
  };
  // reload.watch is told of every new name beside the directory of the file: not where other tests make theirs
  const supervisor = new Supervisor(workspace({ 'supervisor.config.json': config }, '/var/tmp'));
  await supervisor.logged(/^Started child process/, 16);
  await supervisor.get('/metrics');
  // for some seconds after the start V8 still tidies up; then a second passes without one
  let before = contextSwitches(supervisor.pid);
  let since = Date.now();
  await eventually(() => {
    const now = contextSwitches(supervisor.pid);
    if (now !== before) {
      before = now;
      since = Date.now();
    }
    expect(Date.now() - since).toBeGreaterThan(3000);
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});
