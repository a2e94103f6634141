// What /proc says of processes.
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** [state, parent, …] of /proc/PID/stat (proc(5)), from the third field on; null if it is gone. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function nameOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}

/** Every process as `{ pid, state, parent }`. */
export function allProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const stat = statOf(pid);
      return stat === null ? [] : [{ pid: Number(pid), state: stat[0], parent: Number(stat[1]) }];
    });
}

/** Whether it was started with this in its environment; of somebody else's process that cannot be told. */
function hasInEnvironment(pid, text) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
  } catch {
    return false;
  }
}

/** The pids of all that have this in their environment. */
export function markedWith(text) {
  return allProcesses().flatMap(({ pid }) => (hasInEnvironment(pid, text) ? [pid] : []));
}

/** The process and all below it. */
export function treeOf(root) {
  const everybody = allProcesses();
  const tree = [root];
  for (const pid of tree) {
    for (const each of everybody) if (each.parent === pid) tree.push(each.pid);
  }
  return tree;
}

/** The processes of a supervisor itself: its first one, and those of these names below it. */
export function ownProcesses(root, names) {
  return treeOf(root).filter((pid) => pid === root || names.includes(nameOf(pid)));
}

/** Seconds of CPU that it has used, its ended children not counted. */
export function cpuSeconds(pid) {
  const [user, system] = (statOf(pid) ?? []).slice(11, 13).map(Number);
  return (user + system) / TICKS_PER_SECOND;
}

/** MB of memory: resident, and its share of what is shared. */
export function memoryOf(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const kilobytes = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
  return { rss: kilobytes('Rss') / 1024, pss: kilobytes('Pss') / 1024 };
}

/** How often its threads have been switched to and from. */
export function contextSwitches(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1');
    for (const [, count] of status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)/gm)) {
      sum += Number(count);
    }
  }
  return sum;
}

export function descriptorsOf(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}
