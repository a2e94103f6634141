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

  readonly #env: NodeJS.ProcessEnv;

  private constructor(machine: Program, cwd: string, env: NodeJS.ProcessEnv) {
    this.#machine = machine;
    this.#cwd = cwd;
    this.#env = env;
  }

  /**
   * A machine with the loopback interface alone; ended after the test.
   *
   * @param bin - a directory whose programs go before others of their names
   */
  static async open(cwd: string, bin?: string): Promise<Terminals> {
    const { PATH = '', HOME } = process.env;
    const env = { PATH: bin === undefined ? PATH : `${bin}:${PATH}`, HOME };
    const init = 'ip link set lo up && echo up && exec sleep infinity';
    const machine = new Program([...UNSHARE, 'sh', '-c', init], { cwd, env });
    await eventually(() => {
      if (!machine.stdout.includes('up')) throw new Error(`no network:\n${machine.stderr}`);
    });
    return new Terminals(machine, cwd, env);
  }

  /** Starts a command in a terminal of its own. */
  start(command: string): Program {
    return new Program(this.#inside(`exec ${command}`), { cwd: this.#cwd, env: this.#env });
  }

  /** Runs a command to its end; returns what it prints on both streams. @throws if it fails */
  async run(command: string): Promise<string> {
    const [file = '', ...args] = this.#inside(`exec 2>&1; ${command}`);
    const { stdout } = await promisify(execFile)(file, args, { cwd: this.#cwd, env: this.#env });
    return stdout;
  }

  #inside(command: string): readonly string[] {
    const [init = 0] = childrenOf(this.#machine.pid);
    const enter = ['nsenter', `--target=${init}`, '--pid', '--net', '--mount', `--wd=${this.#cwd}`];
    return [...enter, 'sh', '-c', command];
  }
}
