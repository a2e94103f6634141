import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { afterEach } from '@jest/globals';

import { eventually } from './eventually.ts';
import { processesWith } from './processes.ts';

/** The root of this repository. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The built program. */
export const CLI = `${ROOT}dist/cli.cjs`;

/** The version of the program. */
export const { version: VERSION } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  readonly version: string;
};

/** A variable by which everything that a program starts can be found again. */
const MARK = 'TEST_PROGRAM';

/** How a program ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<Program>();

afterEach(async () => {
  await Promise.all([...running].map((program) => program.destroy()));
});

/** A program under test with its output, ended after the test. */
export class Program {
  readonly child: ChildProcess;
  /** When it has ended and nobody holds its output any more. */
  readonly ended: Promise<End>;
  readonly #mark = randomUUID();
  stdout = '';
  stderr = '';

  constructor(
    command: readonly string[],
    { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  ) {
    const [file = '', ...args] = command;
    this.child = spawn(file, args, {
      cwd,
      env: { ...env, [MARK]: this.#mark },
      stdio: 'pipe',
      detached: true,
    });
    this.child.stdin?.on('error', () => undefined);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        running.delete(this);
        resolve({ code, signal });
      });
    });
    running.add(this);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Ends it with everything that it has started, wherever that has been moved to. */
  async destroy(): Promise<void> {
    await eventually(() => {
      const left = processesWith(MARK, this.#mark);
      for (const pid of left) tryKill(pid);
      if (left.length > 0) throw new Error(`still running: ${left.join(', ')}`);
    });
    await this.ended;
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
