import type { MemoryCgroup } from '../../system/cgroup.ts';
import type { Status } from '../../core/status.ts';
import { processUsage } from '../process-usage.ts';
import type { ProcessUsage } from '../process-usage.ts';
import type { WorkerScrape } from '../worker-metrics/worker-metrics.ts';

/** What all families of one exposition see, so that they agree with each other. */
export interface Snapshot {
  readonly status: Status;
  /** What the process of each worker uses, by the worker's index; those without one are not there. */
  readonly usage: ReadonlyMap<number, ProcessUsage>;
  /** How many OOM kills the container's cgroup has counted; null where it does not. */
  readonly oomKills: number | null;
  /** What the scrapes of the workers have come to; none where they are not scraped. */
  readonly scrapes: readonly WorkerScrape[];
}

export function takeSnapshot(
  status: Status,
  cgroup: MemoryCgroup | null,
  scrapes: readonly WorkerScrape[],
): Snapshot {
  return { status, usage: usageOf(status), oomKills: cgroup?.oomKills() ?? null, scrapes };
}

function usageOf({ workers }: Status): ReadonlyMap<number, ProcessUsage> {
  const usage = new Map<number, ProcessUsage>();
  for (const { index, pid } of workers) {
    const used = pid === null ? null : processUsage(pid);
    if (used !== null) usage.set(index, used);
  }
  return usage;
}
