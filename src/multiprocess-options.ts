import type { Rereader } from './config/reread.ts';
import type { WorkerNotification } from './notify/worker-notification.ts';
import type { Observer } from './observers.ts';
import type { WorkerOutput } from './output/worker-output.ts';
import type { SignalSource } from './pid1/signals.ts';

/** What a program may put in the place of what a supervisor has by itself. */
export interface MultiprocessOptions {
  /** How messages name the configuration, such as its file. Default: `configuration`. */
  readonly source?: string;
  /** Who is told of every event. Default: the log on standard error, as `config.log` has it; `[]`: nobody. */
  readonly observers?: readonly Observer[];
  /**
   * Reads the configuration once more, for a reload. Default: there is none, and a reload is refused.
   *
   * @internal
   */
  readonly reread?: Rereader;
  /**
   * Where signals come from. Default: `run` listens to the process's own while it runs.
   *
   * @internal
   */
  readonly signals?: SignalSource;
  /**
   * Where the workers write to, opened. Default: `startup` opens what `config.log` says; `run` ends it.
   *
   * @internal
   */
  readonly output?: WorkerOutput;
  /**
   * How the workers tell of themselves. Default: as `config.notify` says; `startup` opens it.
   *
   * @internal
   */
  readonly notification?: WorkerNotification;
}
