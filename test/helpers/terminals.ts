import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { eventually } from './eventually.ts';
import { childrenOf } from './processes.ts';
import { Program } from './program.ts';

/** Namespaces of their own for processes and the network: any port is free, and nobody else is seen. */
const UNSHARE = ['unshare', '--pid', '--net', '--fork', '--mount-proc', '--kill-child'];

/** What somebody who reads a page has open: terminals on one machine, on which nothing else runs. */
export class Terminals {
  readonly #machine: Program;
  readonly #cwd: string;

  private constructor(machine: Program, cwd: string) {
    this.#machine = machine;
    this.#cwd = cwd;
  }

  /** A machine with the loopback interface alone; ended after the test. */
  static async open(cwd: string): Promise<Terminals> {
    const init = 'ip link set lo up && echo up && exec sleep infinity';
    const machine = new Program([...UNSHARE, 'sh', '-c', init], { cwd, env: ENV });
    await eventually(() => {
      if (!machine.stdout.includes('up')) throw new Error(`no network:\n${machine.stderr}`);
    });
    return new Terminals(machine, cwd);
  }

  /** Starts a command in a terminal of its own. */
  start(command: string): Program {
    return new Program(this.#inside(`exec ${command}`), { cwd: this.#cwd, env: ENV });
  }

  /** Runs a command to its end; returns what it prints on both streams. @throws if it fails */
  async run(command: string): Promise<string> {
    const [file = '', ...args] = this.#inside(`exec 2>&1; ${command}`);
    const { stdout } = await promisify(execFile)(file, args, { cwd: this.#cwd, env: ENV });
    return stdout;
  }

  #inside(command: string): readonly string[] {
    const [init = 0] = childrenOf(this.#machine.pid);
    const enter = ['nsenter', `--target=${init}`, '--pid', '--net', '--mount', `--wd=${this.#cwd}`];
    return [...enter, 'sh', '-c', command];
  }
}

const ENV = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
