import { commandOf } from './core/command.ts';
import type { Environment } from './core/command.ts';
import type { Effect } from './core/effect.ts';
import type { Input } from './core/input.ts';
import { canBeOomKill } from './core/oom.ts';
import { hasMembers } from './pid1/group.ts';
import { WorkerProcess } from './worker.ts';
import type { WorkerListener } from './worker.ts';
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

/** The processes of the workers, and those that are gone whose groups are not. */
export class WorkerProcesses {
  readonly #options: ProcessesOptions;
  /** By slot; there are two in one while a replacement takes over from its predecessor. */
  readonly #slots: WorkerProcess[][] = [];

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  /** Those that are alive, in index order. */
  get alive(): readonly WorkerProcess[] {
    return this.#slots.flatMap((slot) => slot.filter((process) => process.isAlive()));
  }

  start({ worker, start, count, template }: Effect & { type: 'spawn' }): void {
    const { inherited, worker: options, isNeeded } = this.#options;
    const command = commandOf(template, inherited, { index: worker, count, starts: start });
    const process = WorkerProcess.start(worker, command, options, this.#listener(worker, start));
    const before = (this.#slots[worker] ?? []).filter(
      (each) => each.isAlive() || isNeeded(worker, each.pid),
    );
    this.#slots[worker] = process === null ? before : [...before, process];
  }

  /** Sends a signal to a process, or to its group. One that is not ours any more is no error. */
  kill({ worker, pid, signal, target }: Effect & { type: 'kill' }): void {
    try {
      this.#slots[worker]?.findLast((process) => process.pid === pid)?.kill(signal, target);
    } catch (error) {
      const { message } = error as Error;
      this.#options.put({ type: 'kill-failed', worker, pid, signal, message });
    }
  }

  #listener(worker: number, start: number): WorkerListener {
    const { put, oomKills } = this.#options;
    return {
      spawned: (pid) => {
        put({ type: 'spawned', worker, start, pid });
      },
      failed: (failure) => {
        put({ type: 'spawn-failed', worker, start, failure, random: Math.random() });
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
