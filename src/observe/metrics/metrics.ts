import { Registry } from 'prom-client';

import type { Event } from '../../core/event.ts';
import type { Status } from '../../core/status.ts';
import type { Answer } from '../http.ts';
import { buildInfo } from './build-info.ts';
import type { Family } from './family.ts';
import { ownProcess } from './process.ts';
import { orphansReaped } from './orphans-reaped.ts';
import { signalsReceived } from './signals-received.ts';
import { workerExits } from './worker-exits.ts';
import { workerRestarts } from './worker-restarts.ts';
import { workerSpawnErrors } from './worker-spawn-errors.ts';
import { workerState } from './worker-state.ts';
import { workerStarts } from './worker-starts.ts';
import { workersDesired } from './workers-desired.ts';
import { workersReady } from './workers-ready.ts';
import { workersRunning } from './workers-running.ts';

/** Every metric family, in the order of the exposition. */
const FAMILIES: readonly Family[] = [
  buildInfo,
  workersDesired,
  workersRunning,
  workersReady,
  workerState,
  workerStarts,
  workerRestarts,
  workerExits,
  workerSpawnErrors,
  signalsReceived,
  orphansReaped,
  ownProcess,
];

/** The metrics of one supervisor. */
export interface Metrics {
  /** Counts what the event says. */
  readonly observe: (event: Event) => void;
  /** The exposition in Prometheus' text format. */
  expose(): Promise<Answer>;
}

export function createMetrics(status: () => Status): Metrics {
  const registry = new Registry();
  const counters = FAMILIES.map((family) => family({ registry, status })).filter(
    (observe) => observe !== null,
  );
  return {
    observe: (event) => {
      for (const count of counters) count(event);
    },
    expose: async () => ({
      status: 200,
      type: registry.contentType,
      body: await registry.metrics(),
    }),
  };
}
