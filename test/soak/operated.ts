import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import { ask } from '../helpers/ask.ts';
import type { Answer, Request } from '../../src/control/protocol.ts';
import type { StatusDocument } from '../../src/observe/status.ts';
import { MountedConfigMap } from '../helpers/config-file.ts';
import { eventually } from '../helpers/eventually.ts';
import { environmentOf, processes, processesWith, processInfo } from '../helpers/processes.ts';
import { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import type { Random } from './random.ts';

const FILE = 'supervisor.yaml';
const MARK = 'SOAK';

/** What workers may be: each leaves a child in its group; some of them end by themselves, or at once. */
const SCRIPTS = {
  steady: 'sleep 1000 & wait',
  crashing: 'sleep 1000 & sleep 2; exit 4',
  broken: 'exit 3',
} as const;

type Kind = keyof typeof SCRIPTS;

const ROLLOUTS = [
  { maxUnavailable: 1, maxSurge: 0 },
  { maxUnavailable: 0, maxSurge: 1 },
  { maxUnavailable: 2, maxSurge: 1 },
] as const;

/** How much the supervisor has when nothing goes on. */
export interface Holding {
  readonly descriptors: number;
  readonly residentBytes: number;
}

/** A supervisor whose configuration is a mounted ConfigMap, and what may happen to it. */
export class SoakedSupervisor {
  readonly supervisor: Supervisor;
  readonly #random: Random;
  readonly #mark = randomUUID();
  readonly #mount: MountedConfigMap;
  readonly #socket: string;
  readonly #stopped = new Set<number>();
  readonly #clients: Socket[] = [];
  #version = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#socket = join(workspace(), 'control.sock');
    this.#mount = new MountedConfigMap(FILE, this.#config('steady', 8, 0));
    this.supervisor = new Supervisor('/', { args: ['-c', join(this.#mount.directory, FILE)] });
  }

  ask(asked: Request): Promise<Answer> {
    return ask(this.#socket, asked);
  }

  async status(): Promise<StatusDocument> {
    const answer = await this.ask({ command: 'status' });
    if (!('status' in answer)) throw new Error(answer.message);
    return answer.status;
  }

  /** Something happens. Whatever is answered later is not waited for. */
  async happen(): Promise<void> {
    const all = Object.values(this.#happenings);
    await all[this.#random.below(all.length)]?.();
  }

  readonly #happenings: Readonly<Record<string, () => void | Promise<void>>> = {
    'scale by command': () => {
      this.#begin({ command: 'scale', workers: this.#random.below(13), wait: this.#coin() });
    },
    'scale up': () => {
      this.supervisor.kill('SIGTTIN');
    },
    'scale down': () => {
      this.supervisor.kill('SIGTTOU');
    },
    'another count': () => {
      this.#mount.update(FILE, this.#config('steady', this.#random.below(13), this.#version));
    },
    'another environment': () => {
      this.#version += 1;
      const kind = this.#random.oneOf<Kind>(['steady', 'steady', 'crashing', 'broken']);
      this.#mount.update(FILE, this.#config(kind, 4 + this.#random.below(6), this.#version));
    },
    'a broken file': () => {
      this.#mount.update(FILE, { workers: 'many', command: [] });
    },
    'reload by command': () => {
      this.#begin({ command: 'reload', wait: this.#coin() });
    },
    'reload by signal': () => {
      this.supervisor.kill('SIGHUP');
    },
    'restart of all': () => {
      this.#begin({ command: 'restart', worker: null, wait: this.#coin() });
    },
    'restart of one': () => {
      this.#begin({ command: 'restart', worker: this.#random.below(10), wait: this.#coin() });
    },
    'a worker is killed': async () => {
      this.#signal(await this.#somebody(), this.#random.oneOf(['SIGKILL', 'SIGTERM']));
    },
    'a worker is halted': async () => {
      const pid = await this.#somebody();
      this.#stopped.add(pid);
      this.#signal(pid, 'SIGSTOP');
    },
    'the halted go on': () => {
      this.#resume();
    },
    'a bad client': () => {
      const client = connect(this.#socket).on('error', () => undefined);
      client.write(this.#random.oneOf(['{"command":"sta', 'garbage\n', 'x'.repeat(1 << 20)]));
      this.#clients.push(client);
    },
    look: async () => {
      await this.status();
      expect((await this.supervisor.get('/metrics')).status).toBe(200);
      expect((await this.supervisor.get('/livez')).status).toBe(200);
    },
  };

  /** Asks for something known, waits until it is so, and checks that nothing else is there. */
  async settle(workers: number): Promise<Holding> {
    this.#resume();
    for (const client of this.#clients.splice(0)) client.destroy();
    this.#version += 1;
    this.#mount.update(FILE, this.#config('steady', workers, this.#version));
    // what has gone before may end the wait for it: who was not ready yet when somebody killed it
    await eventually(async () => {
      expect(await this.ask({ command: 'reload', wait: true })).toMatchObject({ outcome: 'done' });
      expect(await this.ask({ command: 'scale', workers, wait: true })).toMatchObject({
        outcome: 'done',
      });
    }, 60_000);
    await eventually(() => this.#expectOnly(workers));
    await eventually(() => this.#expectCounted());
    return this.#holding();
  }

  /** Stops it by command: nothing is left. */
  async stop(): Promise<void> {
    expect(await this.ask({ command: 'stop', wait: true })).toMatchObject({ outcome: 'done' });
    expect(await this.supervisor.ended).toEqual({ code: 0, signal: null });
    expect(processesWith(MARK, this.#mark)).toEqual([]);
    await expect(this.status()).rejects.toThrow('no supervisor listens there');
  }

  /** Exactly the wanted workers, made from the last file, and nobody else. */
  async #expectOnly(workers: number): Promise<void> {
    const status = await this.status();
    expect(status).toMatchObject({ state: 'running', desired: workers, ready: workers });
    expect(status.workers.map(({ index, state }) => `${index} ${state}`)).toEqual(
      Array.from({ length: workers }, (_, index) => `${index} running`),
    );
    const pids = status.workers.map(({ pid }) => pid ?? 0);
    for (const pid of pids) expect(environmentOf(pid)['VERSION']).toBe(String(this.#version));
    const groups = processesWith(MARK, this.#mark).map((pid) => processInfo(pid)?.group ?? 0);
    expect([...new Set(groups)].sort()).toEqual([...pids].sort());
    // each has one child
    expect(groups).toHaveLength(2 * workers);
    const children = processes().filter(({ parent }) => parent === this.supervisor.pid);
    expect(children.map(({ pid, state }) => [pid, state === 'Z'])).toEqual(
      children.map(({ pid }) => [pid, false]),
    );
    expect(children).toHaveLength(workers);
  }

  /** The log and the metrics agree: each start and each end once. */
  async #expectCounted(): Promise<void> {
    const metrics = await this.supervisor.metrics();
    const sum = (family: string): number =>
      [...metrics]
        .filter(([name]) => name.startsWith(`${family}{`))
        .reduce((total, [, value]) => total + value, 0);
    const starts = this.supervisor.linesLike(/^Started child process/);
    const ends = this.supervisor.linesLike(/^Worker \(pid:\d+\) exited/);
    expect(sum('supervisor_worker_starts_total')).toBe(starts.length);
    expect(sum('supervisor_worker_exits_total')).toBe(ends.length);
    const balance = new Map<number, number>();
    for (const { pid = 0 } of starts) balance.set(pid, (balance.get(pid) ?? 0) + 1);
    for (const { pid = 0 } of ends) balance.set(pid, (balance.get(pid) ?? 0) - 1);
    const alive = [...balance].filter(([, count]) => count !== 0);
    expect(alive.every(([, count]) => count === 1)).toBe(true);
    expect(alive).toHaveLength((await this.status()).workers.length);
  }

  async #holding(): Promise<Holding> {
    const { pid } = this.supervisor;
    const [, pages = '0'] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    // clients that went away are let go in a turn or two
    const descriptors = await eventually(() => {
      const names = readdirSync(`/proc/${pid}/fd`);
      expect(names.length).toBeLessThan(64);
      return names.length;
    });
    return { descriptors, residentBytes: Number(pages) * 4096 };
  }

  #config(kind: Kind, workers: number, version: number): Record<string, unknown> {
    return {
      workers,
      command: ['sh', '-c', SCRIPTS[kind]],
      env: { [MARK]: this.#mark, VERSION: String(version) },
      reloadDelay: 0.05,
      minReadySeconds: 0.1,
      stop: { gracePeriodSeconds: 1, timeoutSeconds: 20 },
      rollout: ROLLOUTS[this.#random.below(ROLLOUTS.length)],
      reload: { watch: true },
      control: { socket: this.#socket },
      metrics: { port: 0 },
    };
  }

  #begin(asked: Request): void {
    // it may end after the supervisor has
    this.ask(asked).catch(() => undefined);
  }

  async #somebody(): Promise<number> {
    const { workers } = await this.status();
    const running = workers.flatMap(({ pid }) => pid ?? []);
    return running[this.#random.below(Math.max(1, running.length))] ?? 0;
  }

  #resume(): void {
    for (const pid of this.#stopped) this.#signal(pid, 'SIGCONT');
    this.#stopped.clear();
  }

  /** To one of this supervisor's; its pid may be another's by now. */
  #signal(pid: number, signal: NodeJS.Signals): void {
    if (pid === 0 || processInfo(pid)?.parent !== this.supervisor.pid) return;
    try {
      process.kill(pid, signal);
    } catch {
      // it is gone
    }
  }

  #coin(): boolean {
    return this.#random.below(2) === 0;
  }
}
