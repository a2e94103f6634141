import { readFileSync, writeFileSync } from 'node:fs';

import type { MemoryCgroup } from '../cgroup.ts';

/** The most that the kernel takes for oom_score_adj. */
const MOST = 1000;

/** Raises a process's oom_score_adj over this one's own; raising needs no privilege. */
export function raiseOomScore(pid: number, by: number): void {
  const own = oomScoreAdj('self');
  if (own === null) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(Math.min(MOST, own + by)));
  } catch {
    // gone already, or of another user
  }
}

/** What an operator should know of memory before it runs out: one sentence each, with the remedy. */
export function memoryNotices(
  oomScore: number | false,
  cgroup: MemoryCgroup | null,
  own: number | null = oomScoreAdj('self'),
): readonly string[] {
  const notices: string[] = [];
  if (oomScore !== false && own !== null && own + oomScore > MOST) {
    notices.push(
      `The workers' oom_score_adj can be only ${MOST - own} above the supervisor's own (${own}), so out of memory may kill the supervisor instead of a worker; request more memory for the pod`,
    );
  }
  if (cgroup?.killsWholeGroup() === true) {
    notices.push(
      'memory.oom.group is set: out of memory kills the whole container, not one worker; set singleProcessOOMKill of the kubelet (1.32 or later), or give the container more memory',
    );
  }
  return notices;
}

function oomScoreAdj(pid: 'self'): number | null {
  try {
    return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'));
  } catch {
    return null;
  }
}
