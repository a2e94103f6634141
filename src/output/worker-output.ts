import type { StdioOptions } from 'node:child_process';

import type { Config } from '../config/generated.ts';
import { lacking } from '../config/lacking.ts';
import { droppedLine } from '../observe/log.ts';
import type { LogStream } from '../observe/log.ts';
import type { Sink } from '../observe/sink.ts';
import type { Relay } from './relay.ts';
import { bindLibc } from '../system/libc.ts';

/** Milliseconds that the last lines of the log have to be read, and with them those of the workers. */
const FLUSH_TIME = 500;
const FLUSH_TIME_OF_WORKERS = 2000;

/** The standard streams of one worker. */
export interface WorkerStdio {
  readonly stdio: StdioOptions;
  /** To be called when the worker has ended, or could not be started. */
  readonly release: () => void;
}

const INHERITED: WorkerStdio = { stdio: 'inherit', release: () => undefined };

/** Where the workers' standard output and error go, as `log.workers` says. For `inherit` nothing is loaded. */
export class WorkerOutput {
  readonly #config: Config['log'];
  readonly #source: string;
  #relay: Relay | null = null;

  /** @param source - how messages name the configuration */
  constructor(config: Config['log'], source = 'configuration') {
    this.#config = config;
    this.#source = source;
  }

  /**
   * Opens what is needed; to be awaited before the first worker is started.
   *
   * @returns where the log is to be written to, because standard error is written to here; null for `inherit`
   * @throws ConfigError if what it needs is not on this machine
   */
  async open(): Promise<Sink | null> {
    const { workers } = this.#config;
    if (workers === 'inherit') return null;
    const { Relay } = await import('./relay.ts');
    const libc = await bindLibc().catch((error: unknown) => {
      const need = `koffi for this platform, which "${workers}" needs (or "inherit", which does not)`;
      throw lacking(this.#source, '/log/workers', need, error);
    });
    this.#relay = new Relay(workers, libc, (dropped) => droppedLine(this.#config, dropped));
    return this.#relay;
  }

  /** A log on standard error that is in one with the workers' lines while these are written there. */
  logOn(stderr: LogStream): LogStream {
    return {
      isTTY: stderr.isTTY === true,
      write: (text) => (this.#relay ?? stderr).write(text),
    };
  }

  /**
   * The standard streams for a worker that is going to be started.
   *
   * @throws an error with the system's code, such as EMFILE, if they cannot be had
   */
  connect(index: number): WorkerStdio {
    return this.#relay?.connect(index) ?? INHERITED;
  }

  /** Milliseconds that the last lines have to be read. */
  get flushTime(): number {
    return this.#relay === null ? FLUSH_TIME : FLUSH_TIME_OF_WORKERS;
  }

  /** Waits until everything is written that the workers have written, at most for `flushTime`. */
  async end(): Promise<void> {
    const relay = this.#relay;
    this.#relay = null;
    await relay?.end(FLUSH_TIME_OF_WORKERS);
  }
}
