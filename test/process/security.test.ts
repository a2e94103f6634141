import { expect, test } from '@jest/globals';

import { Operated } from '../helpers/config-file.ts';
import { Pid1 } from '../helpers/pid-namespace.ts';
import { worker } from '../helpers/supervisor.ts';

const PATHS = ['/metrics', '/livez', '/healthz', '/readyz', '/status', '/', '/nowhere'];

test('no value of a variable and no argument is on the port or in the log', async () => {
  const supervisor = new Operated(
    {
      workers: 2,
      command: worker('--password=argued-1'),
      args: ['--token=argued-2'],
      env: { PASSWORD: 'secret-1' },
      log: { level: 'debug' },
      minReadySeconds: 0.01,
      reloadDelay: 0.05,
    },
    { env: { INHERITED: 'secret-2' } },
  );
  await supervisor.ready(2);
  process.kill(supervisor.pidOf(0), 'SIGKILL');
  await supervisor.ready(3);
  supervisor.reload({ env: { PASSWORD: 'secret-3' } });
  await supervisor.logged(/^Rolling restart: finished/);
  supervisor.reload({ env: { PASSWORD: ['secret-4'] } });
  const [failed] = await supervisor.logged(/^Reloading .* failed/);
  expect(failed?.msg).toContain(
    '/env/PASSWORD: expected a string without a NUL byte, found an array',
  );
  for (const path of PATHS) {
    expect((await supervisor.get(path)).body).not.toMatch(/secret-|argued-/);
  }
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.stderr).not.toMatch(/secret-|argued-/);
  expect(supervisor.stderr).toContain('changed /env/PASSWORD');
});

test('a page from elsewhere cannot read the answers', async () => {
  const supervisor = new Operated({ command: worker() });
  const headers = { Origin: 'https://elsewhere.example', 'Sec-Fetch-Mode': 'cors' };
  for (const path of PATHS) {
    const answer = await fetch(await supervisor.url(path), { headers });
    const names = [...answer.headers.keys()];
    expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('a worker cannot kill PID 1, and can ask it to stop', async () => {
  const supervisor = Pid1.start({
    command: 'echo ready $$; kill -9 1; echo still there: $?; kill -TERM 1; exec sleep 1000',
  });
  expect((await supervisor.ended).code).toBe(0);
  expect(supervisor.stdout).toContain('still there: 0\n');
  expect(supervisor.messages()).toContain('Received SIGTERM');
});
