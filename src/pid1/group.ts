import { readdirSync, readFileSync } from 'node:fs';

/** Whether the process group has a member, be it a zombie that nobody has reaped. */
export function hasMembers(group: number): boolean {
  const { stackTraceLimit } = Error;
  // the usual answer is an exception, and to note its stack takes longer than to ask
  Error.stackTraceLimit = 0;
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * One look at all processes, for as many groups as there are to check; it is taken when the first group
 * asks for it.
 */
export class GroupScan {
  #live: ReadonlySet<number> | null | undefined;

  /**
   * Whether a member of the process group is alive. Zombies are told apart by /proc; where that cannot be
   * read, they count as alive.
   */
  hasLiveMembers(group: number): boolean {
    if (!hasMembers(group)) return false;
    if (this.#live === undefined) this.#live = liveGroups();
    return this.#live === null || this.#live.has(group);
  }
}

/** The groups of all processes that are no zombies; null where /proc cannot be read. */
function liveGroups(): ReadonlySet<number> | null {
  try {
    return new Set(processIds().flatMap((pid) => liveGroupOf(pid) ?? []));
  } catch {
    return null;
  }
}

/**
 * All processes that there are.
 *
 * @throws where /proc cannot be read
 */
export function processIds(): readonly string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

/**
 * The process group of a process; null if it is gone, or a zombie.
 *
 * From /proc/PID/stat (proc(5)): `PID (COMMAND) STATE PPID PGRP …`; the command may hold anything.
 */
export function liveGroupOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
    return /[ZXx]/.test(state) ? null : Number(group);
  } catch {
    return null;
  }
}
