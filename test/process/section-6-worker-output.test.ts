import { createHash } from 'node:crypto';
import { constants, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';

import { eventually } from '../helpers/eventually.ts';
import { ReadPipe, StalledPipe } from '../helpers/pipes.ts';
import { childrenOf, isRunning } from '../helpers/processes.ts';
import { CLI, Program, ROOT } from '../helpers/program.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { cliWithoutKoffi } from '../helpers/without-koffi.ts';
import { workspace } from '../helpers/workspace.ts';

type Mode = 'prefix' | 'json';

/** A configuration whose workers are passed on in this way. */
function configured(workers: Mode | 'inherit', config: Readonly<Record<string, unknown>>): string {
  return workspace({
    'supervisor.config.json': { metrics: { port: 0 }, log: { workers }, ...config },
  });
}

/** A supervisor whose standard streams are what a shell makes of these. */
function redirected(cwd: string, redirections: string): Supervisor {
  return new Supervisor(cwd, { prefix: ['sh', '-c', `cd "$0" && exec "$@" ${redirections}`, cwd] });
}

/** A worker that writes lines with their number and hash. */
function writer(lines: number, longest: number): readonly string[] {
  const script = `${ROOT}test/fixtures/writer.js`;
  return [process.execPath, script, `--lines=${lines}`, `--longest=${longest}`];
}

/** The lines of a text, all of which have an end. */
function linesOf(text: string): readonly string[] {
  const lines = text.split('\n');
  expect(lines.pop()).toBe('');
  return lines;
}

/** What each worker has written to a stream, by prefix. */
function byWorker(text: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const line of linesOf(text).filter((each) => !each.startsWith('{"time"'))) {
    const [, index, content] = /^\[(\d+)\] ([^]*)$/.exec(line) ?? [];
    if (content === undefined) throw new Error(`no prefix: ${line.slice(0, 200)}`);
    const lines = found.get(Number(index));
    if (lines === undefined) found.set(Number(index), [content]);
    else lines.push(content);
  }
  return found;
}

/** Every line of a writer, in order, each as it was written. */
function expectWhole(lines: readonly string[] | undefined, stream: string, count: number): void {
  expect(lines).toHaveLength(count + 1);
  for (const [number, line] of (lines ?? []).slice(0, -1).entries()) {
    const [name, found, hash, text = ''] = line.split(' ');
    expect([name, Number(found)]).toEqual([stream, number]);
    expect(createHash('sha1').update(text).digest('hex')).toBe(hash);
  }
  expect(lines?.at(-1)).toBe(`${stream} done`);
}

/** How many bytes a process has written. */
function writtenBy(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

/** What /proc/PID/fdinfo/FD says of a descriptor. */
function isBlocking(info: string): boolean {
  const [, flags] = /flags:\s*(\d+)/.exec(info) ?? [];
  expect(flags).toBeDefined();
  return (Number.parseInt(flags ?? '', 8) & constants.O_NONBLOCK) === 0;
}

/** Waits until a process has not written for a second. */
async function blocked(pid: number): Promise<void> {
  let before = -1;
  let since = Date.now();
  await eventually(() => {
    const now = writtenBy(pid);
    if (now !== before) since = Date.now();
    before = now;
    expect(Date.now() - since).toBeGreaterThan(1000);
  });
}

describe('prefix', () => {
  test('each line has the worker’s index; standard output stays that, and so does standard error', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command: 'echo out; echo err >&2; exec sleep 1000',
      log: { workers: 'prefix' },
    });
    await eventually(() => {
      expect(linesOf(supervisor.stdout).toSorted()).toEqual(['[0] out', '[1] out']);
      expect(supervisor.stderr).toMatch(/^\[0\] err$/m);
      expect(supervisor.stderr).toMatch(/^\[1\] err$/m);
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('every byte is passed on as it is', async () => {
    const directory = workspace();
    const out = new ReadPipe(directory, 'out');
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    writeFileSync(join(directory, 'bytes'), bytes);
    const cwd = configured('prefix', {
      command: ['cat', join(directory, 'bytes')],
      restart: { policy: 'Never' },
    });
    const supervisor = redirected(cwd, `>"${out.path}"`);
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    const expected = bytes.toString('latin1').replace('\n', '\n[0] ');
    await eventually(() => {
      expect(out.text).toBe(`[0] ${expected}\n`);
    });
  });

  test('what has no end gets one, at the worker’s end', async () => {
    const supervisor = Supervisor.start({
      command:
        'printf "$SUPERVISOR_WORKER_STARTS"; [ $SUPERVISOR_WORKER_STARTS = 3 ] && exit 9; exit 1',
      reloadDelay: 0,
      restart: { fatalExitCodes: [9] },
      log: { workers: 'prefix' },
    });
    expect((await supervisor.ended).code).toBe(9);
    expect(linesOf(supervisor.stdout)).toEqual(['[0] 1', '[0] 2', '[0] 3']);
  });
});

describe('json', () => {
  test('each line is an object', async () => {
    const supervisor = Supervisor.start({
      workers: 2,
      command:
        'printf "a \\"b\\" \\\\\\\\ \\344 \\303\\244\\r\\n"; printf err >&2; [ $SUPERVISOR_WORKER_INDEX = 1 ] || sleep 1000',
      restart: { policy: 'Never' },
      log: { workers: 'json' },
    });
    const error = await eventually(() => {
      const line = supervisor.log.find(({ stream }) => stream === 'stderr');
      expect(line).toBeDefined();
      expect(linesOf(supervisor.stdout)).toHaveLength(2);
      return line;
    });
    expect(error).toMatchObject({ worker: 1, stream: 'stderr', msg: 'err' });
    const lines = linesOf(supervisor.stdout).map((line) => JSON.parse(line) as { time: string });
    for (const { time, ...rest } of lines) {
      expect(new Date(time).toISOString()).toBe(time);
      expect(rest).toEqual({
        worker: expect.any(Number),
        stream: 'stdout',
        msg: 'a "b" \\ \ufffd ä\r',
      });
    }
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('a line of 10 MiB is whole; one of more than 16 MiB is passed on in parts', async () => {
    const script = `
      process.stdout.write('ä'.repeat(5 * 2 ** 20) + '\\n' + 'x' + '€'.repeat(6 * 2 ** 20) + '\\n');
      process.stdout.write('short\\n', () => setInterval(() => undefined, 2 ** 30));`;
    const supervisor = Supervisor.start({
      command: [process.execPath, '-e', script],
      log: { workers: 'json' },
    });
    await eventually(() => {
      expect(supervisor.stdout.slice(-100)).toMatch(/"short"\}\n$/);
    });
    const lines = linesOf(supervisor.stdout).map(
      (line) => JSON.parse(line) as { msg: string; partial?: boolean },
    );
    expect(lines.map(({ partial }) => partial)).toEqual([undefined, true, undefined, undefined]);
    const [whole = '', first = '', second = ''] = lines.map(({ msg }) => msg);
    expect(whole === 'ä'.repeat(5 * 2 ** 20)).toBe(true);
    expect(Buffer.byteLength(first)).toBeGreaterThan(16 * 2 ** 20 - 4);
    expect(first + second === `x${'€'.repeat(6 * 2 ** 20)}`).toBe(true);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });
});

describe('the lines of many workers are whole and in order', () => {
  const [workers, lines] = [4, 60];
  const config = { workers, command: writer(lines, 300_000) };

  function expectAll(stdout: string, stderr: string): void {
    for (const [name, text] of Object.entries({ stdout, stderr })) {
      const found = byWorker(text);
      expect(found.size).toBe(workers);
      for (const own of found.values()) {
        const ofStream = own.filter((line) => line.startsWith(name));
        expectWhole(ofStream, name, lines);
      }
    }
  }

  /** Waits until every writer has written everything. */
  async function done(read: () => string): Promise<void> {
    await eventually(() => {
      const ends = [...read().matchAll(/\] std(out|err) done$/gm)];
      expect(ends).toHaveLength(2 * workers);
    });
  }

  test('where a socket is', async () => {
    const supervisor = new Supervisor(configured('prefix', config));
    await done(() => supervisor.stdout + supervisor.stderr);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expectAll(supervisor.stdout, supervisor.stderr);
  });

  test('where a pipe is', async () => {
    const directory = workspace();
    const [out, err] = [new ReadPipe(directory, 'out'), new ReadPipe(directory, 'err')];
    const cwd = configured('prefix', config);
    const supervisor = redirected(cwd, `>"${out.path}" 2>"${err.path}"`);
    await done(() => out.text + err.text);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    await eventually(() => {
      expect(err.text).toContain('Stopping parent process');
      expectAll(out.text, err.text);
    });
  });

  test('where one pipe is for both', async () => {
    const both = new ReadPipe(workspace(), 'both');
    const supervisor = redirected(configured('prefix', config), `>"${both.path}" 2>&1`);
    await done(() => both.text);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    await eventually(() => {
      expect(both.text).toContain('Stopping parent process');
      expectAll(both.text, both.text);
    });
  });

  test.each([
    ['a file', '>out 2>err', 'err'],
    ['one file for both', '>out 2>&1', 'out'],
    ['a file that is appended to', '>>out 2>>err', 'err'],
  ])('where %s is', async (_, redirections, log) => {
    const cwd = configured('prefix', config);
    const supervisor = redirected(cwd, redirections);
    const read = (name: string): string => readFileSync(join(cwd, name), 'latin1');
    await done(() => (log === 'out' ? read('out') : read('out') + read('err')));
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    expectAll(read('out'), read(log));
    expect(read(log)).toContain('Stopping parent process');
  });

  test('where a terminal is', async () => {
    const cwd = configured('prefix', { ...config, command: writer(lines, 4000) });
    const program = new Program(
      ['script', '-qec', `exec ${process.execPath} ${CLI}`, '/dev/null'],
      {
        cwd,
        env: { PATH: process.env['PATH'], SHELL: '/bin/sh' },
      },
    );
    const text = (): string => program.stdout.replaceAll('\r\n', '\n');
    await done(text);
    const [supervisor = 0] = childrenOf(program.pid);
    process.kill(supervisor, 'SIGTERM');
    expect((await program.ended).code).toBe(0);
    const ours = linesOf(text()).filter((line) => line.startsWith('['));
    expectAll(`${ours.join('\n')}\n`, `${ours.join('\n')}\n`);
  });
});

describe('a reader that stalls', () => {
  test('slows the workers, not the supervisor, and nothing is lost', async () => {
    const pipe = new StalledPipe(workspace(), 'out');
    const cwd = configured('prefix', {
      workers: 2,
      command: ['seq', '1', '1000000000'],
      reloadDelay: 0.1,
    });
    const supervisor = redirected(cwd, `>"${pipe.path}"`);
    await supervisor.logged(/^Started child/, 2);
    const [first] = [supervisor.pidOf(0)];
    await blocked(first);
    await blocked(supervisor.pidOf(1));
    expect(writtenBy(first)).toBeLessThan(16 * 2 ** 20);
    expect((await supervisor.get('/livez')).status).toBe(200);
    // more than once, in front of the same full pipe
    for (let crashes = 1; crashes <= 3; crashes += 1) {
      process.kill(supervisor.pidOf(0), 'SIGKILL');
      await supervisor.logged(/^Started child/, 2 + crashes);
    }
    let text = '';
    await eventually(() => {
      text += pipe.drain();
      // the last one's; those between may not have got a byte into the pipe
      expect(text.indexOf('\n[0] 1\n')).toBeGreaterThan(0);
    });
    supervisor.kill('SIGTERM');
    let ended = false;
    void supervisor.ended.then(() => (ended = true));
    await eventually(() => {
      text += pipe.drain();
      expect(ended).toBe(true);
    });
    expect(await supervisor.ended).toEqual({ code: 0, signal: null });
    text += pipe.drain();
    for (const [, lines] of byWorker(text)) expectCounts(lines);
  });

  /** Counts from 1, each followed by the next number, or by an end that is cut anywhere and 1 again. */
  function expectCounts(lines: readonly string[]): void {
    expect(lines[0]).toBe('1');
    for (const [index, line] of lines.entries()) {
      const next = lines[index + 1];
      const following = `${Number(line) + 1}`;
      const isNext = next === following;
      const isCut = lines[index + 2] === '1' || index + 2 === lines.length;
      const isLast = next === undefined || next === '1';
      const isStartOfNext = next !== undefined && following.startsWith(next);
      if (!isNext && !isLast && !(isCut && isStartOfNext)) {
        throw new Error(`${line} is followed by ${next}`);
      }
    }
  }

  test.each(['>', '2>'])('delays no stop: %s', async (redirection) => {
    const pipe = new StalledPipe(workspace(), 'stalled');
    const cwd = configured('json', { workers: 2, command: 'yes & exec yes >&2' });
    const supervisor = redirected(cwd, `${redirection}"${pipe.path}"`);
    const [shell] = await eventually(() => {
      const found = childrenOf(supervisor.pid);
      expect(found).toHaveLength(2);
      return found;
    });
    await blocked(redirection === '2>' ? (shell ?? 0) : await onlyChildOf(shell ?? 0));
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  test('where it is a socket, too', async () => {
    const supervisor = Supervisor.start({
      command: ['yes', 'a line'],
      log: { workers: 'prefix' },
    });
    supervisor.child.stdout?.pause();
    await supervisor.logged(/^Started child/);
    await blocked(supervisor.pidOf(0));
    expect((await supervisor.get('/livez')).status).toBe(200);
    const exited = new Promise((resolve) => supervisor.child.once('exit', resolve));
    supervisor.kill('SIGTERM');
    expect(await exited).toBe(0);
    supervisor.child.stdout?.resume();
  });

  test('where it is a terminal, too', async () => {
    const cwd = configured('prefix', { command: ['yes', 'a line'] });
    const terminal = new Program(
      ['script', '-qec', `exec ${process.execPath} ${CLI}`, '/dev/null'],
      {
        cwd,
        env: { PATH: process.env['PATH'], SHELL: '/bin/sh' },
      },
    );
    const supervisor = await onlyChildOf(terminal.pid);
    terminal.child.stdout?.pause();
    const yes = await onlyChildOf(supervisor);
    await blocked(yes);
    process.kill(supervisor, 'SIGTERM');
    await eventually(() => {
      expect(isRunning(supervisor)).toBe(false);
    });
    expect(isRunning(yes)).toBe(false);
    terminal.child.stdout?.resume();
  });

  test('so does a full disk', async () => {
    const supervisor = redirected(configured('prefix', { command: ['yes'] }), '>/dev/full');
    await supervisor.logged(/^Started child/);
    await blocked(supervisor.pidOf(0));
    expect((await supervisor.get('/livez')).status).toBe(200);
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
  });

  async function onlyChildOf(pid: number): Promise<number> {
    return eventually(() => {
      const [child] = childrenOf(pid);
      expect(child).toBeDefined();
      return child ?? 0;
    });
  }
});

test('workers that flood crowd out neither the others nor the supervisor', async () => {
  const cwd = configured('prefix', {
    workers: 5,
    command:
      '[ $SUPERVISOR_WORKER_INDEX = 4 ] || exec yes flood; while sleep 0.05; do echo tick; done',
  });
  const supervisor = redirected(cwd, '| grep --line-buffered -v flood');
  const ticks = async (count: number): Promise<void> =>
    eventually(() => {
      expect(linesOf(supervisor.stdout).length).toBeGreaterThan(count);
    });
  await ticks(3);
  expect((await supervisor.get('/livez')).status).toBe(200);
  process.kill(supervisor.pidOf(0), 'SIGKILL');
  await supervisor.logged(/^Started child/, 6);
  await ticks(linesOf(supervisor.stdout).length + 3);
  for (const line of linesOf(supervisor.stdout)) {
    // the flood's last line may be cut by the kill
    if (!line.startsWith('[0] ')) expect(line).toBe('[4] tick');
  }
  process.kill(Number(supervisor.linesLike(/^Started parent/)[0]?.pid), 'SIGTERM');
  await supervisor.logged(/^Stopping parent process/);
});

test('a reader that goes away ends nothing: what the workers write then goes nowhere', async () => {
  const cwd = configured('prefix', { command: ['yes', 'a line'] });
  const supervisor = redirected(cwd, '| head -1');
  await supervisor.logged(/^Listening/);
  await eventually(() => {
    expect(supervisor.stdout).toBe('[0] a line\n');
  });
  const [line] = await supervisor.logged(/^Started child/);
  const pid = line?.pid ?? 0;
  const before = writtenBy(pid);
  await eventually(() => {
    expect(writtenBy(pid)).toBeGreaterThan(before + 2 ** 24);
  });
  expect((await supervisor.get('/livez')).status).toBe(200);
  process.kill(Number(supervisor.linesLike(/^Started parent/)[0]?.pid), 'SIGTERM');
  await supervisor.logged(/^Stopping parent process/);
  expect(isRunning(pid)).toBe(false);
});

test('closed standard streams end nothing', async () => {
  const cwd = configured('prefix', { command: 'echo out; echo err >&2; > ran; exec sleep 1000' });
  const supervisor = redirected(cwd, '<&- >&- 2>&-');
  await eventually(() => {
    readFileSync(join(cwd, 'ran'));
  });
  expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
});

describe('a worker', () => {
  test('can open /dev/stdout and /dev/stderr', async () => {
    const supervisor = Supervisor.start({
      command: 'echo out > /dev/stdout; echo err > /dev/stderr; exec sleep 1000',
      log: { workers: 'prefix' },
    });
    await eventually(() => {
      expect(supervisor.stdout).toBe('[0] out\n');
      expect(supervisor.stderr).toMatch(/^\[0\] err$/m);
    });
  });

  test('starts with descriptors that block, whatever the one before has done to them', async () => {
    const node = `${process.execPath} -e 'process.stdout.write("non-blocking\\n", () => process.exit(1))'`;
    const supervisor = Supervisor.start({
      command: `[ $SUPERVISOR_WORKER_STARTS = 1 ] && exec ${node}; grep flags: /proc/self/fdinfo/1; exec sleep 1000`,
      log: { workers: 'prefix' },
    });
    await eventually(() => {
      expect(supervisor.stdout).toContain('flags:');
    });
    expect(isBlocking(supervisor.stdout)).toBe(true);
  });

  test('has its own two pipes and no other’s', async () => {
    const supervisor = Supervisor.start({
      workers: 3,
      command: ['sleep', '1000'],
      log: { workers: 'prefix' },
    });
    await supervisor.logged(/^Started child/, 3);
    const links = [0, 1, 2].map((index) => {
      const fds = `/proc/${supervisor.pidOf(index)}/fd`;
      expect(() => readlinkSync(`${fds}/3`)).toThrow('ENOENT');
      return [readlinkSync(`${fds}/1`), readlinkSync(`${fds}/2`)];
    });
    for (const link of links.flat()) expect(link).toMatch(/^pipe:/);
    expect(new Set(links.flat()).size).toBe(6);
  });

  test('its last words come before the line that tells its end', async () => {
    const supervisor = Supervisor.start({
      command: 'head -c 60000 /dev/zero | tr "\\0" x >&2; echo; echo last words >&2; kill -SEGV $$',
      reloadDelay: 60,
      log: { workers: 'prefix' },
    });
    await supervisor.logged(/exited with code -11/);
    const lines = linesOf(supervisor.stderr);
    const [words = '', exit = ''] = lines.slice(-2);
    expect(words).toBe(`[0] ${'x'.repeat(60000)}last words`);
    expect(exit).toContain('exited with code -11');
  });

  test('leaves its pipes to its descendants, for which nothing waits', async () => {
    const cwd = configured('prefix', {
      workers: 2,
      command:
        '[ $SUPERVISOR_WORKER_INDEX = 1 ] && exec sleep 1000; setsid sh -c "while [ ! -e go ]; do sleep 0.02; done; echo late \\$\\$; exec sleep 1000" & echo early',
      stop: { killMode: 'process' },
      restart: { policy: 'Never' },
    });
    const supervisor = new Supervisor(cwd);
    await supervisor.logged(/exited with code 0/);
    writeFileSync(join(cwd, 'go'), '');
    await eventually(() => {
      expect(supervisor.stdout).toMatch(/^\[0\] early\n\[0\] late \d+\n$/);
    });
    expect(await supervisor.stop()).toEqual({ code: 0, signal: null });
    // it is nobody's any more
    const [, left] = /late (\d+)/.exec(supervisor.stdout) ?? [];
    process.kill(Number(left), 'SIGKILL');
  });
});

test('a crash loop takes no more and more descriptors', async () => {
  const supervisor = Supervisor.start({
    command: 'echo out; exit 1',
    reloadDelay: 0,
    log: { workers: 'prefix' },
  });
  const descriptors = (): number => {
    const numbers = Array.from({ length: 200 }, (_, fd) => fd);
    return numbers.filter((fd) => {
      try {
        return readlinkSync(`/proc/${supervisor.pid}/fd/${fd}`).startsWith('pipe:');
      } catch {
        return false;
      }
    }).length;
  };
  await supervisor.logged(/^Started child/, 5);
  const before = descriptors();
  await supervisor.logged(/^Started child/, 100);
  // a spawn that is under way has one or two more
  expect(descriptors()).toBeLessThan(before + 10);
  const lines = linesOf(supervisor.stdout);
  expect(lines.every((line) => line === '[0] out')).toBe(true);
});

test('without koffi it is refused, with the remedy', async () => {
  const cwd = configured('prefix', { command: ['sleep', '1000'] });
  const supervisor = new Supervisor(cwd, {}, cliWithoutKoffi());
  expect((await supervisor.ended).code).toBe(2);
  expect(supervisor.stderr).toMatch(
    /^supervisor\.config\.json: \/log\/workers: expected koffi for this platform, which "prefix" needs \(or "inherit", which does not\), found none \(.*koffi.*\)\n$/,
  );
});
