import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';

import type { Signal } from '../config/generated.ts';
import type { Command } from '../core/command.ts';
import type { SpawnFailure } from '../core/input.ts';
import type { Notification } from '../core/notification.ts';
import { setOomScore } from '../system/oom-score.ts';
import { signalNumber } from '../system/signal-number.ts';
import { explainSpawnError, foreseeSpawnError } from './spawn-error.ts';
import type { Channel } from '../notify/worker-notification.ts';
import type { WorkerOptions } from './worker-options.ts';
import type { WorkerStdio } from '../output/worker-output.ts';

/** What a worker tells: first one of `spawned` and `failed`, and after `spawned` one `exited`. */
export interface WorkerListener {
  spawned(pid: number): void;
  failed(failure: SpawnFailure): void;
  /** It has told something of itself. */
  notified(told: Notification): void;
  /** @param exitCode - 0 to 255, or −N after signal N */
  exited(pid: number, exitCode: number, signal: NodeJS.Signals | null): void;
}

/** One child process of the supervisor, for those who look at it. */
export interface WorkerProcess {
  readonly pid: number;
  /** Its slot, 0 to N − 1. */
  readonly index: number;
  /** Null while it is alive; 0 to 255, or −N after signal N, as Python's `Process.exitcode`. */
  readonly exitCode: number | null;
  isAlive(): boolean;
  /**
   * Sends a signal to the process, or to its whole process group. One that is gone is no error.
   *
   * @throws Error with the system's code if it refuses for another reason, such as EPERM
   */
  kill(signal: Signal, target?: 'process' | 'group'): void;
}

/** One that was spawned by this process. */
export class SpawnedWorker implements WorkerProcess {
  readonly pid: number;
  readonly index: number;
  #exitCode: number | null = null;

  private constructor(
    index: number,
    pid: number,
    child: ChildProcess,
    release: () => void,
    listener: WorkerListener,
  ) {
    this.index = index;
    this.pid = pid;
    // join here and not on 'close', which waits for whoever inherited the worker's pipes
    child.once('exit', (code, signal) => {
      // its last words come before its exit is told
      release();
      this.#exitCode = exitCodeOf(code, signal);
      listener.exited(pid, this.#exitCode, signal);
    });
  }

  /**
   * Starts a worker as the leader of a session and a process group of its own, with the supervisor's
   * standard input.
   *
   * @returns null if that failed; the listener is told in every case
   */
  static start(
    index: number,
    command: Command,
    { oomScoreAdj, parentDeath, output, notification }: WorkerOptions,
    listener: WorkerListener,
  ): SpawnedWorker | null {
    let streams: WorkerStdio | undefined;
    let channel: Channel | undefined;
    const release = (): void => {
      streams?.release();
      channel?.release();
    };
    const fail = (error: unknown): null => {
      release();
      listener.failed(explainSpawnError(error, command));
      return null;
    };
    const error = parentDeath === null ? null : foreseeSpawnError(command);
    if (error !== null) return fail(error);
    let child: ChildProcess;
    try {
      streams = output.connect(index);
      channel = notification.connect((told) => {
        listener.notified(told);
      });
      const env = channel.environment(command.env);
      child = spawnChild({ ...command, env }, parentDeath, channel.stdio(streams.stdio));
    } catch (error) {
      // E2BIG, ENOTDIR and the like are thrown where others are emitted
      return fail(error);
    }
    if (child.pid === undefined) {
      child.once('error', fail);
      return null;
    }
    channel.attach(child);
    if (oomScoreAdj !== null) setOomScore(child.pid, oomScoreAdj);
    listener.spawned(child.pid);
    return new SpawnedWorker(index, child.pid, child, release, listener);
  }

  get exitCode(): number | null {
    return this.#exitCode;
  }

  isAlive(): boolean {
    return this.#exitCode === null;
  }

  kill(signal: Signal, target: 'process' | 'group' = 'process'): void {
    if (target === 'process' && !this.isAlive()) return;
    try {
      process.kill(target === 'group' ? -this.pid : this.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function spawnChild(
  command: Command,
  parentDeath: WorkerOptions['parentDeath'],
  stdio: StdioOptions,
): ChildProcess {
  const { file, args } = parentDeath === null ? command : underSetpriv(command, parentDeath);
  return spawn(file, args, {
    cwd: command.workingDir ?? undefined,
    env: command.env,
    stdio,
    // setsid: signals of a terminal reach the supervisor alone, which stops workers in order
    detached: true,
  });
}

function underSetpriv(
  { file, args }: Command,
  { signal, setpriv }: NonNullable<WorkerOptions['parentDeath']>,
): Pick<Command, 'file' | 'args'> {
  return { file: setpriv, args: ['--pdeathsig', signal, '--', file, ...args] };
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return signal === null ? (code ?? 0) : -signalNumber(signal);
}
