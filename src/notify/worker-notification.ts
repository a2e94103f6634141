import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Readable } from 'node:stream';

import type { Config } from '../config/generated.ts';
import { lacking } from '../config/lacking.ts';
import type { Environment } from '../core/command.ts';
import type { Notification } from '../core/notification.ts';
import type { NotifySocket } from './notify-socket.ts';

type Told = (notification: Notification) => void;

/** How one worker tells of itself. */
export interface Channel {
  /** The worker's environment with what it has to know. */
  environment(env: Environment): Environment;
  /** Its standard streams, and what else it gets. */
  stdio(stdio: StdioOptions): StdioOptions;
  /** To be called when it has been started. */
  attach(child: ChildProcess): void;
  /** To be called when it has ended, or could not be started. */
  release(): void;
}

/** Of a worker that does not tell. */
const NOTHING: Channel = {
  environment: (env) => env,
  stdio: (stdio) => stdio,
  attach: () => undefined,
  release: () => undefined,
};

/** What a service manager above this one has said to it alone. */
const NOT_FOR_WORKERS = ['NOTIFY_SOCKET', 'WATCHDOG_PID', 'WATCHDOG_USEC'];

/** Bytes after which a line is not waited for any longer. */
const LONGEST_LINE = 4096;

/** How the workers tell that they are ready, as `notify` says. Without it nothing is loaded. */
export class WorkerNotification {
  readonly #config: Config['notify'];
  readonly #source: string;
  #openSocket: ((told: Told) => NotifySocket) | undefined;

  /** @param source - how messages name the configuration */
  constructor(config: Config['notify'], source = 'configuration') {
    this.#config = config;
    this.#source = source;
  }

  /**
   * Loads what is needed; to be awaited before the first worker is started. A second time it does nothing.
   *
   * @throws ConfigError if what it needs is not on this machine
   */
  async open(): Promise<void> {
    if (this.#config?.socket !== true || this.#openSocket !== undefined) return;
    const { bindDatagrams } = await import('../system/datagrams.ts');
    const { NotifySocket } = await import('./notify-socket.ts');
    const datagrams = await bindDatagrams().catch((error: unknown) => {
      const need = 'koffi for this platform, which it needs (or notify.fd, which does not)';
      throw lacking(this.#source, '/notify/socket', need, error);
    });
    this.#openSocket = (told) => new NotifySocket(datagrams, told);
  }

  /**
   * How a worker tells of itself that is going to be started.
   *
   * @throws an error with the system's code, such as EMFILE
   */
  connect(told: Told): Channel {
    if (this.#config?.fd !== undefined) return lineOn(this.#config.fd, told);
    return this.#openSocket === undefined ? NOTHING : this.#socketFor(this.#openSocket(told));
  }

  #socketFor(socket: NotifySocket): Channel {
    const { watchdogSeconds } = this.#config ?? {};
    return {
      ...NOTHING,
      environment: (inherited) => {
        const env = Object.assign(Object.create(null) as Record<string, string>, inherited);
        for (const name of NOT_FOR_WORKERS) Reflect.deleteProperty(env, name);
        env['NOTIFY_SOCKET'] = socket.address;
        if (watchdogSeconds !== undefined) env['WATCHDOG_USEC'] = microseconds(watchdogSeconds);
        return env;
      },
      release: () => {
        socket.close();
      },
    };
  }
}

/** s6's protocol: a line on a descriptor, which is closed then. */
function lineOn(descriptor: number, told: Told): Channel {
  let stream: Readable | undefined;
  return {
    ...NOTHING,
    stdio: (stdio) => {
      const standard = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio];
      const between = Array.from({ length: descriptor - standard.length }, () => 'ignore' as const);
      return [...standard, ...between, 'pipe'];
    },
    attach: (child) => {
      stream = child.stdio[descriptor] as Readable;
      readLine(stream, () => {
        told({ ready: true });
      });
    },
    release: () => {
      stream?.destroy();
    },
  };
}

function readLine(stream: Readable, listener: () => void): void {
  let length = 0;
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    const isLine = chunk.includes('\n');
    if (isLine || length > LONGEST_LINE) stream.destroy();
    if (isLine) listener();
  });
}

function microseconds(seconds: number): string {
  return String(Math.round(seconds * 1e6));
}
