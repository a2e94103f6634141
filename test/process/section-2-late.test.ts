// A supervisor that did not get its turn: what has happened meanwhile counts before what has not.
import { expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { processInfo } from '../helpers/processes.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';

test('one that was halted for long does not call workers unhealthy that have fed their watchdogs', async () => {
  const notify = `${process.execPath} ${ROOT}test/fixtures/notify.cjs`;
  const supervisor = Supervisor.start({
    workers: 4,
    command: `${notify} READY=1; while :; do ${notify} WATCHDOG=1; sleep 0.3; done`,
    notify: { socket: true, watchdogSeconds: 5 },
    log: { level: 'debug' },
    stop: { gracePeriodSeconds: 1 },
  });
  await supervisor.logged(/is ready$/, 4);
  supervisor.kill('SIGSTOP');
  const halted = Date.now();
  await eventually(() => {
    expect(processInfo(supervisor.pid)?.state).toBe('T');
    expect(Date.now() - halted).toBeGreaterThan(7000);
  });
  supervisor.kill('SIGCONT');
  expect((await supervisor.get('/livez')).status).toBe(200);
  expect(supervisor.linesLike(/unhealthy/)).toEqual([]);
  await supervisor.stop();
});
