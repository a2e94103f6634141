import { readFileSync, writeFileSync } from 'node:fs';

import type { MemoryCgroup } from './cgroup.ts';
import type { Config } from '../config/generated.ts';
import { bytesOf, mebibytes } from '../core/quantity.ts';

/** The most that the kernel takes for oom_score_adj. */
const MOST = 1000;

/**
 * The oom_score_adj that is so much above this process's own, or the most there is; null where the kernel
 * does not tell. Raising needs no privilege.
 */
export function raisedOomScore(by: number): number | null {
  const own = oomScoreAdj('self');
  return own === null ? null : Math.min(MOST, own + by);
}

export function setOomScore(pid: number, score: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
  } catch {
    // gone already, or of another user
  }
}

/** What an operator should know of memory before it runs out: one sentence each, with the remedy. */
export function memoryNotices(
  config: Pick<Config, 'oomScoreAdj' | 'recycle'>,
  workers: number,
  cgroup: MemoryCgroup | null,
  own: number | null = oomScoreAdj('self'),
): readonly string[] {
  const wholeGroup =
    'memory.oom.group is set: out of memory kills the whole container, not one worker; set singleProcessOOMKill of the kubelet (1.32 or later), or give the container more memory';
  return [
    ...(own === null ? withoutProc(config) : scoreNotices(config, own)),
    ...(cgroup?.killsWholeGroup() === true ? [wholeGroup] : []),
    ...recycleNotices(config, workers, cgroup),
  ];
}

function scoreNotices({ oomScoreAdj: by }: Pick<Config, 'oomScoreAdj'>, own: number): string[] {
  if (by === false || own + by <= MOST) return [];
  return [
    `The workers' oom_score_adj can be only ${MOST - own} above the supervisor's own (${own}), so out of memory may kill the supervisor instead of a worker; request more memory for the pod`,
  ];
}

/** What has no effect there. Systems other than Linux have none of it. */
function withoutProc({ oomScoreAdj, recycle }: Pick<Config, 'oomScoreAdj' | 'recycle'>): string[] {
  if (process.platform !== 'linux') return [];
  const keys = [
    ...(oomScoreAdj === false ? [] : ['oomScoreAdj']),
    ...(recycle?.maxMemory === undefined ? [] : ['recycle.maxMemory']),
  ];
  return keys.map(
    (key) => `${key} has no effect, because /proc cannot be read; mount it in the container`,
  );
}

function recycleNotices(
  { recycle }: Pick<Config, 'recycle'>,
  workers: number,
  cgroup: MemoryCgroup | null,
): string[] {
  const limit = recycle?.maxMemory === undefined ? null : (cgroup?.limit() ?? null);
  const most = workers * bytesOf(recycle?.maxMemory ?? 0);
  if (limit === null || most <= limit) return [];
  return [
    `recycle.maxMemory lets ${workers} workers have ${mebibytes(most)} together, and the container's limit is ${mebibytes(limit)}: out of memory may come first; lower recycle.maxMemory, or give the container more memory`,
  ];
}

function oomScoreAdj(pid: 'self'): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
  } catch {
    return null;
  }
}
