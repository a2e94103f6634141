// Workers that tell of themselves, by systemd's protocol and by s6's.
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { UNSHARE } from '../helpers/pid-namespace.ts';
import { ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { cliWithoutKoffi } from '../helpers/without-koffi.ts';
import { workspace } from '../helpers/workspace.ts';

const NOTIFY = `${process.execPath} ${ROOT}test/fixtures/notify.cjs`;

/** Workers of a shell script that may say `$NOTIFY MESSAGE…`, and says `go` when it has its environment. */
function start(script: string, config: object = {}, env: NodeJS.ProcessEnv = {}): Supervisor {
  return Supervisor.start(
    {
      workers: 1,
      command: ['sh', '-c', script],
      env: { NOTIFY },
      notify: { socket: true },
      log: { level: 'debug' },
      stop: { gracePeriodSeconds: 1 },
      reloadDelay: 0.05,
      ...config,
    },
    { env },
  );
}

const workersReady = async (supervisor: Supervisor): Promise<number | undefined> =>
  (await supervisor.metrics()).get('supervisor_workers_ready');

describe('systemd’s protocol', () => {
  test('ready once told, with a status, and not any more when it is stopping', async () => {
    const directory = workspace();
    const supervisor = start(
      `until test -e ${directory}/1; do sleep 0.05; done; $NOTIFY "READY=1
STATUS=serving"; until test -e ${directory}/2; do sleep 0.05; done; $NOTIFY STOPPING=1; sleep 1000`,
    );
    await supervisor.logged(/^Started child process/);
    expect(await workersReady(supervisor)).toBe(0);
    writeFileSync(join(directory, '1'), '');
    await supervisor.logged(/is ready$/);
    expect(await workersReady(supervisor)).toBe(1);
    const { body } = await supervisor.get('/status');
    expect(JSON.parse(body)).toMatchObject({ workers: [{ ready: true, statusText: 'serving' }] });
    writeFileSync(join(directory, '2'), '');
    await supervisor.logged(/is not ready any more: it has told that it is stopping$/);
    await supervisor.stop();
  });

  test('whoever the worker has started may tell, and each has an address of its own', async () => {
    const supervisor = start(
      '(if test $SUPERVISOR_WORKER_INDEX = 1; then $NOTIFY READY=1; fi) & wait; sleep 1000',
      {
        workers: 2,
      },
    );
    const [line] = await supervisor.logged(/is ready$/);
    expect(line).toMatchObject({ worker: 1 });
    expect(await workersReady(supervisor)).toBe(1);
    await supervisor.stop();
  });

  test('a watchdog that is not fed any more leads to a replacement', async () => {
    const supervisor = start(
      'echo usec $WATCHDOG_USEC; $NOTIFY READY=1; for i in 1 2 3; do sleep 0.5; $NOTIFY WATCHDOG=1; done; kill -STOP $$$$',
      { notify: { socket: true, watchdogSeconds: 2 } },
    );
    const [line] = await supervisor.logged(/is unhealthy: watchdog not fed within 2 s$/);
    expect(line).toMatchObject({ worker: 0, reason: 'unhealthy' });
    await supervisor.logged(/^Started child process/, 2);
    expect(supervisor.linesLike(/^Started child/).at(-1)).toMatchObject({ reason: 'unhealthy' });
    expect(supervisor.stdout).toContain('usec 2000000\n');
    await supervisor.stop();
  });

  test('what a service manager tells the supervisor is not for the workers', async () => {
    const above = { NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '1', WATCHDOG_PID: '1' };
    const supervisor = start(
      'echo "$NOTIFY_SOCKET,$WATCHDOG_USEC,$WATCHDOG_PID."; sleep 1000',
      {},
      above,
    );
    await eventually(() => {
      expect(supervisor.stdout).toMatch(/^@container-supervisor\/[0-9a-f-]{36},,\.$/m);
    });
    await supervisor.stop();
  });

  test('somebody of another PID namespace cannot tell', async () => {
    const directory = workspace();
    const config = {
      workers: 1,
      command: [
        'sh',
        '-c',
        `echo "at $NOTIFY_SOCKET"; until test -e ${directory}/go; do sleep 0.05; done; $NOTIFY STATUS=inside; sleep 1000`,
      ],
      env: { NOTIFY },
      notify: { socket: true },
      metrics: { port: 0 },
    };
    const supervisor = new Supervisor(workspace({ 'supervisor.config.json': config }), {
      prefix: UNSHARE,
    });
    const address = await eventually(() => {
      const [, found = ''] = /^at (@.*)$/m.exec(supervisor.stdout) ?? [];
      expect(found).not.toBe('');
      return found;
    });
    const sent = spawnSync('sh', ['-c', `${NOTIFY} "READY=1\nSTATUS=outside"`], {
      env: { PATH: process.env['PATH'], NOTIFY_SOCKET: address },
    });
    expect(sent.status).toBe(0);
    writeFileSync(join(directory, 'go'), '');
    // what comes later is heard, so that what came before would have been
    await eventually(async () => {
      const { body } = await supervisor.get('/status');
      expect(JSON.parse(body)).toMatchObject({ workers: [{ ready: false, statusText: 'inside' }] });
    });
    supervisor.kill('SIGKILL');
    await supervisor.ended;
  });

  test('a flood leaves the loop its turns', async () => {
    const supervisor = start('$NOTIFY -20000 WATCHDOG=1 READY=1; sleep 1000');
    await supervisor.logged(/^Started child process/);
    while (supervisor.linesLike(/is ready$/).length === 0) {
      expect((await supervisor.get('/livez')).status).toBe(200);
    }
    await supervisor.stop();
  });

  test('without koffi it is refused, with the remedy', async () => {
    const config = { command: ['true'], notify: { socket: true } };
    const supervisor = new Supervisor(
      workspace({ 'supervisor.config.json': config }),
      {},
      cliWithoutKoffi(),
    );
    expect(await supervisor.ended).toEqual({ code: 2, signal: null });
    expect(supervisor.stderr).toMatch(
      /^supervisor\.config\.json: \/notify\/socket: expected koffi for this platform, which it needs \(or notify\.fd, which does not\), found none \(.*koffi.*\)\n$/,
    );
  });
});

describe('s6’s protocol', () => {
  const notify = { fd: 5 };

  test('ready after a line, which may come in parts, and nothing else is open', async () => {
    const supervisor = start(
      'printf rea >&5; sleep 0.3; printf "dy\\nmore" >&5; ls /proc/self/fd | tr "\\n" " "; exec 5>&-; sleep 1000',
      { notify },
    );
    await supervisor.logged(/is ready$/);
    await eventually(() => {
      // 3 is of ls itself
      expect(
        supervisor.stdout
          .trim()
          .split(' ')
          .map(Number)
          .filter((fd) => fd > 3 && fd < 20),
      ).toEqual([5]);
    });
    await supervisor.stop();
  });

  test('an end without a line changes nothing', async () => {
    const supervisor = start('printf ready >&5; exec 5>&-; echo closed; sleep 1000', { notify });
    await eventually(() => {
      expect(supervisor.stdout).toContain('closed\n');
    });
    expect(await workersReady(supervisor)).toBe(0);
    await supervisor.stop();
    expect(supervisor.linesLike(/is ready$/)).toEqual([]);
  });

  test('with prefixed output too', async () => {
    const supervisor = start('echo hello; echo >&5; sleep 1000', {
      notify,
      log: { workers: 'prefix', level: 'debug' },
    });
    await supervisor.logged(/is ready$/);
    await eventually(() => {
      expect(supervisor.stdout).toContain('[0] hello\n');
    });
    await supervisor.stop();
  });
});

test.each([
  ['socket', { socket: true }],
  ['fd', { fd: 3 }],
])('%s: no descriptor is left of workers that are gone', async (_, notify) => {
  const supervisor = start('exit 1', { notify, reloadDelay: 0 });
  const open = (): number => readdirSync(`/proc/${supervisor.pid}/fd`).length;
  await supervisor.logged(/^Started child process/, 20);
  const before = open();
  await supervisor.logged(/^Started child process/, 300);
  expect(open()).toBeLessThanOrEqual(before + 4);
  await supervisor.stop();
});
