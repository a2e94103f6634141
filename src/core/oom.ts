/** What the cgroup's count of OOM kills says of one end. */
export interface OomVerdict {
  /** Null where it may be, and nothing can tell. */
  readonly oomKilled: boolean | null;
  /** How many of the kills counted are explained from now on. */
  readonly accounted: number;
}

/**
 * Whether the end may be that of a victim: SIGKILL, or a shell whose child got that. For any other the count
 * need not be looked at.
 *
 * @param exitCode - 0 to 255, or −N after signal N
 */
export function canBeOomKill(exitCode: number): boolean {
  return exitCode === -9 || exitCode === 137;
}

/**
 * Whether a worker that ended so was killed for want of memory: the count has risen by the time that the
 * victim's end is seen.
 *
 * @param exitCode - 0 to 255, or −N after signal N
 * @param kills - the cgroup's count; null where it cannot be had
 * @param accounted - how many of them are explained already
 */
export function oomVerdict(exitCode: number, kills: number | null, accounted: number): OomVerdict {
  if (!canBeOomKill(exitCode)) return { oomKilled: false, accounted };
  if (kills === null) return { oomKilled: null, accounted };
  const oomKilled = kills > accounted;
  return { oomKilled, accounted: oomKilled ? accounted + 1 : accounted };
}
