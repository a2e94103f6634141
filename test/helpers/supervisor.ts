import { expect } from '@jest/globals';

import { eventually } from './eventually.ts';
import { CLI, Program, ROOT } from './program.ts';
import type { End } from './program.ts';
import { workspace } from './workspace.ts';

/** A line of the supervisor's JSON log. */
export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly msg: string;
  readonly worker?: number;
  readonly pid?: number;
  readonly [fact: string]: unknown;
}

/** The command of the worker that tests use; its options are in test/fixtures/worker.js. */
export function worker(...options: readonly string[]): readonly string[] {
  return [process.execPath, `${ROOT}test/fixtures/worker.js`, ...options];
}

export interface RunOptions {
  /** What runs Node, such as `unshare` with its options. */
  readonly prefix?: readonly string[];
  /** Options of Node itself. */
  readonly node?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What is run in place of Node with the built program. */
  readonly program?: readonly string[];
}

/** A program that is the supervisor, or that runs it: its log, its workers' output, its answers. */
export class SupervisorProgram extends Program {
  /** Every line of its log so far. */
  get log(): readonly LogLine[] {
    return this.stderr
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  messages(): readonly string[] {
    return this.log.map((line) => line.msg);
  }

  linesLike(pattern: RegExp): readonly LogLine[] {
    return this.log.filter((line) => pattern.test(line.msg));
  }

  /** Waits for so many log lines whose message matches. */
  async logged(pattern: RegExp, count = 1): Promise<readonly LogLine[]> {
    return eventually(() => {
      const lines = this.linesLike(pattern);
      if (lines.length < count) {
        throw new Error(
          `expected ${count} lines like ${String(pattern)}, found ${lines.length}:\n${this.stderr.slice(-2000)}`,
        );
      }
      return lines;
    });
  }

  /**
   * Waits until so many workers have said `ready`, and the log, which comes by another pipe, has told of as many
   * starts if it tells of any; returns the pids of all of them, in order of time.
   */
  async ready(count: number): Promise<readonly number[]> {
    return eventually(() => {
      const tells = this.linesLike(/^Started parent process/).length > 0;
      const starts = this.linesLike(/^Started child process/).length;
      if (tells && starts < count) throw new Error(`expected ${count} starts, found ${starts}`);
      const pids = [...this.stdout.matchAll(/^ready (\d+)/gm)].map(([, pid]) => Number(pid));
      if (pids.length < count) {
        throw new Error(
          `expected ${count} ready workers, found ${pids.length}:\n${this.stderr.slice(-2000)}`,
        );
      }
      return pids;
    });
  }

  /** The pid of the newest process in a slot. */
  pidOf(index: number): number {
    const lines = this.linesLike(/^Started child process/).filter(({ worker }) => worker === index);
    const { pid } = lines.at(-1) ?? {};
    if (pid === undefined) throw new Error(`no worker ${index} was started:\n${this.stderr}`);
    return pid;
  }

  /** Waits for the port that it has chosen. */
  async url(path = ''): Promise<string> {
    const [line] = await this.logged(/^Listening on/);
    return `http://127.0.0.1:${String(line?.['port'])}${path}`;
  }

  async get(path: string, init?: RequestInit): Promise<{ status: number; body: string }> {
    const response = await fetch(await this.url(path), init);
    return { status: response.status, body: await response.text() };
  }

  /** The samples of /metrics by their name with labels. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const { body } = await this.get('/metrics');
    const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return new Map(
      samples.map((line) => {
        const space = line.lastIndexOf(' ');
        return [line.slice(0, space), Number(line.slice(space + 1))];
      }),
    );
  }

  /** Asks it to stop and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<End> {
    this.kill(signal);
    return this.ended;
  }
}

/** The built supervisor, run as its users run it. */
export class Supervisor extends SupervisorProgram {
  /** Starts it with this configuration; the metrics go to a free port unless it says otherwise. */
  static start(config: Readonly<Record<string, unknown>>, options: RunOptions = {}): Supervisor {
    const file = { metrics: { port: 0 }, ...config };
    return new Supervisor(workspace({ 'supervisor.config.json': file }), options);
  }

  constructor(
    cwd: string,
    { args = [], env = {}, prefix = [], node = [], program }: RunOptions = {},
    cli = CLI,
  ) {
    super([...prefix, ...(program ?? [process.execPath, ...node, cli]), ...args], {
      cwd,
      env: { PATH: process.env['PATH'], ...env },
    });
  }
}

/** Seconds between two log lines. */
export function secondsBetween(earlier: LogLine | undefined, later: LogLine | undefined): number {
  expect(earlier).toBeDefined();
  expect(later).toBeDefined();
  return (Date.parse(later?.time ?? '') - Date.parse(earlier?.time ?? '')) / 1000;
}
