import { atMost } from '../loop/at-most.ts';
import { now } from '../loop/clock.ts';
import type { Sink } from '../observe/sink.ts';
import type { Libc } from '../system/libc.ts';
import type { WorkerStdio } from './worker-output.ts';
import { formatOf } from './format.ts';
import type { LineFormat, StreamName } from './format.ts';
import { openOutputs } from './output.ts';
import { SharedLog } from './shared-log.ts';
import { WorkerStream } from './worker-stream.ts';

/** The streams of the workers of a slot that run one after the other. */
interface Channel {
  readonly stdout: WorkerStream;
  readonly stderr: WorkerStream;
}

/**
 * Passes on what the workers write, line by line, and the supervisor's own log with it.
 *
 * A slot keeps its pipes from one worker to the next: what one has left in them comes before what the next
 * writes, and a crash loop in front of a reader that stalls takes no more and more of them.
 */
export class Relay implements Sink {
  readonly isTTY: boolean;
  readonly #format: LineFormat;
  readonly #libc: Libc;
  readonly #outputs = openOutputs();
  readonly #log: SharedLog;
  readonly #streams: WorkerStream[] = [];
  /** Those that no worker has, by slot. */
  readonly #free = new Map<number, Channel[]>();

  /** @param describe - the line that says how many of the log were dropped */
  constructor(format: LineFormat, libc: Libc, describe: (dropped: number) => string) {
    this.#format = format;
    this.#libc = libc;
    this.#log = new SharedLog(this.#outputs.stderr, describe);
    this.isTTY = this.#log.isTTY;
  }

  /** Writes to the log. */
  write(text: string): void {
    this.#log.write(text);
  }

  /**
   * The descriptors for a worker that is going to be started.
   *
   * @throws an error with the system's code, such as EMFILE, if there cannot be a pipe
   */
  connect(index: number): WorkerStdio {
    const { stdout, stderr } = this.#free.get(index)?.pop() ?? this.#open(index);
    return {
      stdio: ['inherit', stdout.writeEnd, stderr.writeEnd],
      release: () => {
        stdout.workerEnded();
        stderr.workerEnded();
        const free = this.#free.get(index) ?? [];
        this.#free.set(index, [...free, { stdout, stderr }]);
      },
    };
  }

  /** Passes on what workers have written that have ended; for somebody else who has their pipes it does not wait. */
  async end(milliseconds: number): Promise<void> {
    const deadline = now() + milliseconds / 1000;
    for (const stream of this.#streams) stream.workerEnded();
    await atMost(deadline - now(), Promise.all(this.#streams.map((stream) => stream.drained())));
    for (const stream of this.#streams.splice(0)) stream.close();
    this.#free.clear();
    const { stdout, stderr } = this.#outputs;
    await Promise.all([stdout.end(deadline), stderr.end(deadline)]);
  }

  #open(index: number): Channel {
    const stdout = this.#openStream(index, 'stdout');
    try {
      return { stdout, stderr: this.#openStream(index, 'stderr') };
    } catch (error) {
      stdout.close();
      this.#streams.pop();
      throw error;
    }
  }

  #openStream(index: number, name: StreamName): WorkerStream {
    const format = formatOf(this.#format, index, name);
    const stream = new WorkerStream(this.#libc, this.#outputs[name], format);
    this.#streams.push(stream);
    return stream;
  }
}
