import type { Config } from '../../config/generated.ts';
import { environmentOf, expand } from '../../core/command.ts';
import type { Environment } from '../../core/command.ts';
import { portOf } from '../../core/port.ts';
import type { Status } from '../../core/status.ts';
import type { ScrapeTarget } from './scrape.ts';

/** Where `metrics.workers` is configured. */
export type WorkerMetricsConfig = NonNullable<Config['metrics']['workers']>;

/**
 * Where the metrics of every running worker are, by its own environment.
 *
 * @param inherited - what the workers inherit of the supervisor's environment
 */
export function scrapeTargets(
  { port, path }: WorkerMetricsConfig,
  config: Config,
  { desired, workers }: Status,
  inherited: Environment,
): readonly ScrapeTarget[] {
  return workers
    .filter(({ state }) => state === 'running')
    .map(({ index, starts }) => {
      const env = environmentOf(config, inherited, { index, count: desired, starts });
      return { worker: index, port: portOf(expand(String(port), env)), path: expand(path, env) };
    });
}
