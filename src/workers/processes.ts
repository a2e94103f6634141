import { commandOf } from '../core/command.ts';
import type { Command, Environment } from '../core/command.ts';
import type { Effect } from '../core/effect.ts';
import type { Input } from '../core/input.ts';
import { canBeOomKill } from '../core/oom.ts';
import { hasMembers } from '../pid1/group.ts';
import { SpawnedWorker } from './worker.ts';
import type { WorkerListener, WorkerProcess } from './worker.ts';
import type { WorkerOptions } from './worker-options.ts';

/** What the processes of the workers need, and whom they tell. */
export interface ProcessesOptions {
  readonly worker: WorkerOptions;
  /** What the workers have of the supervisor's environment. */
  readonly inherited: Environment;
  /** How many OOM kills the cgroup has counted; null where that cannot tell. */
  readonly oomKills: () => number | null;
  /** Takes what has happened; what is a function is asked when its turn comes. */
  readonly put: (input: Input | (() => Input)) => void;
  /** Whether a process that is gone is still somebody's, because its group is not. */
  readonly isNeeded: (worker: number, pid: number) => boolean;
}

/** What a process was started with. */
export interface Surroundings {
  /** Made when it is read. */
  readonly env: Environment;
  /** Null: the supervisor's own working directory. */
  readonly workingDir: string | null;
}

/** A process, and what the core has said of it. */
interface Spawned {
  readonly process: SpawnedWorker;
  readonly effect: Effect & { type: 'spawn' };
}

/** The processes of the workers, and those that are gone whose groups are not. */
export class WorkerProcesses {
  readonly #options: ProcessesOptions;
  /** By slot; there are two in one while a replacement takes over from its predecessor. */
  readonly #slots: Spawned[][] = [];

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /** To be awaited before the first is started. */
  async open(): Promise<void> {
    await this.#options.worker.notification.open();
  }

  /** Those that are alive, in index order. */
  get alive(): readonly WorkerProcess[] {
    return this.#slots.flatMap((slot) =>
      slot.map(({ process }) => process).filter((process) => process.isAlive()),
    );
  }

  start(effect: Effect & { type: 'spawn' }): void {
    const { worker, start } = effect;
    const { worker: options, isNeeded } = this.#options;
    const listener = this.#listener(worker, start);
    const process = SpawnedWorker.start(worker, this.#commandOf(effect), options, listener);
    const before = (this.#slots[worker] ?? []).filter(
      (each) => each.process.isAlive() || isNeeded(worker, each.process.pid),
    );
    this.#slots[worker] = process === null ? before : [...before, { process, effect }];
  }

  /** What the process of that start was started with; null once it is gone. */
  surroundingsOf(worker: number, start: number): Surroundings | null {
    const spawned = this.#slots[worker]?.find(({ effect }) => effect.start === start);
    if (spawned?.process.isAlive() !== true) return null;
    const { effect } = spawned;
    const commandOf = (): Command => this.#commandOf(effect);
    return {
      get env() {
        return commandOf().env;
      },
      workingDir: effect.template.workingDir ?? null,
    };
  }

  /** Sends a signal to a process, or to its group. One that is not ours any more is no error. */
  kill({ worker, pid, signal, target }: Effect & { type: 'kill' }): void {
    try {
      const spawned = this.#slots[worker]?.findLast(({ process }) => process.pid === pid);
      spawned?.process.kill(signal, target);
    } catch (error) {
      const { message } = error as Error;
      this.#options.put({ type: 'kill-failed', worker, pid, signal, message });
    }
  }

  #commandOf({ worker, start, count, template }: Effect & { type: 'spawn' }): Command {
    const identity = { index: worker, count, starts: start };
    return commandOf(template, this.#options.inherited, identity);
  }

  #listener(worker: number, start: number): WorkerListener {
    const { put, oomKills } = this.#options;
    return {
      spawned: (pid) => {
        put({ type: 'spawned', worker, start, pid, random: Math.random() });
      },
      failed: (failure) => {
        put({ type: 'spawn-failed', worker, start, failure, random: Math.random() });
      },
      notified: (told) => {
        put({ type: 'notified', worker, start, ...told });
      },
      exited: (pid, exitCode, signal) => {
        put(() => {
          const groupAlive = hasMembers(pid);
          const kills = canBeOomKill(exitCode) ? oomKills() : null;
          const how = { exitCode, signal, groupAlive, oomKills: kills, random: Math.random() };
          return { type: 'exited', worker, start, ...how };
        });
      },
    };
  }
}
