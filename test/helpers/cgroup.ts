import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { eventually } from './eventually.ts';

/** A real cgroup of one controller with a limit, of whichever version this machine has. */
export class Cgroup {
  readonly path: string;
  readonly #isV1: boolean;

  /**
   * @param controller - such as `memory`
   * @param v1 - the files and values of version 1, in the order in which they are written
   * @param v2 - those of version 2
   */
  constructor(
    controller: string,
    v1: Readonly<Record<string, string>>,
    v2: Readonly<Record<string, string>>,
  ) {
    const isV1 = existsSync(join('/sys/fs/cgroup', controller));
    const parent = isV1 ? join('/sys/fs/cgroup', controller) : '/sys/fs/cgroup';
    this.path = join(parent, `container-supervisor-${process.pid}-${Cgroup.#made++}`);
    mkdirSync(this.path);
    this.#isV1 = isV1;
    this.set(v1, v2);
  }

  /** Changes the limit. */
  set(v1: Readonly<Record<string, string>>, v2: Readonly<Record<string, string>>): void {
    for (const [file, value] of Object.entries(this.#isV1 ? v1 : v2)) {
      writeFileSync(join(this.path, file), value);
    }
  }

  static #made = 0;

  /** What runs a command in it. */
  get prefix(): readonly string[] {
    return ['sh', '-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', this.path];
  }

  async remove(): Promise<void> {
    await eventually(() => {
      rmdirSync(this.path);
    });
  }
}
