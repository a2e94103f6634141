import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as passed } from 'node:timers/promises';

import { expect } from '@jest/globals';

import { ask } from '../helpers/ask.ts';
import type { OperationRequest } from '../../src/control/protocol.ts';
import { eventually } from '../helpers/eventually.ts';
import { Pid1 } from '../helpers/pid-namespace.ts';
import { workspace } from '../helpers/workspace.ts';
import type { Random } from './random.ts';

const WORKERS = 64;

/**
 * Writes a hundred lines a second, leaves an orphan behind with each of them, and ends with a code or by a signal
 * after some seconds.
 */
const WORKER = `
lives=$(($$$$ % 17))
while [ "$lives" -gt 0 ]; do
  lives=$((lives - 1))
  count=0
  while [ "$count" -lt 100 ]; do count=$((count + 1)); echo "line $count of $SUPERVISOR_WORKER_INDEX"; done
  (setsid sleep 0.5 &)
  sleep 1
done
[ $(($$$$ % 2)) -eq 0 ] && kill -SEGV $$$$
exit 3`;

/** How much the supervisor has while nobody runs. */
export interface Sample {
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Milliseconds that /livez took, while everybody ran, each half second. */
  readonly delays: readonly number[];
  /** Of workers, until then. */
  readonly exits: number;
  readonly orphans: number;
}

/** A supervisor as PID 1 of 64 workers that crash, fork and talk. */
export class BusySupervisor {
  readonly #supervisor: Pid1;
  readonly #socket: string;
  readonly #random: Random;
  #starts = 0;
  #exits = 0;

  constructor(random: Random) {
    const cwd = workspace();
    this.#random = random;
    this.#socket = `${cwd}/control.sock`;
    this.#supervisor = Pid1.start({
      workers: WORKERS,
      command: ['sh', '-c', WORKER],
      reloadDelay: 0.05,
      log: { workers: 'prefix' },
      stop: { order: 'parallel', gracePeriodSeconds: 2 },
      control: { socket: this.#socket },
    });
  }

  async start(): Promise<void> {
    await this.#supervisor.logged(/^Started child process/, WORKERS);
  }

  /** Lets them run, with scrapes and operations, and then none of them. */
  async window(seconds: number): Promise<Sample> {
    const delays: number[] = [];
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      const since = performance.now();
      expect((await this.#supervisor.get('/livez')).status).toBe(200);
      delays.push(performance.now() - since);
      await this.#happen();
      this.#read();
      // how often, not what is waited for
      await passed(500);
    }
    await this.#operate({ command: 'scale', workers: 0, wait: true });
    const sample = await eventually(() => this.#sample(delays));
    await this.#operate({ command: 'scale', workers: WORKERS, wait: true });
    return sample;
  }

  async stop(): Promise<void> {
    expect(await this.#supervisor.stop()).toEqual({ code: 0, signal: null });
    this.#read();
    expect(this.#exits).toBe(this.#starts);
  }

  async #happen(): Promise<void> {
    const worker = this.#random.below(WORKERS);
    switch (this.#random.below(8)) {
      case 0:
        expect((await this.#supervisor.get('/status')).status).toBe(200);
        return;
      case 1:
        await this.#operate({ command: 'restart', worker, wait: false });
        return;
      case 2:
        await this.#operate({
          command: 'scale',
          workers: WORKERS - Math.floor(worker / 2),
          wait: false,
        });
        return;
      case 3:
        await this.#operate({ command: 'reload', wait: false });
        return;
      default:
        expect((await this.#supervisor.get('/metrics')).status).toBe(200);
    }
  }

  async #operate(asked: OperationRequest): Promise<void> {
    const answer = await ask(this.#socket, asked);
    // a worker that was to be restarted may have been scaled away
    expect(['done', 'refused']).toContain(answer.outcome);
  }

  /** While nobody runs: what the log tells is what the metrics count, and nothing is left of anybody. */
  async #sample(delays: readonly number[]): Promise<Sample> {
    this.#read();
    const metrics = await this.#supervisor.metrics();
    const sum = (family: string): number =>
      [...metrics]
        .filter(([name]) => name.startsWith(family))
        .reduce((total, [, value]) => total + value, 0);
    expect(this.#exits).toBe(this.#starts);
    expect(sum('supervisor_worker_starts_total')).toBe(this.#starts);
    expect(sum('supervisor_worker_exits_total')).toBe(this.#exits);
    expect(this.#supervisor.zombies()).toEqual([]);
    const { outerPid } = this.#supervisor;
    const [, pages = '0'] = readFileSync(`/proc/${outerPid}/statm`, 'utf8').split(' ');
    const descriptors = readdirSync(`/proc/${outerPid}/fd`).length;
    // the pipes of a slot's output stay for its next worker; clients that went away are let go in a turn or two
    expect(descriptors).toBeLessThan(4 * WORKERS + 30);
    return {
      residentBytes: Number(pages) * 4096,
      descriptors,
      delays,
      exits: this.#exits,
      orphans: sum('supervisor_orphans_reaped_total'),
    };
  }

  /** Counts what the log has told since the last time, and forgets it. */
  #read(): void {
    const program = this.#supervisor;
    program.stdout = '';
    const end = program.stderr.lastIndexOf('\n') + 1;
    const text = program.stderr.slice(0, end);
    // by which the port is found
    const [listening = ''] = /^.*Listening on.*\n/m.exec(text) ?? [];
    this.#starts += text.match(/"msg":"Started child process/g)?.length ?? 0;
    this.#exits += text.match(/"msg":"Worker \(pid:\d+\) exited/g)?.length ?? 0;
    program.stderr = listening + program.stderr.slice(end);
  }
}
