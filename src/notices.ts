import type { MemoryCgroup } from './system/cgroup.ts';
import type { Config } from './config/generated.ts';
import { probeNotices } from './core/probe-notices.ts';
import { memoryNotices } from './memory-notices.ts';

/** What an operator should know at start: one sentence each, with the remedy. */
export function noticesAtStart(
  config: Config,
  workers: number,
  cgroup: MemoryCgroup | null,
): readonly string[] {
  return [...memoryNotices(config, workers, cgroup), ...probeNotices(config, workers)];
}
