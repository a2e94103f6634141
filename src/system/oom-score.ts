import { readFileSync, writeFileSync } from 'node:fs';

/** The most that the kernel takes for oom_score_adj (proc(5)). */
export const MOST_OOM_SCORE = 1000;

/**
 * The oom_score_adj that is so much above this process's own, or the most there is; null where the kernel
 * does not tell. Raising needs no privilege.
 */
export function raisedOomScore(by: number): number | null {
  const own = ownOomScore();
  return own === null ? null : Math.min(MOST_OOM_SCORE, own + by);
}

export function setOomScore(pid: number, score: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(score));
  } catch {
    // gone already, or of another user
  }
}

/** This process's oom_score_adj; null where the kernel does not tell. */
export function ownOomScore(): number | null {
  try {
    return Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  } catch {
    return null;
  }
}
