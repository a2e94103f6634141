import { symlinkSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { isRunning } from '../helpers/processes.ts';
import { Program, ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

/** Runs a script that imports the package by its name, as its users do. */
function runScript(script: string): Program {
  const cwd = workspace({ 'main.js': script, 'package.json': { type: 'module' } });
  mkdirSync(join(cwd, 'node_modules'));
  symlinkSync(ROOT, join(cwd, 'node_modules/container-supervisor'));
  return new Program([process.execPath, 'main.js'], { cwd, env: { PATH: process.env['PATH'] } });
}

async function said(program: Program, text: string): Promise<void> {
  await eventually(() => {
    if (!program.stdout.includes(text)) {
      throw new Error(`expected "${text}", found:\n${program.stdout}\n${program.stderr}`);
    }
  });
}

const SLEEPERS = `{ command: ['sleep', '1000'], workers: 2, reloadDelay: 0.05 }`;

describe('Multiprocess', () => {
  test('probes, listens and recycles', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      const supervisor = new Multiprocess({
        command: ['sleep', '1000'], reloadDelay: 0.05, minReadySeconds: 0,
        notify: { socket: true },
        livenessProbe: { exec: { command: ['true'] }, periodSeconds: 0.1 },
        recycle: { maxLifetimeSeconds: 0.5, maxMemory: '1Gi' },
      }, { observers: [(event) => {
        if (event.type === 'worker-probed') console.log(event.probe, event.result);
        if (event.type === 'worker-exited') console.log(event.exit.reason);
        if (event.type === 'worker-started' && event.start === 2) supervisor.shouldExit.set();
      }] });
      await supervisor.run();
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(/^liveness successful\n/);
    // a probe may have been under way when the stop began
    expect(program.stdout.replaceAll('liveness successful\n', '')).toBe('recycled\nstopped\n');
  });

  test('has the seed’s surface', async () => {
    const program = runScript(`
      import { BaseReload, Multiprocess } from 'container-supervisor';
      const supervisor = new Multiprocess(${SLEEPERS}, { observers: [(event) => {
        if (event.type !== 'worker-started' || event.worker !== 1) return;
        const processes = supervisor.processes.map((each) => [each.index, each.isAlive(), each.exitCode]);
        console.log(JSON.stringify({ ...before, base: supervisor instanceof BaseReload, processes }));
        supervisor.shouldExit.set();
      }] });
      const { pid, reloadDelay, reloaderName, workers } = supervisor;
      const before = { own: pid === process.pid, reloadDelay, reloaderName, workers };
      await supervisor.run();
      console.log(JSON.stringify([supervisor.exitStatus, supervisor.processes.length, supervisor.shouldExit.isSet()]));
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const [first = '', second = ''] = program.stdout.split('\n');
    expect(JSON.parse(first)).toEqual({
      own: true,
      reloadDelay: 0.05,
      reloaderName: '',
      workers: 2,
      base: true,
      processes: [
        [0, true, null],
        [1, true, null],
      ],
    });
    expect(JSON.parse(second)).toEqual([0, 0, true]);
  });

  test('its methods can be overridden, and run in the loop’s order', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      class Mine extends Multiprocess {
        async startup() { console.log('before startup'); await super.startup(); console.log('after startup'); process.kill(this.processes[1].pid, 'SIGKILL'); }
        restart() { console.log('restart'); super.restart(); }
        async shutdown() { console.log('before shutdown', this.processes.length); await super.shutdown(); console.log('after shutdown', this.processes.length); }
      }
      const mine = new Mine(${SLEEPERS}, { observers: [(event) => {
        if (event.type === 'worker-started' && event.start === 2) mine.shouldExit.set();
      }] });
      await mine.run();
      console.log('end');
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    const lines = program.stdout.split('\n').filter((line) => line !== 'restart');
    expect(lines).toEqual([
      'before startup',
      'after startup',
      'before shutdown 2',
      'after shutdown 0',
      'end',
      '',
    ]);
    expect(program.stdout).toContain('after startup\nrestart\n');
  });

  test('startup is the first pass alone, however soon the workers end', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      let starts = 0;
      const observers = [(event) => { if (event.type === 'worker-started') starts += 1; }];
      class Mine extends Multiprocess {
        async startup() { await super.startup(); console.log(starts + ' starts'); this.shouldExit.set(); }
      }
      await new Mine({ command: ['true'], workers: 16, reloadDelay: 0 }, { observers }).run();
    `);
    await said(program, '16 starts');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  test('startup ends where no worker is wanted', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      class Mine extends Multiprocess {
        async startup() { await super.startup(); console.log('started up'); this.shouldExit.set(); }
      }
      await new Mine({ command: ['true'], workers: 0 }, { observers: [] }).run();
    `);
    await said(program, 'started up');
    expect(await program.ended).toEqual({ code: 0, signal: null });
  });

  test('a restart that a subclass declines is offered again, without a busy loop', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      let asked = 0;
      class Paused extends Multiprocess {
        async startup() { await super.startup(); process.kill(this.processes[0].pid, 'SIGKILL'); }
        shouldRestart() { return super.shouldRestart() && ++asked > 3; }
      }
      const supervisor = new Paused(${SLEEPERS}, { observers: [(event) => {
        if (event.type !== 'worker-started' || event.start !== 2) return;
        console.log('asked', asked);
        supervisor.shouldExit.set();
      }] });
      await supervisor.run();
    `);
    expect((await program.ended).code).toBe(0);
    expect(program.stdout).toBe('asked 4\n');
  });

  test('a subclass that restarts nothing does not spin, and signals are still sent on', async () => {
    const program = runScript(`
      import { existsSync } from 'node:fs';
      import { setTimeout } from 'node:timers/promises';
      import { Multiprocess } from 'container-supervisor';
      let asked = 0;
      class Still extends Multiprocess {
        async startup() {
          await super.startup();
          while (!existsSync('listening-1')) await setTimeout(10);
          process.kill(this.processes[0].pid, 'SIGKILL');
        }
        shouldRestart() { asked += 1; return false; }
      }
      const command =
        'trap "echo got it; exit" USR1; : > listening-$SUPERVISOR_WORKER_INDEX; while :; do sleep 0.1; done';
      const supervisor = new Still({ command, workers: 2, reloadDelay: 0.1 }, { observers: [(event) => {
        if (event.type === 'worker-exited' && event.worker === 0) process.kill(process.pid, 'SIGUSR1');
        if (event.type === 'worker-exited' && event.worker === 1) supervisor.shouldExit.set();
      }] });
      await supervisor.run();
      console.log('asked often:', asked > 100);
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe('got it\nasked often: false\n');
  });

  test('an observer that throws, or rejects, steers nothing', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      const supervisor = new Multiprocess(${SLEEPERS}, { observers: [
        () => { throw new Error('thrown'); },
        async () => { throw new Error('rejected'); },
        (event) => { if (event.type === 'worker-started' && event.worker === 1) supervisor.shouldExit.set(); },
      ] });
      await supervisor.run();
      console.log('status', supervisor.exitStatus);
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe('status 0\n');
    expect(program.stderr).toContain('thrown');
    expect(program.stderr).toContain('rejected');
  });

  test('an overridden method that throws leaves no worker behind', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      class Broken extends Multiprocess {
        async startup() {
          await super.startup();
          console.log('workers', ...this.processes.map((each) => each.pid));
          throw new Error('broken');
        }
      }
      await new Broken(${SLEEPERS}, { observers: [] }).run();
    `);
    expect((await program.ended).code).toBe(1);
    const pids = [...program.stdout.matchAll(/\d+/g)].map(([pid]) => Number(pid));
    expect(pids).toHaveLength(2);
    expect(program.stderr).toContain('broken');
    for (const pid of pids) {
      await eventually(() => {
        expect(isRunning(pid)).toBe(false);
      });
    }
  });

  test('logs to standard error unless it is given observers', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      class Short extends Multiprocess {
        async startup() { await super.startup(); this.shouldExit.set(); }
      }
      await new Short(${SLEEPERS}).run();
    `);
    await program.ended;
    expect(program.stderr).toContain(`Started parent process [${program.pid}]`);
  });

  test('passes on the workers’ output in one with its log, and lets the program end', async () => {
    const program = runScript(`
      import { Multiprocess } from 'container-supervisor';
      const config = { command: 'echo out; echo err >&2; exit 3', restart: { policy: 'Never' } };
      const supervisor = new Multiprocess({ ...config, log: { workers: 'prefix' } });
      await supervisor.run();
      console.log('status', supervisor.exitStatus);
    `);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe('[0] out\nstatus 3\n');
    const lines = program.stderr.split('\n').filter((line) => !line.includes('Started'));
    expect(lines[0]).toBe('[0] err');
    expect(lines[1]).toContain('exited with code 3.');
    expect(lines.at(-2)).toContain(`Stopping parent process [${program.pid}]`);
  });

  test('a wrong configuration is told with every problem', async () => {
    const program = runScript(`
      import { ConfigError, Multiprocess } from 'container-supervisor';
      try {
        new Multiprocess({ command: [], wrokers: 2 });
      } catch (error) {
        console.log(error instanceof ConfigError, error.message);
      }
    `);
    await program.ended;
    expect(program.stdout).toBe(
      'true configuration: /wrokers: expected a known key, found "wrokers"; did you mean "workers"?\n' +
        'configuration: /command: expected a non-empty array of strings or a non-empty string, found []\n',
    );
  });
});

test('BaseReload alone is the seed’s loop', async () => {
  const program = runScript(`
    import { BaseReload } from 'container-supervisor';
    class Counter extends BaseReload {
      passes = 0;
      startup() { console.log('startup'); }
      shouldRestart() { return ++this.passes % 2 === 0; }
      restart() { console.log('restart', this.passes); if (this.passes === 4) this.shouldExit.set(); }
      shutdown() { console.log('shutdown'); }
    }
    await new Counter(0.01).run();
  `);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stdout).toBe('startup\nrestart 2\nrestart 4\nshutdown\n');
});

test('a delay that is longer than any timer of Node’s is no busy loop', async () => {
  const program = runScript(`
    import { ExitEvent } from 'container-supervisor';
    const event = new ExitEvent();
    const waiting = event.wait(1e10).then((isSet) => console.log(isSet));
    setImmediate(() => setImmediate(() => event.set()));
    await waiting;
  `);
  await program.ended;
  expect(program.stdout).toBe('true\n');
  expect(program.stderr).not.toContain('TimeoutOverflowWarning');
});

test('the schema is exported, for editors and validators', async () => {
  const program = runScript(`
    import schema from 'container-supervisor/schema' with { type: 'json' };
    console.log(schema.title);
  `);
  await program.ended;
  expect(program.stdout).toBe('Configuration of container-supervisor\n');
});
