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
  #groups: ReadonlyMap<number, boolean> | undefined;

  /**
   * Whether a member of the process group is alive. Zombies are told apart by /proc; whoever cannot be seen
   * there (it is not mounted, or hides the processes of others) counts as alive for as long as it is there.
   */
  hasLiveMembers(group: number): boolean {
    if (!hasMembers(group)) return false;
    this.#groups ??= visibleGroups();
    return this.#groups.get(group) ?? hasMembers(group);
  }
}

/** The groups of all processes that can be seen, and whether there is more than zombies in each. */
function visibleGroups(): ReadonlyMap<number, boolean> {
  const groups = new Map<number, boolean>();
  for (const pid of processIdsOrNone()) {
    const member = memberOf(pid);
    if (member === null) continue;
    groups.set(member.group, !member.isZombie || groups.get(member.group) === true);
  }
  return groups;
}

/** All processes that there are; none where /proc cannot be read. */
export function processIdsOrNone(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** The process group of a process; null if it is gone, or a zombie. */
export function liveGroupOf(pid: string): number | null {
  const member = memberOf(pid);
  return member === null || member.isZombie ? null : member.group;
}

/** From /proc/PID/stat (proc(5)): `PID (COMMAND) STATE PPID PGRP …`; the command may hold anything. */
function memberOf(pid: string): { readonly group: number; readonly isZombie: boolean } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
    return { group: Number(group), isZombie: /[ZXx]/.test(state) };
  } catch {
    return null;
  }
}
