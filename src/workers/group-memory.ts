import { readFileSync } from 'node:fs';

import type { GroupToSample } from '../core/effect.ts';
import type { MemorySample } from '../core/input.ts';
import { liveGroupOf, processIdsOrNone } from '../pid1/group.ts';
import { nextTurn, SLICE } from '../loop/turn.ts';

/** What a look at the memory has come to. */
export interface Look {
  /** Of the groups that are there. */
  readonly samples: readonly MemorySample[];
  /** Seconds of work that it took. */
  readonly seconds: number;
}

/**
 * How much anonymous and shared memory process groups have: what is theirs and cannot be had back. The resident
 * parts of each member are added up first; where that is more than the group's limit and there are several members,
 * pages that they share count once (the proportional set size, which takes the kernel longer to tell).
 *
 * All of it is read in slices of a turn each. A process that goes away meanwhile is no error.
 */
export async function sampleMemory(groups: readonly GroupToSample[]): Promise<Look> {
  const work = new Work();
  const members = await membersOf(new Set(groups.map(({ pid }) => pid)), work);
  const samples: MemorySample[] = [];
  for (const { worker, start, pid, limit } of groups) {
    const bytes = await work.slice(() => bytesOfGroup(members.get(pid) ?? [], limit));
    if (bytes !== null) samples.push({ worker, start, bytes });
  }
  return { samples, seconds: work.seconds };
}

/** Work that is done in slices, and how long it has taken. */
class Work {
  seconds = 0;
  #done = 0;

  async slice<T>(part: () => T): Promise<T> {
    this.#done += 1;
    if (this.#done % SLICE === 0) await nextTurn();
    const begun = performance.now();
    try {
      return part();
    } finally {
      this.seconds += (performance.now() - begun) / 1000;
    }
  }
}

/** The processes of each group, by its leader. */
async function membersOf(
  leaders: ReadonlySet<number>,
  work: Work,
): Promise<ReadonlyMap<number, readonly string[]>> {
  const members = new Map<number, string[]>();
  for (const pid of await work.slice(processIdsOrNone)) {
    const group = await work.slice(() => liveGroupOf(pid));
    if (group === null || !leaders.has(group)) continue;
    const known = members.get(group);
    if (known === undefined) members.set(group, [pid]);
    else known.push(pid);
  }
  return members;
}

/** Null where nobody is there any more. */
function bytesOfGroup(members: readonly string[], limit: number): number | null {
  const resident = members.map(residentBytes).filter((bytes) => bytes !== null);
  if (resident.length === 0) return null;
  const sum = resident.reduce((total, bytes) => total + bytes, 0);
  if (resident.length === 1 || sum <= limit) return sum;
  return members.reduce(
    (total, pid) => total + (proportionalBytes(pid) ?? residentBytes(pid) ?? 0),
    0,
  );
}

/** RssAnon and RssShmem of /proc/PID/status (proc(5), Linux 4.5 or later). */
function residentBytes(pid: string): number | null {
  return sumOf(`/proc/${pid}/status`, /^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

/** Pss_Anon and Pss_Shmem of /proc/PID/smaps_rollup (Linux 5.4 or later); another user's is not readable. */
function proportionalBytes(pid: string): number | null {
  return sumOf(`/proc/${pid}/smaps_rollup`, /^Pss_(?:Anon|Shmem):\s+(\d+) kB$/gm);
}

/** Bytes; null where the file cannot be read, or does not tell. */
function sumOf(path: string, lines: RegExp): number | null {
  try {
    const found = [...readFileSync(path, 'latin1').matchAll(lines)];
    if (found.length === 0) return null;
    return found.reduce((total, [, kibibytes]) => total + Number(kibibytes) * 1024, 0);
  } catch {
    return null;
  }
}
