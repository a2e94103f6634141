import { cpuLimit } from '../system/cgroup.ts';
import type { Config } from './generated.ts';

/** How many workers are wanted, and what the number was derived from if it is not in the file. */
export interface WorkerCount {
  readonly count: number;
  readonly from: string | null;
}

/** `"auto"` is the cgroup's CPU limit rounded down, at least 1; without one, the usable CPUs. */
export function countWorkers({ workers }: Pick<Config, 'workers'>): WorkerCount {
  if (workers !== 'auto') return { count: workers, from: null };
  const limit = cpuLimit();
  if (limit !== null) {
    return { count: Math.max(1, Math.floor(limit)), from: `a CPU limit of ${limit}` };
  }
  const usable = process.getBuiltinModule('node:os').availableParallelism();
  return { count: usable, from: `${usable} usable CPUs, without a CPU limit` };
}
