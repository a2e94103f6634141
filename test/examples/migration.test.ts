import { chmodSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { Page } from '../helpers/page.ts';
import { CLI, Program, ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

const PATH = `${dirname(process.execPath)}:/usr/bin:${process.env['PATH'] ?? ''}`;
const page = new Page('docs/migration.md');

/** A peer of ours, or ours, with workers that say who they are and which signal has come. */
interface Contestant {
  readonly program: Program;
  /** Where its workers write which signals have come: the last lines of their output may be lost by a peer. */
  readonly signals: string;
  /** The pid of the supervisor itself. */
  readonly pid: number;
  /** Runs a command against it. */
  readonly ask: (...args: readonly string[]) => Promise<void>;
}

/** The commands by which the fifth worker is started, and by which worker 1 is replaced. */
interface Commands {
  readonly scale?: readonly string[];
  readonly restart: readonly string[];
}

interface Observation {
  readonly started: readonly string[];
  readonly replaced: readonly string[];
  readonly added: readonly string[];
  readonly stopped: readonly string[];
  readonly code: number | null;
}

/** What the workers of a program have said: who is ready, without the pids that are others each time. */
const readiness = (program: Program): readonly { readonly pid: number; readonly who: string }[] =>
  [...program.stdout.matchAll(/^ready (\d+) (.*)$/gm)].map(([, pid, who = '']) => ({
    pid: Number(pid),
    who,
  }));

const linesOf = (file: string): readonly string[] => readFileSync(file, 'utf8').trim().split('\n');

/** Takes a program through what every user sees of it: start, a crash, a restart, a scale and the stop. */
async function observe(contestant: Contestant, commands: Commands): Promise<Observation> {
  const { program, pid, ask } = contestant;
  const readyAre = async (count: number): Promise<readonly string[]> =>
    eventually(() => {
      const ready = readiness(program);
      if (ready.length < count)
        throw new Error(`${ready.length} ready:\n${program.stdout}${program.stderr}`);
      return ready.map(({ who }) => who);
    });
  const started = [...(await readyAre(4))].sort();
  const victim = readiness(program).find(({ who }) => who === started[2]);
  process.kill(victim?.pid ?? 0, 'SIGKILL');
  await readyAre(5);
  await ask(...commands.restart);
  const replaced = (await readyAre(6)).slice(4);
  const wanted = commands.scale === undefined ? 6 : 7;
  if (commands.scale !== undefined) await ask(...commands.scale);
  const added = (await readyAre(wanted)).slice(6);
  const before = linesOf(contestant.signals).length;
  process.kill(pid, 'SIGTERM');
  const { code } = await program.ended;
  const stopped = linesOf(contestant.signals).slice(before).sort();
  return { started, replaced, added, stopped, code };
}

/** Our side: the configuration as the page has it, and a port that is free. */
async function ours(
  heading: string,
  files: Readonly<Record<string, string>>,
): Promise<Contestant & { readonly program: Supervisor }> {
  const cwd = workspace({ ...files, 'supervisor.config.json': page.block('json', heading) });
  const env = { PATH, SUPERVISOR_CONTROL_SOCKET: join(cwd, 'supervisor.sock') };
  const program = new Supervisor(cwd, { env, args: ['--metrics-port=0'] });
  await program.logged(/^Started parent process/);
  return {
    program,
    signals: join(cwd, 'signals'),
    pid: program.pid,
    ask: async (...args) => run([process.execPath, CLI, ...args], cwd, env),
  };
}

async function run(command: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  const client = new Program(command, { cwd, env });
  const { code } = await client.ended;
  if (code !== 0) throw new Error(`${command.join(' ')}: ${client.stdout}${client.stderr}`);
}

describe('from supervisord', () => {
  const WORKER = `
import os, signal, sys

who = f"{sys.argv[1]} queue={os.environ['QUEUE']}"

def stop(number, _frame):
    with open("signals", "a") as signals:
        signals.write(f"{signal.Signals(number).name} {who}\\n")
    sys.exit(0)

for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(each, stop)
sys.stdout.write(f"ready {os.getpid()} {who}\\n")
while True:
    signal.pause()
`;

  async function supervisord(): Promise<Contestant> {
    const cwd = workspace({
      'worker.py': WORKER,
      'supervisord.conf': page.block('ini', 'supervisord'),
    });
    // a pipe, as in a container: Node gives it a socket, and /dev/fd/1 of a socket cannot be opened
    const script = 'set -o pipefail; supervisord -c supervisord.conf 2>&1 | cat';
    const env = { PATH };
    const program = new Program(['bash', '--norc', '-c', script], { cwd, env });
    const pid = await eventually(() => {
      const number = Number(readFileSync(join(cwd, 'supervisord.pid'), 'utf8'));
      expect(number).toBeGreaterThan(1);
      return number;
    });
    const ask = async (...args: readonly string[]): Promise<void> =>
      run(['supervisorctl', '-c', 'supervisord.conf', ...args], cwd, env);
    return { program, signals: join(cwd, 'signals'), pid, ask };
  }

  test('the same is seen of both', async () => {
    const files = { 'worker.py': WORKER };
    const here = await observe(await ours('supervisord', files), { restart: ['restart', '1'] });
    expect(here).toEqual({
      started: [0, 1, 2, 3].map((index) => `--partition=${index} queue=orders`),
      replaced: ['--partition=2 queue=orders', '--partition=1 queue=orders'],
      added: [],
      stopped: [0, 1, 2, 3].map((index) => `SIGTERM --partition=${index} queue=orders`),
      code: 0,
    });
    const there = await observe(await supervisord(), { restart: ['restart', 'worker:worker_01'] });
    expect(there).toEqual(here);
  }, 90_000);

  test('four workers that fail end this supervisor as often as each has tried', async () => {
    const cwd = workspace({
      'worker.py': 'exit(7)\n',
      'supervisor.config.json': {
        ...page.configuration('supervisord'),
        reloadDelay: 0,
        restart: {
          ...(page.configuration('supervisord')['restart'] as object),
          backoff: { initialSeconds: 0.2 },
        },
        metrics: { enabled: false },
      },
    });
    const supervisor = new Supervisor(cwd, { env: { PATH } });
    expect(await supervisor.ended).toEqual({ code: 7, signal: null });
    // of the twelve restarts that are allowed some may still be waited for when one too many comes
    const starts = [0, 1, 2, 3].map(
      (index) =>
        supervisor.linesLike(/^Started child process/).filter(({ worker }) => worker === index)
          .length,
    );
    for (const each of starts) expect(each).toBeGreaterThan(2);
  });
});

describe('from pm2-runtime', () => {
  const [OLD = '', READY = ''] = page.blocks('js', 'pm2-runtime');
  const WORKER = `
const { PARTITION, NODE_APP_INSTANCE, NODE_ENV } = process.env;
const who = [PARTITION, NODE_APP_INSTANCE, NODE_ENV, ...process.argv.slice(2)].join(' ');
for (const each of ['SIGTERM', 'SIGINT']) {
  process.on(each, () => {
    require('node:fs').appendFileSync('signals', \`\${each} \${who}\\n\`);
    process.exit(0);
  });
}
setInterval(() => undefined, 1e9);
console.log(\`ready \${process.pid} \${who}\`);
${READY}`;

  function pm2Runtime(): Contestant {
    const cwd = workspace({ 'worker.js': WORKER, 'ecosystem.config.js': OLD });
    const env = { PATH, HOME: cwd, PM2_HOME: join(cwd, 'pm2') };
    const bin = (name: string): readonly string[] => [
      process.execPath,
      join(ROOT, 'bench/peers/node_modules/pm2/bin', name),
    ];
    const command = [...bin('pm2-runtime'), 'start', 'ecosystem.config.js'];
    const program = new Program(command, { cwd, env });
    return {
      program,
      signals: join(cwd, 'signals'),
      pid: program.pid,
      ask: async (...args) => run([...bin('pm2'), ...args], cwd, env),
    };
  }

  test('the same is seen of both', async () => {
    const here = await observe(await ours('pm2-runtime', { 'worker.js': WORKER }), {
      restart: ['restart', '1'],
      scale: ['scale', '5'],
    });
    const worker = (index: number): string => `${index} ${index} production --queue=orders`;
    expect(here).toEqual({
      started: [0, 1, 2, 3].map(worker),
      replaced: [worker(2), worker(1)],
      added: [worker(4)],
      stopped: [0, 1, 2, 3, 4].map((index) => `SIGINT ${worker(index)}`),
      code: 0,
    });
    const there = await observe(pm2Runtime(), {
      restart: ['restart', '1'],
      scale: ['scale', 'worker', '5'],
    });
    expect(there).toEqual(here);
  }, 90_000);

  test('who does not say that it is ready is not', async () => {
    const silent = WORKER.replace(READY, '');
    const { program } = await ours('pm2-runtime', { 'worker.js': silent });
    await eventually(() => {
      expect(readiness(program)).toHaveLength(4);
    });
    const { status, body } = await program.get('/readyz');
    expect(status).toBe(503);
    expect(body).toContain('worker 3');
  });
});

test('from FastStream: the command, its number, and an end in order', async () => {
  // says what FastStream would be given, and which signal
  const standIn = `#!/bin/sh
trap 'echo "got SIGTERM $SUPERVISOR_WORKER_INDEX"; exit 0' TERM
echo "ready $$ $*"
while :; do sleep 1000 & wait $!; done
`;
  const bin = workspace({ faststream: standIn });
  chmodSync(join(bin, 'faststream'), 0o755);
  const supervisor = Supervisor.start(page.configuration('FastStream'), {
    env: { PATH: `${bin}:${PATH}` },
  });
  await supervisor.ready(4);
  expect(
    readiness(supervisor)
      .map(({ who }) => who)
      .sort(),
  ).toEqual([0, 1, 2, 3].map((index) => `run app:app --workers=1 --worker_id=${index}`));
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  expect(supervisor.stdout.match(/^got .*$/gm)).toEqual(
    [0, 1, 2, 3].map((index) => `got SIGTERM ${index}`),
  );
});
