import type { Config } from '../config/generated.ts';

type Probed = Pick<Config, 'startupProbe' | 'readinessProbe' | 'livenessProbe'>;

const LOCAL = ['127.0.0.1', '::1', 'localhost'];

/**
 * What an operator should know of probes at start: one sentence each, with the remedy. A fixed port of this host is
 * one for all workers, and a probe of it asks whoever gets the connection.
 */
export function probeNotices(config: Probed, workers: number): readonly string[] {
  if (workers < 2) return [];
  return (['startupProbe', 'readinessProbe', 'livenessProbe'] as const)
    .filter((key) => isShared(config[key]))
    .map(
      (key) =>
        `${key} asks the same port for every worker, so that it may ask another worker than the one it is about; set portBase, and write "$(PORT)"`,
    );
}

function isShared(probe: Config['livenessProbe']): boolean {
  const target = probe?.httpGet ?? probe?.tcpSocket;
  if (target === undefined || !LOCAL.includes(target.host)) return false;
  return !JSON.stringify(target).includes('$(');
}
