import { readdirSync, readFileSync } from 'node:fs';

/** Whether the process group has a member, be it a zombie that nobody has reaped. */
export function hasMembers(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Whether a member of the process group is alive. Zombies are told apart by /proc; where that cannot be
 * read, they count as alive.
 */
export function hasLiveMembers(group: number): boolean {
  if (!hasMembers(group)) return false;
  try {
    return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLiveMember(name, group));
  } catch {
    return true;
  }
}

/** From /proc/PID/stat (proc(5)): `PID (COMMAND) STATE PPID PGRP …`; the command may hold anything. */
function isLiveMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ', 3);
    return Number(pgrp) === group && !/[ZXx]/.test(state);
  } catch {
    return false;
  }
}
