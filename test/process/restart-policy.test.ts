import { describe, expect, test } from '@jest/globals';

import { environmentOf } from '../helpers/processes.ts';
import { secondsBetween, Supervisor, worker } from '../helpers/supervisor.ts';

describe('policy', () => {
  test('OnFailure: an exit of 0 is info and no restart, and the supervisor ends with 0', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: 'exit 0',
      restart: { policy: 'OnFailure' },
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    const exits = supervisor.linesLike(/exited with/);
    expect(exits).toMatchObject([
      { level: 'info', exitCode: 0 },
      { level: 'info', exitCode: 0 },
    ]);
    for (const line of exits) expect(line).not.toHaveProperty('delaySeconds');
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(2);
    expect(supervisor.linesLike(/^Every worker has completed/)).toHaveLength(1);
  });

  test('OnFailure: a failure is restarted until it succeeds, with the right start count', async () => {
    const supervisor = Supervisor.start({
      command: 'echo "start $SUPERVISOR_WORKER_STARTS"; exit $((3 - SUPERVISOR_WORKER_STARTS))',
      reloadDelay: 0.05,
      restart: { policy: 'OnFailure' },
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    expect(supervisor.stdout).toBe('start 1\nstart 2\nstart 3\n');
    expect(supervisor.linesLike(/exited with/)).toMatchObject([
      { level: 'error', exitCode: 2, attempt: 1 },
      { level: 'error', exitCode: 1, attempt: 2 },
      { level: 'info', exitCode: 0 },
    ]);
  });

  test('Never: it ends once every worker has, with the first failure’s code', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      // the first has the first word
      command:
        'if [ $SUPERVISOR_WORKER_INDEX = 1 ]; then exit 5; fi; sleep 1; exit $SUPERVISOR_WORKER_INDEX',
      restart: { policy: 'Never' },
    });
    expect(await supervisor.ended).toEqual({ code: 5, signal: null });
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(3);
  });

  test('a listed code is a success', async () => {
    const supervisor = Supervisor.start({
      command: 'kill -TERM $$',
      restart: { policy: 'OnFailure', successExitCodes: [0, 143] },
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/exited with/)).toMatchObject([{ level: 'info', exitCode: -15 }]);
  });

  test('a fatal code stops all at once, in order, with that code', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: worker('--only=2', '--exit=78'),
      restart: { fatalExitCodes: [78] },
    });
    expect(await supervisor.ended).toEqual({ code: 78, signal: null });
    expect(supervisor.linesLike(/^Giving up/)).toMatchObject([
      {
        level: 'error',
        msg: 'Giving up: a worker exited with code 78, which is one of restart.fatalExitCodes',
      },
    ]);
    expect(supervisor.linesLike(/^Stopping child/).map((line) => line.worker)).toEqual([0, 1]);
    expect(supervisor.linesLike(/^Worker .* exited with code 78/)).toHaveLength(1);
  });
});

describe('limit', () => {
  test('a crash loop of four workers ends with their own exit status', async () => {
    const supervisor = Supervisor.start({
      workers: 4,
      command: 'exit 42',
      reloadDelay: 0.1,
      restart: { limit: { restarts: 5, withinSeconds: 10 } },
    });
    expect(await supervisor.ended).toEqual({ code: 42, signal: null });
    expect(supervisor.linesLike(/^Giving up/)).toMatchObject([
      { msg: 'Giving up: more than 5 restarts within 10 s (restart.limit)', exitStatus: 42 },
    ]);
    const used = supervisor
      .linesLike(/exited with/)
      .flatMap((line) => (line['limitUsed'] === undefined ? [] : [line['limitUsed']]));
    expect(used).toEqual([1, 2, 3, 4, 5]);
    const [restarted] = supervisor.linesLike(/^Started child/).slice(4);
    expect(restarted).toMatchObject({ attempt: 1, limitRestarts: 5, limitWithinSeconds: 10 });
    expect(supervisor.linesLike(/^Started child/).length).toBeLessThanOrEqual(9);
  });

  test('by a signal it ends with 128 + n, and with successes with 1', async () => {
    const restart = { limit: { restarts: 1, withinSeconds: 10 } };
    const killed = Supervisor.start({ command: 'kill -SEGV $$', reloadDelay: 0, restart });
    expect((await killed.ended).code).toBe(139);
    const exited = Supervisor.start({ command: 'exit 0', reloadDelay: 0, restart });
    expect((await exited.ended).code).toBe(1);
  });
});

describe('backoff', () => {
  test('delays grow by the factor, and the log says attempt and delay', async () => {
    const supervisor = Supervisor.start({
      command: 'exit 1',
      reloadDelay: 0.05,
      restart: { backoff: { initialSeconds: 0.1, factor: 3, maxSeconds: 0.9, jitter: 0 } },
    });
    const exits = await supervisor.logged(/exited with/, 5);
    const starts = supervisor.linesLike(/^Started child/);
    expect(exits.map((line) => [line['attempt'], line['delaySeconds']])).toEqual([
      [1, 0.1],
      [2, 0.3],
      [3, 0.9],
      [4, 0.9],
      [5, 0.9],
    ]);
    for (const [index, expected] of [0.1, 0.3, 0.9, 0.9].entries()) {
      // log times are rounded to milliseconds
      expect(secondsBetween(exits[index], starts[index + 1])).toBeGreaterThanOrEqual(
        expected - 0.002,
      );
      expect(starts[index + 1]).toMatchObject({ attempt: index + 1, reason: 'exit' });
      expect(starts[index + 1]?.['delaySeconds']).toBeGreaterThanOrEqual(expected);
    }
  });

  test('while a slot waits, readiness, state and log say so; a stop cancels the start', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker('--only=1', '--exit=7'),
      minReady: '100%',
      restart: { backoff: { initialSeconds: 600, maxSeconds: 600, jitter: 0 } },
    });
    await supervisor.logged(/exited with/);
    const { status, body } = await supervisor.get('/readyz');
    expect(status).toBe(503);
    expect(body).toMatch(
      /^\[-\]worker 1 backoff, last exit: exit, code 7, next start in (600|59\d)\.\d s$/m,
    );
    const metrics = await supervisor.metrics();
    expect(metrics.get('supervisor_worker_state{worker="1",state="backoff"}')).toBe(1);
    expect(metrics.get('supervisor_worker_state{worker="1",state="running"}')).toBe(0);
    expect(metrics.get('supervisor_worker_state{worker="0",state="running"}')).toBe(1);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expect(supervisor.linesLike(/^Started child/)).toHaveLength(2);
  });

  test('the start count of a worker is right after any number of restarts', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: worker(),
      reloadDelay: 0.01,
    });
    await supervisor.ready(2);
    for (let count = 3; count <= 5; count += 1) {
      process.kill(supervisor.pidOf(1), 'SIGKILL');
      await supervisor.ready(count);
    }
    expect(environmentOf(supervisor.pidOf(1))['SUPERVISOR_WORKER_STARTS']).toBe('4');
    expect(environmentOf(supervisor.pidOf(0))['SUPERVISOR_WORKER_STARTS']).toBe('1');
  });
});

test('Always restarts after each of many ends', async () => {
  const supervisor = Supervisor.start({
    workers: 22,
    command: 'echo "ready $$ $SUPERVISOR_WORKER_STARTS"; exec sleep 1000',
    reloadDelay: 0.05,
  });
  await supervisor.ready(22);
  const signals = [
    ...['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE'],
    ...['SIGKILL', 'SIGUSR1', 'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGIO'],
    ...['SIGXCPU', 'SIGXFSZ', 'SIGVTALRM', 'SIGPROF', 'SIGPWR', 'SIGSYS'],
  ] as const;
  for (const [index, signal] of signals.entries()) {
    process.kill(supervisor.pidOf(index), signal);
  }
  await supervisor.ready(44);
  expect(supervisor.linesLike(/exited with/)).toHaveLength(22);
  expect(supervisor.stdout.match(/^ready \d+ 2$/gm)).toHaveLength(22);
});
