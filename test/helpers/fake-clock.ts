import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { workspace } from './workspace.ts';

/**
 * The wall clock of processes, changed while they run (by Debian's libfaketime). Their monotonic clock, by which
 * timers go, is the system's, as it is where somebody sets a machine's clock.
 */
export class FakeClock {
  readonly #file = join(workspace(), 'offset');

  constructor() {
    this.set('+0');
  }

  /** @param offset - from the real one, such as `-1h` or `+1d` */
  set(offset: string): void {
    writeFileSync(this.#file, `${offset}\n`);
  }

  /** What a process needs to have this clock. */
  get env(): NodeJS.ProcessEnv {
    return {
      LD_PRELOAD: library(),
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}

function library(): string {
  const [found] = readdirSync('/usr/lib')
    .filter((name) => name.endsWith('-linux-gnu'))
    .map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`);
  if (found === undefined) throw new Error('the package libfaketime is not installed');
  return found;
}
