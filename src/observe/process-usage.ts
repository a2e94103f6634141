import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { endianness } from 'node:os';

/** What a process uses, at one moment. */
export interface ProcessUsage {
  /** Seconds of user and system time since its start, its children's not included. */
  readonly cpuSeconds: number;
  readonly residentMemoryBytes: number;
  readonly threads: number;
}

/** How /proc counts CPU time: USER_HZ, 100 on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Of the auxiliary vector: the size of a page (getauxval(3)). */
const AT_PAGESZ = 6n;

/**
 * From /proc/PID/stat (proc(5)).
 *
 * @returns null where the process is gone, or /proc cannot be read
 */
export function processUsage(pid: number): ProcessUsage | null {
  const stat = readStat(pid);
  if (stat === null) return null;
  // the second field may hold anything, so the third is the first behind its last bracket
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  if (fields[0] === 'Z') return null;
  return {
    cpuSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    residentMemoryBytes: field(24) * pageSize(),
    threads: field(20),
  };
}

/** Its one line is far shorter. */
const buffer = Buffer.alloc(4096);

/** In fewer system calls than `readFileSync` needs, because every scrape reads one for each worker. */
function readStat(pid: number): string | null {
  let file: number;
  try {
    file = openSync(`/proc/${pid}/stat`, 'r');
  } catch {
    return null;
  }
  try {
    return buffer.toString('latin1', 0, readSync(file, buffer));
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

/** How many file descriptors a process has open; null where that cannot be seen. */
export function openFds(pid: number): number | null {
  const directory = `/proc/${pid}/fd`;
  try {
    // since Linux 6.2 its size says it, for a fraction of the time; before, that is 0
    return statSync(directory).size || readdirSync(directory).length;
  } catch {
    return null;
  }
}

let knownPageSize: number | undefined;

/** Bytes: 4096, but for some kernels on ARM and POWER. */
function pageSize(): number {
  return (knownPageSize ??= readPageSize());
}

function readPageSize(): number {
  const vector = readFileSync('/proc/self/auxv');
  const read = endianness() === 'LE' ? 'readBigUInt64LE' : 'readBigUInt64BE';
  for (let offset = 0; offset + 16 <= vector.length; offset += 16) {
    if (vector[read](offset) === AT_PAGESZ) return Number(vector[read](offset + 8));
  }
  return 4096;
}
