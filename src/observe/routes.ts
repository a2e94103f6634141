import type { Config } from '../config/generated.ts';
import type { Status } from '../core/status.ts';
import { livez, readyz } from './health.ts';
import type { Route } from './http.ts';
import type { Metrics } from './metrics/metrics.ts';
import { page } from './page.ts';
import { statusDocument } from './status.ts';

/** What the server answers, by path. */
export function routesOf(
  config: () => Config,
  status: () => Status,
  metrics: Metrics,
): ReadonlyMap<string, Route> {
  const { path, page: hasPage } = config().metrics;
  return new Map<string, Route>([
    ['/livez', livez],
    ['/healthz', livez],
    ['/readyz', () => readyz(status(), config().minReady)],
    [path, metrics.route],
    ...(hasPage ? pageRoutes(status) : []),
  ]);
}

function pageRoutes(status: () => Status): readonly (readonly [string, Route])[] {
  return [
    ['/', page],
    [
      '/status',
      () => ({
        status: 200,
        type: 'application/json',
        body: `${JSON.stringify(statusDocument(status()))}\n`,
      }),
    ],
  ];
}
