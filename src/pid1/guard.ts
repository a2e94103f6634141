import { onExit } from 'signal-exit';

import { signalNumber } from '../system/signal-number.ts';

/**
 * The signals that end a process and that signal-exit does not know. SIGPROF belongs to V8's profiler where
 * Node was started with one.
 */
const FURTHER: readonly NodeJS.Signals[] = isProfiled() ? [] : ['SIGPROF'];

/** Ends this process without the hooks of `process.exit`, which have run by then. */
const exitNow = (process as unknown as { reallyExit(status: number): never }).reallyExit.bind(
  process,
);

/**
 * The last guard: whatever ends this process so that it can still act, the workers' process groups
 * are killed with it, synchronously.
 *
 * @param pids - the leaders of the groups that are alive at that instant
 * @returns what takes the guard away
 */
export function killOnExit(pids: () => readonly number[]): () => void {
  const leave = (signal: NodeJS.Signals): void => {
    process.exit(128 + signalNumber(signal));
  };
  for (const signal of FURTHER) if (process.listenerCount(signal) === 0) process.on(signal, leave);
  const forget = onExit((_, signal) => {
    killGroups(pids());
    // signal-exit sends itself the signal once more, which the kernel drops for PID 1
    if (signal !== null && process.pid === 1) exitNow(128 + signalNumber(signal));
  });
  return () => {
    for (const signal of FURTHER) process.off(signal, leave);
    forget();
  };
}

/** Sends SIGKILL to process groups; those that are gone are no error. */
export function killGroups(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // gone already, or not ours to kill: nothing more can be done here
    }
  }
}

function isProfiled(): boolean {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return /(?:^| )--(?:cpu-)?prof\b/.test(options);
}
