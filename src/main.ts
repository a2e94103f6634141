import type { ResolvedConfig } from './config/resolve.ts';
import { Multiprocess } from './multiprocess.ts';
import { livez, readyz } from './observe/health.ts';
import { ListenError, serveHttp } from './observe/http.ts';
import type { HttpServer, Route } from './observe/http.ts';
import { createLog } from './observe/log.ts';
import type { Log } from './observe/log.ts';
import { logObserver } from './observe/log-observer.ts';
import { createMetrics } from './observe/metrics/metrics.ts';
import type { SignalSource } from './pid1/signals.ts';

/** The exit status where the port is taken. */
const CANNOT_LISTEN = 1;

/**
 * Puts the supervisor together and runs it to its end.
 *
 * @returns the exit status
 */
export async function supervise(
  { file, config }: ResolvedConfig,
  signals: SignalSource,
): Promise<number> {
  const log = createLog(config.log, process.stderr);
  const metrics = createMetrics(() => supervisor.status());
  const supervisor = new Multiprocess(config, {
    observers: [logObserver(log), metrics.observe],
    signals,
  });
  const routes = new Map<string, Route>([
    ['/livez', livez],
    ['/healthz', livez],
    ['/readyz', () => readyz(supervisor.status(), config.minReady)],
    [
      config.metrics.path,
      async () => ({ status: 200, type: metrics.contentType, body: await metrics.expose() }),
    ],
  ]);
  const server = config.metrics.enabled ? await open(config.metrics, routes, log, file) : null;
  if (server === 'refused') return CANNOT_LISTEN;
  await supervisor.run();
  server?.close();
  return supervisor.exitStatus;
}

async function open(
  config: ResolvedConfig['config']['metrics'],
  routes: ReadonlyMap<string, Route>,
  log: Log,
  file: string | null,
): Promise<HttpServer | 'refused'> {
  try {
    const server = await serveHttp(config, routes);
    log({ level: 'info', msg: `Listening on ${server.url}`, facts: { port: server.port } });
    return server;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const place = file === null ? '' : `${file}: `;
    log({ level: 'error', msg: `${place}${error.message}`, facts: {} });
    return 'refused';
  }
}
