import type { RestartCounts } from '../core/state.ts';

/** A number, and what it is made of. */
export interface Total {
  readonly text: string;
  /** Such as `3 signal, 1 oom`, the most frequent first; empty for 0. */
  readonly detail: string;
}

/** The restarts of one or several workers, by the reason of the end before. */
export function totalOf(restarts: readonly RestartCounts[]): Total {
  const counts = new Map<string, number>();
  for (const [reason, count] of restarts.flatMap((each) => Object.entries(each))) {
    counts.set(reason, (counts.get(reason) ?? 0) + count);
  }
  const parts = [...counts].filter(([, count]) => count > 0);
  return {
    text: String(parts.reduce((sum, [, count]) => sum + count, 0)),
    detail: parts
      .sort(([, one], [, other]) => other - one)
      .map(([reason, count]) => `${count} ${reason}`)
      .join(', '),
  };
}
