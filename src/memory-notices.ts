import type { Config } from './config/generated.ts';
import { bytesOf, mebibytes } from './core/quantity.ts';
import type { MemoryCgroup } from './system/cgroup.ts';
import { MOST_OOM_SCORE, ownOomScore } from './system/oom-score.ts';

/** What an operator should know of memory before it runs out: one sentence each, with the remedy. */
export function memoryNotices(
  config: Pick<Config, 'oomScoreAdj' | 'recycle'>,
  workers: number,
  cgroup: MemoryCgroup | null,
  own: number | null = ownOomScore(),
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
  if (by === false || own + by <= MOST_OOM_SCORE) return [];
  return [
    `The workers' oom_score_adj can be only ${MOST_OOM_SCORE - own} above the supervisor's own (${own}), so out of memory may kill the supervisor instead of a worker; request more memory for the pod`,
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
