import { resolve } from 'node:path';

import type { ResolvedConfig } from './resolve.ts';
import type { Log } from '../observe/log.ts';

/** Who is told. */
interface Watcher {
  fileChanged(): void;
}

/** The configuration file being watched, if `reload.watch` says so. */
export class Watching {
  readonly #resolved: ResolvedConfig;
  readonly #watcher: Watcher;
  readonly #log: Log;
  #undo: (() => void) | undefined;
  #isOver = false;

  constructor(resolved: ResolvedConfig, watcher: Watcher, log: Log) {
    this.#resolved = resolved;
    this.#watcher = watcher;
    this.#log = log;
  }

  /** What has changed since the file was read is told too. */
  begin(): void {
    const { file, config } = this.#resolved;
    if (file !== null && config.reload.watch) void this.#begin(resolve(file));
  }

  end(): void {
    this.#isOver = true;
    this.#undo?.();
  }

  async #begin(path: string): Promise<void> {
    const { watchFile } = await import('./watch.ts');
    if (this.#isOver) return;
    this.#undo = watchFile(
      path,
      () => {
        this.#watcher.fileChanged();
      },
      (message) => {
        this.#log({ level: 'warn', msg: message, facts: {} });
      },
      this.#resolved.text,
    );
  }
}
