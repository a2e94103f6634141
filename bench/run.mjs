// One run of one contestant: a directory of its own, its workers' starts, and an end for all of it.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { markedWith } from './processes.mjs';

const PATIENCE = 60_000;
const running = new Set();

/** What is timed is not to be slowed down by what this machine has set for Node. */
const ENVIRONMENT = { ...process.env };
delete ENVIRONMENT.NODE_EXTRA_CA_CERTS;
delete ENVIRONMENT.NODE_OPTIONS;

/** The variable by which whoever was started in a run is known at its end, wherever its parents are by then. */
const MARK = 'CONTAINER_SUPERVISOR_BENCH';

export class Run {
  directory = mkdtempSync(join(tmpdir(), 'container-supervisor-bench-'));
  fifo = join(this.directory, 'starts');
  errors = join(this.directory, 'stderr');
  /** The workers that have told their start: the time, and the pid. */
  starts = [];
  #socket;
  #onStart = () => undefined;

  constructor() {
    execFileSync('mkfifo', [this.fifo]);
    const fd = openSync(this.fifo, constants.O_RDWR | constants.O_NONBLOCK);
    this.#socket = new Socket({ fd, readable: true, writable: false });
    let rest = '';
    this.#socket.on('data', (data) => {
      const at = performance.now();
      const lines = (rest + data).split('\n');
      rest = lines.pop();
      for (const line of lines) this.starts.push({ at, pid: Number(line) });
      this.#onStart();
    });
    running.add(this);
  }

  /** The command of a worker: a shell that tells its start, and does this before and after. */
  worker({ before = ':', after = 'exec sleep 1000' } = {}) {
    return ['/bin/sh', '-c', `${before}; echo $$ >"${this.fifo}"; ${after}`];
  }

  /** Starts the contestant. */
  start(contestant, settings, { prefix = [], stdout = 'ignore' } = {}) {
    const { argv, env = {} } = contestant.prepare({ ...settings, run: this });
    const [file, ...args] = [...prefix, ...argv];
    const errors = openSync(this.errors, 'w');
    this.startedAt = performance.now();
    this.child = spawn(file, args, {
      cwd: this.directory,
      env: { ...ENVIRONMENT, ...env, [MARK]: this.directory },
      stdio: ['ignore', stdout, errors],
      detached: true,
    });
    closeSync(errors);
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.stopSignal = contestant.stopSignal ?? 'SIGTERM';
  }

  get pid() {
    return this.child.pid;
  }

  log() {
    try {
      return readFileSync(this.errors, 'utf8');
    } catch {
      return '';
    }
  }

  /** Waits until so many starts have been told in all; returns when the last of them was. */
  async started(count) {
    await this.#within(`start ${count} of a worker`, (resolve) => {
      this.#onStart = () => {
        if (this.starts.length >= count) resolve();
      };
      this.#onStart();
    });
    return this.starts[count - 1].at;
  }

  async until(what, condition) {
    for (const from = performance.now(); performance.now() - from < PATIENCE; await pause(5)) {
      const value = await condition();
      if (value) return value;
    }
    throw new Error(`${what}: not within ${PATIENCE} ms\n${this.log().slice(-1000)}`);
  }

  /** Asks it to stop; returns how many milliseconds that took. */
  async stop() {
    const from = performance.now();
    process.kill(this.pid, this.stopSignal);
    await this.#within('the end', (resolve) => this.ended.then(resolve));
    return performance.now() - from;
  }

  /** Ends everything, whatever state it is in. */
  async end() {
    running.delete(this);
    this.kill();
    await this.ended;
    this.#socket.destroy();
  }

  kill() {
    for (const pid of markedWith(`${MARK}=${this.directory}`)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Waits for a promise, but not for ever. */
  within(what, promise) {
    return this.#within(what, (resolve, reject) => promise.then(resolve, reject));
  }

  async #within(what, executor) {
    let timer;
    const late = new Promise((_, reject) => {
      const fail = () =>
        reject(new Error(`${what}: not within ${PATIENCE} ms\n${this.log().slice(-1000)}`));
      timer = setTimeout(fail, PATIENCE);
    });
    try {
      return await Promise.race([new Promise(executor), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Does something with a run, and ends that in any case. */
export async function withRun(use) {
  const run = new Run();
  try {
    return await use(run);
  } finally {
    await run.end();
  }
}

process.on('exit', () => {
  for (const run of running) run.kill();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
