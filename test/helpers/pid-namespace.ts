import { readFileSync } from 'node:fs';

import { eventually } from './eventually.ts';
import { childrenOf, processes } from './processes.ts';
import { Supervisor } from './supervisor.ts';
import type { RunOptions } from './supervisor.ts';
import { workspace } from './workspace.ts';

/** A new PID namespace in which the program is PID 1, as in a container. */
export const UNSHARE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** The built supervisor as PID 1 of a namespace; signals go to it and not to `unshare`. */
export class Pid1 extends Supervisor {
  static override start(config: Readonly<Record<string, unknown>>, options: RunOptions = {}): Pid1 {
    const file = { metrics: { port: 0 }, ...config };
    return new Pid1(workspace({ 'supervisor.config.json': file }), options);
  }

  constructor(cwd: string, options: RunOptions = {}) {
    super(cwd, { ...options, prefix: [...UNSHARE, ...(options.prefix ?? [])] });
  }

  /** Its pid as it is seen from outside; 0 before it exists. */
  get outerPid(): number {
    return childrenOf(this.pid)[0] ?? 0;
  }

  override kill(signal: NodeJS.Signals): void {
    process.kill(this.outerPid, signal);
  }

  /** A process of the namespace, found by its pid in there. */
  async outerPidOf(innerPid: number): Promise<number> {
    return eventually(() => {
      const found = processes().find(({ pid }) => {
        const numbers = namespacePids(pid);
        return numbers.length > 1 && numbers.at(-1) === innerPid && this.#isInside(pid);
      });
      if (found === undefined) throw new Error(`no process ${innerPid} in the namespace`);
      return found.pid;
    });
  }

  /** The zombies in the namespace. */
  zombies(): readonly number[] {
    return processes()
      .filter(({ pid, state }) => state === 'Z' && this.#isInside(pid))
      .map(({ pid }) => pid);
  }

  #isInside(pid: number): boolean {
    const all = new Map(processes().map((each) => [each.pid, each.parent]));
    for (let each: number | undefined = pid; each !== undefined; each = all.get(each)) {
      if (each === this.pid) return true;
    }
    return false;
  }
}

/** The pids of a process in every namespace that it is in, from the outermost. */
function namespacePids(pid: number): readonly number[] {
  try {
    const [, line = ''] =
      /^NSpid:\s*(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return line.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}
