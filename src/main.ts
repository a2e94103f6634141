import { AfterStart } from './after-start.ts';
import type { Config } from './config/generated.ts';
import { rereader } from './config/reread.ts';
import type { ConfigArguments, ResolvedConfig } from './config/resolve.ts';
import type { Control } from './control/control.ts';
import { keepHeapSmall } from './heap.ts';
import { Multiprocess } from './multiprocess.ts';
import type { MultiprocessOptions } from './multiprocess-options.ts';
import { Endpoint } from './observe/endpoint.ts';
import { isListenError } from './observe/listen.ts';
import { createLog, droppedLine } from './observe/log.ts';
import type { Log } from './observe/log.ts';
import { logObserver } from './observe/log-observer.ts';
import { openSink } from './observe/sink.ts';
import type { Sink } from './observe/sink.ts';
import { sendTo } from './system/socket.ts';
import type { SignalSource } from './pid1/signals.ts';
import { keepStandardErrorBlocking } from './output/standard-error.ts';
import { Watching } from './config/watching.ts';
import { WorkerNotification } from './notify/worker-notification.ts';
import { WorkerOutput } from './output/worker-output.ts';

/** The exit status where the port is taken. */
const CANNOT_LISTEN = 1;

/** The exit status where the supervisor's own code has thrown. */
const BROKEN = 1;

/** The supervisor of the program, with its port. */
class Supervisor extends Multiprocess {
  readonly endpoint: Endpoint | null;
  readonly #afterStart: AfterStart;

  constructor(
    { file, config }: ResolvedConfig,
    afterStart: AfterStart,
    options: MultiprocessOptions,
  ) {
    const endpoint = config.metrics.enabled
      ? new Endpoint(
          () => this.config,
          () => this.status(),
        )
      : null;
    const { observers = [] } = options;
    super(config, {
      ...options,
      observers: endpoint === null ? observers : [...observers, endpoint.observe],
      ...(file === null ? {} : { source: file }),
    });
    this.endpoint = endpoint;
    this.#afterStart = afterStart;
    afterStart.add(() => endpoint?.load());
  }

  override async startup(): Promise<void> {
    await super.startup();
    this.#afterStart.begin();
  }

  override async shutdown(): Promise<void> {
    this.#afterStart.cancel();
    await super.shutdown();
  }
}

/**
 * Puts the supervisor together and runs it to its end.
 *
 * @returns the exit status
 */
export async function supervise(
  resolved: ResolvedConfig,
  given: ConfigArguments,
  signals: SignalSource,
): Promise<number> {
  keepStandardErrorBlocking();
  const { file, config } = resolved;
  const afterStart = new AfterStart();
  afterStart.add(keepHeapSmall);
  const output = new WorkerOutput(config.log, file ?? undefined);
  const notification = new WorkerNotification(config.notify, file ?? undefined);
  await notification.open();
  const sink = (await output.open()) ?? openLog(config, afterStart);
  const log = createLog(config.log, sink);
  const supervisor = new Supervisor(resolved, afterStart, {
    observers: [logObserver(log)],
    signals,
    output,
    notification,
    ...(file === null ? {} : { reread: rereader(resolved, given, process.env, process.cwd()) }),
  });
  const undo = logFaults(log, supervisor);
  const watching = new Watching(resolved, supervisor, log);
  afterStart.add(() => {
    watching.begin();
  });
  try {
    return await listenAndRun(supervisor, log, file);
  } catch (error) {
    // the loop itself is broken; `run` has killed the workers
    logException(log, error);
    return BROKEN;
  } finally {
    watching.end();
    undo();
    await sink.end(output.flushTime);
  }
}

/** Standard error as the log's own. */
function openLog({ log }: Config, afterStart: AfterStart): Sink {
  const describe = (dropped: number): string => droppedLine(log, dropped);
  return openSink(2, describe, (descriptor) => {
    return new Promise((resolve) => {
      afterStart.add(() => {
        resolve(sendTo(descriptor));
      });
    });
  });
}

async function listenAndRun(
  supervisor: Supervisor,
  log: Log,
  file: string | null,
): Promise<number> {
  const { endpoint } = supervisor;
  let control: Control | undefined;
  try {
    if (endpoint !== null) await listen(endpoint, log);
    control = await openControl(supervisor, log);
    await supervisor.run();
  } catch (error) {
    if (!isListenError(error)) throw error;
    log({ level: 'error', msg: `${file === null ? '' : `${file}: `}${error.message}`, facts: {} });
    return CANNOT_LISTEN;
  } finally {
    await control?.close();
    endpoint?.close();
  }
  return supervisor.exitStatus;
}

async function openControl(supervisor: Supervisor, log: Log): Promise<Control | undefined> {
  const { socket } = supervisor.config.control;
  if (socket === false) return undefined;
  const { Control } = await import('./control/control.ts');
  const control = await Control.open(socket, supervisor);
  log({ level: 'info', msg: `Listening on ${socket}`, facts: { socket } });
  return control;
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

/** @throws ListenError if the port cannot be had */
async function listen(endpoint: Endpoint, log: Log): Promise<void> {
  const { url, port } = await endpoint.listen();
  log({ level: 'info', msg: `Listening on ${url}`, facts: { port } });
}
