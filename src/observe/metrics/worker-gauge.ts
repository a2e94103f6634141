import { Gauge } from './client.ts';
import type { FamilyContext } from './family.ts';
import type { Snapshot } from './snapshot.ts';
import { workerSeries } from './worker-series.ts';

/**
 * Registers a gauge with the label `worker`.
 *
 * @param valuesOf - the value of each worker; null for one without a series
 */
export function workerGauge(
  { registry, snapshot }: FamilyContext,
  name: string,
  help: string,
  valuesOf: (snapshot: Snapshot) => readonly (readonly [worker: number, value: number | null])[],
): void {
  const gauge = new Gauge({
    name,
    help,
    labelNames: ['worker'],
    registers: [registry],
    collect() {
      update(valuesOf(snapshot()));
    },
  });
  const update = workerSeries<number>(
    (worker, value) => {
      gauge.set({ worker }, value);
    },
    (worker) => {
      gauge.remove({ worker });
    },
  );
}
