import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reads a file; null where it cannot be read. */
export type ReadText = (path: string) => string | null;

/**
 * The CPU limit of this process's cgroup and those above it, as far as they can be seen.
 *
 * @returns how many CPUs' worth of time, or null without a limit
 */
export function cpuLimit(read: ReadText = readText): number | null {
  const v2 = cgroupDirectories('cgroup2', '', read).map((path) => quotaOfV2(path, read));
  const v1 = cgroupDirectories('cgroup', 'cpu', read).map((path) => quotaOfV1(path, read));
  const limit = Math.min(...[...v2, ...v1].filter((quota) => quota !== null));
  return Number.isFinite(limit) ? limit : null;
}

/** What the memory controller of this process's own cgroup says. */
export interface MemoryCgroup {
  /** How many processes the kernel has killed for want of memory; null where it is not counted. */
  oomKills(): number | null;
  /** Whether it kills all of them together (v2: memory.oom.group). */
  killsWholeGroup(): boolean;
  /** Bytes that it may have, by its own limit and those above it as far as they can be seen; null without one. */
  limit(): number | null;
}

/** Bytes: what cgroup v1 says for none is the largest number of pages that there could be. */
const NO_LIMIT = 2 ** 62;

/** Null where there is no memory controller to be seen. */
export function memoryCgroup(read: ReadText = readText): MemoryCgroup | null {
  const readOnce = remembering(read);
  const allV2 = cgroupDirectories('cgroup2', '', readOnce);
  const allV1 = cgroupDirectories('cgroup', 'memory', readOnce);
  const [v2, v1] = [allV2.at(-1), allV1.at(-1)];
  const files = [
    ...(v2 === undefined ? [] : [join(v2, 'memory.events')]),
    ...(v1 === undefined ? [] : [join(v1, 'memory.oom_control')]),
  ];
  const counter = files.find((file) => oomKillsIn(read(file)) !== null);
  if (counter === undefined) return null;
  return {
    oomKills: () => oomKillsIn(read(counter)),
    killsWholeGroup: () => v2 !== undefined && read(join(v2, 'memory.oom.group'))?.trim() === '1',
    limit: () => {
      const files = [
        ...allV2.map((directory) => join(directory, 'memory.max')),
        ...allV1.map((directory) => join(directory, 'memory.limit_in_bytes')),
      ];
      // `max` is no number
      const limits = files.map((file) => Number.parseInt(read(file) ?? '', 10));
      const least = Math.min(...limits.filter((limit) => limit < NO_LIMIT));
      return Number.isFinite(least) ? least : null;
    },
  };
}

/** A line `oom_kill N`, in both versions. */
function oomKillsIn(text: string | null): number | null {
  const count = /^oom_kill (\d+)$/m.exec(text ?? '')?.[1];
  return count === undefined ? null : Number(count);
}

/** cgroup v2: `QUOTA PERIOD` in microseconds, or `max PERIOD`. */
function quotaOfV2(directory: string, read: ReadText): number | null {
  const [quota, period] = (read(join(directory, 'cpu.max')) ?? '').trim().split(' ').map(Number);
  return ratio(quota, period);
}

/** cgroup v1: a quota of −1 is none. */
function quotaOfV1(directory: string, read: ReadText): number | null {
  const quota = read(join(directory, 'cpu.cfs_quota_us'));
  const period = read(join(directory, 'cpu.cfs_period_us'));
  return quota === null || period === null ? null : ratio(Number(quota), Number(period));
}

function ratio(quota: number | undefined, period: number | undefined): number | null {
  if (quota === undefined || period === undefined) return null;
  return quota > 0 && period > 0 ? quota / period : null;
}

/**
 * The directories of this process's cgroup in one hierarchy: its own and those above it, up to where
 * the hierarchy is mounted.
 *
 * @param controller - of cgroup v1; empty for v2
 */
function cgroupDirectories(type: string, controller: string, read: ReadText): readonly string[] {
  const path = cgroupPath(controller, read);
  const mount = mountOf(type, controller, read);
  if (path === null || mount === null) return [];
  // a container without a cgroup namespace sees the host's path, of which its mount is the end
  const inside = path === mount.root || path.startsWith(`${mount.root.replace(/\/$/, '')}/`);
  const names = (inside ? path.slice(mount.root.length) : '').split('/').filter(Boolean);
  return [mount.point, ...names.map((_, end) => join(mount.point, ...names.slice(0, end + 1)))];
}

/** From `/proc/self/cgroup`: lines of `ID:CONTROLLERS:PATH`, without controllers for v2. */
function cgroupPath(controller: string, read: ReadText): string | null {
  for (const line of (read('/proc/self/cgroup') ?? '').split('\n')) {
    const match = /^\d+:([^:]*):(.*)$/.exec(line);
    if (match?.[1]?.split(',').includes(controller) === true) return match[2] ?? null;
  }
  return null;
}

/** From `/proc/self/mountinfo` (proc(5)): `… ROOT POINT OPTIONS … - TYPE SOURCE SUPEROPTIONS`. */
function mountOf(
  type: string,
  controller: string,
  read: ReadText,
): { readonly root: string; readonly point: string } | null {
  for (const line of (read('/proc/self/mountinfo') ?? '').split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ');
    const [mountType, , options = ''] = after.split(' ');
    const matches =
      mountType === type && (controller === '' || options.split(',').includes(controller));
    if (matches && root !== undefined && point !== undefined) return { root, point };
  }
  return null;
}

/** The kernel writes /proc/self/mountinfo anew for whoever reads it. */
function remembering(read: ReadText): ReadText {
  const texts = new Map<string, string | null>();
  return (path) => {
    if (!texts.has(path)) texts.set(path, read(path));
    return texts.get(path) ?? null;
  };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
