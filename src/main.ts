import type { Config } from './config/generated.ts';
import { inheritedEnvironment } from './config/overrides.ts';
import type { ResolvedConfig } from './config/resolve.ts';
import type { Status } from './core/status.ts';
import { Multiprocess } from './multiprocess.ts';
import { serveHttp } from './observe/http.ts';
import type { HttpServer, Route } from './observe/http.ts';
import { ListenError } from './observe/listen.ts';
import { createLog, droppedLine } from './observe/log.ts';
import type { Log } from './observe/log.ts';
import { logObserver } from './observe/log-observer.ts';
import { Metrics } from './observe/metrics/metrics.ts';
import { routesOf } from './observe/routes.ts';
import { scrapeTargets } from './observe/worker-metrics/targets.ts';
import { openSink } from './observe/sink.ts';
import { sendTo } from './pid1/socket.ts';
import type { SignalSource } from './pid1/signals.ts';
import { WorkerOutput } from './worker-output.ts';

/** The exit status where the port is taken. */
const CANNOT_LISTEN = 1;

/** The exit status where the supervisor's own code has thrown. */
const BROKEN = 1;

/**
 * Puts the supervisor together and runs it to its end.
 *
 * @returns the exit status
 */
export async function supervise(
  { file, config }: ResolvedConfig,
  signals: SignalSource,
): Promise<number> {
  const output = new WorkerOutput(config.log, file ?? undefined);
  const sink =
    (await output.open()) ?? openSink(2, (dropped) => droppedLine(config.log, dropped), sendTo);
  const log = createLog(config.log, sink);
  const metrics = metricsOf(config, () => supervisor.status());
  const supervisor = new Multiprocess(config, {
    observers: [logObserver(log), metrics.observe],
    signals,
    output,
    ...(file === null ? {} : { source: file }),
  });
  const undo = logFaults(log, supervisor);
  try {
    return await serveAndRun(file, supervisor, metrics, log);
  } catch (error) {
    // the loop itself is broken; `run` has killed the workers
    logException(log, error);
    return BROKEN;
  } finally {
    undo();
    await sink.end(output.flushTime);
  }
}

function metricsOf(config: Config, status: () => Status): Metrics {
  const { workers } = config.metrics;
  const inherited = inheritedEnvironment(process.env);
  return new Metrics({
    status,
    signals: Object.keys(config.signals),
    targets:
      workers === undefined ? null : () => scrapeTargets(workers, config, status(), inherited),
  });
}

async function serveAndRun(
  file: string | null,
  supervisor: Multiprocess,
  metrics: Metrics,
  log: Log,
): Promise<number> {
  const { config } = supervisor;
  const routes = routesOf(config, () => supervisor.status(), metrics);
  const server = config.metrics.enabled ? await open(config.metrics, routes, log, file) : null;
  if (server === 'refused') return CANNOT_LISTEN;
  try {
    await supervisor.run();
  } finally {
    server?.close();
  }
  return supervisor.exitStatus;
}

/**
 * An exception that nobody has caught is logged as ours and stops the supervisor in order; a warning of
 * Node's is a line of the log. Returns what undoes it.
 */
function logFaults(log: Log, supervisor: Multiprocess): () => void {
  const onException = (error: unknown): void => {
    supervisor.giveUp(`an uncaught exception: ${logException(log, error)}`);
  };
  const onWarning = ({ name, message }: Error): void => {
    log({ level: 'warn', msg: `${name}: ${message}`, facts: {} });
  };
  // Node's own listener writes to standard error as it is, which may block
  process.removeAllListeners('warning');
  process.on('uncaughtException', onException);
  process.on('warning', onWarning);
  return () => {
    process.off('uncaughtException', onException);
    process.off('warning', onWarning);
  };
}

/** @returns its message */
function logException(log: Log, error: unknown): string {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  log({ level: 'error', msg: `Uncaught exception: ${message}`, facts: { stack } });
  return message;
}

async function open(
  config: Config['metrics'],
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
