import { onExit } from 'signal-exit';

/**
 * The last guard: whatever ends this process so that it can still act, the workers' process groups
 * are killed with it, synchronously.
 *
 * @param pids - the leaders of the groups that are alive at that instant
 * @returns what takes the guard away
 */
export function killOnExit(pids: () => readonly number[]): () => void {
  return onExit(() => {
    killGroups(pids());
  });
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
