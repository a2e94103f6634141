import type { Socket } from 'node:net';

import type { Config } from '../config/generated.ts';
import { inheritedEnvironment } from '../config/overrides.ts';
import type { Event } from '../core/event.ts';
import { PROBE_NAMES, probeOf } from '../core/health.ts';
import type { Status } from '../core/status.ts';
import { createHttpServer } from './http.ts';
import { Metrics } from './metrics/metrics.ts';
import { routesOf } from './routes.ts';
import { scrapeTargets } from './worker-metrics/targets.ts';

/** What counts events and answers clients. */
export interface Answering {
  readonly observe: (event: Event) => void;
  readonly accept: (client: Socket) => void;
  readonly close: () => void;
}

export function createAnswering(config: () => Config, status: () => Status): Answering {
  const { signals, metrics: settings } = config();
  const { workers } = settings;
  const inherited = inheritedEnvironment(process.env);
  const metrics = new Metrics({
    status,
    signals: Object.keys(signals),
    probes: () => PROBE_NAMES.filter((probe) => probeOf(config(), probe) !== undefined),
    targets:
      workers === undefined ? null : () => scrapeTargets(workers, config(), status(), inherited),
  });
  const { accept, close } = createHttpServer(routesOf(config, status, metrics));
  return { observe: metrics.observe, accept, close };
}
