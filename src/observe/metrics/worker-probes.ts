import { PROBE_NAMES, PROBE_RESULTS } from '../../core/health.ts';
import { Counter } from './client.ts';
import type { Family, Observation } from './family.ts';

export const workerProbes: Family = ({ registry, probes }) => {
  const results = new Counter({
    name: 'supervisor_worker_probe_total',
    help: 'How many times a worker has been probed, by the probe and what it has come to.',
    labelNames: ['worker', 'probe', 'result'],
    registers: [registry],
  });
  const workers = new Set<number>();
  const begin = (worker: number): void => {
    for (const probe of probes()) {
      for (const result of PROBE_RESULTS) results.inc({ worker, probe, result }, 0);
    }
  };
  return (event) => {
    if (event.type === 'worker-started' && event.start === 1) {
      workers.add(event.worker);
      begin(event.worker);
    }
    if (event.type === 'config-reloaded' && hasOtherProbes(event)) workers.forEach(begin);
    if (event.type === 'worker-probed') {
      const { worker, probe, result } = event;
      results.inc({ worker, probe, result });
    }
  };
};

/** Whether a probe has come, or gone: one that is changed is known by its keys. */
function hasOtherProbes({ changed }: Observation & { type: 'config-reloaded' }): boolean {
  return PROBE_NAMES.some((probe) => changed.includes(`/${probe}Probe`));
}
