import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

import { eventually } from '../helpers/eventually.ts';
import { ROOT } from '../helpers/program.ts';
import type { End } from '../helpers/program.ts';
import { SupervisorProgram } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { NETWORK } from './podman.ts';
import type { Podman } from './podman.ts';

/** What a pod of the restricted Pod Security Standard gets, and a read-only root without any tmpfs. */
const RESTRICTED = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=all',
  '--security-opt=no-new-privileges',
];

export interface ContainerOptions {
  /** Options of `podman run`. */
  readonly options?: readonly string[];
  /** Arguments of the image's entry point. */
  readonly args?: readonly string[];
}

/** A process in a container, by its pids there and on this machine. */
export interface Contained {
  readonly pid: number;
  readonly outerPid: number;
  readonly state: string;
  readonly user: string;
  readonly capabilities: string;
}

/** The command of the test worker in a container that `configured` has started. */
export function worker(...options: readonly string[]): readonly string[] {
  return ['node', '/app/worker.js', ...options];
}

/** A container in which the supervisor is PID 1, removed after the test. */
export class Container extends SupervisorProgram {
  readonly #podman: Podman;
  readonly #name: string;

  /** Starts the image with this configuration and the tests' worker, both in mounted directories. */
  static configured(
    podman: Podman,
    image: string,
    config: Readonly<Record<string, unknown>>,
    ...options: readonly string[]
  ): Container {
    const directory = workspace({ 'supervisor.config.json': config });
    chmodSync(directory, 0o755);
    const mounts = [
      `--volume=${directory}:/etc/container-supervisor:ro`,
      '--env=SUPERVISOR_CONFIG=/etc/container-supervisor/supervisor.config.json',
      `--volume=${join(ROOT, 'test/fixtures')}:/app:ro`,
    ];
    return new Container(podman, image, { options: [...mounts, ...options] });
  }

  constructor(podman: Podman, image: string, { options = [], args = [] }: ContainerOptions = {}) {
    const name = `test-${randomUUID()}`;
    const run = [
      'podman',
      'run',
      '--rm',
      '--pull=never',
      `--network=${NETWORK}`,
      `--name=${name}`,
      ...RESTRICTED,
    ];
    super([...run, ...options, image, ...args], { cwd: podman.directory, env: podman.env });
    this.#podman = podman;
    this.#name = name;
  }

  /** Also waits for the log to say so: there is no order between the two streams of podman. */
  override async ready(count: number): Promise<readonly number[]> {
    await this.logged(/^Started child process/, count);
    return super.ready(count);
  }

  /** Runs a command in it. */
  async exec(...command: readonly string[]): Promise<string> {
    return this.#podman.run('exec', this.#name, ...command);
  }

  /** Its processes, zombies included. */
  async processes(): Promise<readonly Contained[]> {
    const columns = ['pid', 'hpid', 'state', 'user', 'capeff'];
    const [, ...rows] = (await this.#podman.run('top', this.#name, ...columns)).split('\n');
    return rows.map((row) => {
      const [pid = '', outerPid = '', state = '', user = '', capabilities = ''] = row.split(/\s+/);
      return { pid: Number(pid), outerPid: Number(outerPid), state, user, capabilities };
    });
  }

  /** A pid in the container as it is on this machine, for signals that need no process in there. */
  async outerPidOf(pid: number): Promise<number> {
    const found = (await this.processes()).find((each) => each.pid === pid);
    if (found === undefined) throw new Error(`no process ${pid} in the container`);
    return found.outerPid;
  }

  /** Where Prometheus finds it. */
  async target(): Promise<string> {
    return eventually(async () => {
      const part = `.NetworkSettings.Networks.${NETWORK}.IPAddress`;
      const address = await this.#podman.inspect('container', this.#name, part);
      if (typeof address !== 'string' || address === '') throw new Error('it has no address');
      return `${address}:9464`;
    });
  }

  override async url(path = ''): Promise<string> {
    await this.logged(/^Listening on/);
    return `http://${await this.target()}${path}`;
  }

  /** Stops it as a runtime does: its stop signal, and SIGKILL after a grace. */
  async stopByRuntime(graceSeconds = 20): Promise<End> {
    await this.#podman.run('stop', `--time=${graceSeconds}`, this.#name);
    return this.ended;
  }

  override async destroy(): Promise<void> {
    await this.#podman.run('rm', '--force', '--ignore', '--time=0', this.#name);
    await super.destroy();
  }
}
