import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from '../helpers/program.ts';

const FORWARDING = '/proc/sys/net/ipv4/ip_forward';

const OFFLINE = ['--quiet', '--pull=never', '--network=host'];

/** The network that containers join: this machine reaches them, and they reach nothing else. */
export const NETWORK = 'supervisor';

/**
 * Debian's podman with images, containers, locks and network of its own in one temporary directory, so that
 * what the machine has of them is neither seen nor changed.
 */
export class Podman {
  readonly directory = mkdtempSync(join(tmpdir(), 'container-supervisor-podman-'));
  readonly env: NodeJS.ProcessEnv;
  /** The bridge makes the machine forward packets. */
  readonly #forwarding = readFileSync(FORWARDING, 'utf8');

  constructor() {
    const { directory } = this;
    this.env = {
      PATH: process.env['PATH'],
      HOME: directory,
      TMPDIR: directory,
      CONTAINERS_CONF: this.#write('containers.conf', containersConf(directory)),
      CONTAINERS_STORAGE_CONF: this.#write('storage.conf', storageConf(directory)),
      // one layer an image: none of them is built twice
      BUILDAH_LAYERS: 'false',
      // no registry is asked for anything
      CONTAINERS_REGISTRIES_CONF: this.#write('registries.conf', ''),
    };
    this.#write(`${NETWORK}.conflist`, JSON.stringify(network(directory)));
  }

  /** Runs podman and returns what it says. @throws with its error output if it fails */
  async run(...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)('podman', args, { env: this.env });
    return stdout.trim();
  }

  /** What `podman inspect` says of an image or a container, in part. */
  async inspect(kind: 'image' | 'container', name: string, part: string): Promise<unknown> {
    const text = await this.run(kind, 'inspect', '--format', `{{json ${part}}}`, name);
    return JSON.parse(text) as unknown;
  }

  /** Builds an image of what is there alone. */
  async build(name: string, context: string, ...options: readonly string[]): Promise<void> {
    await this.run('build', ...OFFLINE, ...options, '--tag', name, context);
  }

  /** Builds the supervisor's image, as developers do. */
  async buildSupervisor(name: string, ...options: readonly string[]): Promise<void> {
    await this.script('build-image.sh', name, ...OFFLINE, ...options);
  }

  /** Runs a script of the repository that takes podman or docker, and returns what it says. */
  async script(script: string, ...args: readonly string[]): Promise<string> {
    const env = { ...this.env, CONTAINER_ENGINE: 'podman' };
    const { stdout } = await promisify(execFile)(`${ROOT}scripts/${script}`, args, { env });
    return stdout;
  }

  /** Ends every container and removes everything. */
  async destroy(): Promise<void> {
    try {
      await this.run('rm', '--all', '--force', '--time=0');
      await this.run('network', 'rm', '--force', NETWORK);
      await this.run('rmi', '--all', '--force');
    } finally {
      const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
      const own = mounts.map((line) => line.split(' ')[1] ?? '').filter((path) => this.#has(path));
      for (const path of own.reverse()) await promisify(execFile)('umount', [path]);
      rmSync(this.directory, { recursive: true, force: true });
      writeFileSync(FORWARDING, this.#forwarding);
    }
  }

  #has(path: string): boolean {
    return path.startsWith(`${this.directory}/`);
  }

  #write(name: string, content: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }
}

/**
 * runc with plain cgroups, which needs neither systemd nor cgroups v2. What a container leaves is cleaned up by a
 * podman that is told the directories alone, so `static_dir` is where that one looks.
 */
function containersConf(directory: string): string {
  return `
[containers]
log_driver = "k8s-file"
netns = "none"
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "${directory}/tmp"
static_dir = "${directory}/images/libpod"
volume_path = "${directory}/volumes"
[network]
network_backend = "cni"
network_config_dir = "${directory}"
`;
}

function storageConf(directory: string): string {
  return `
[storage]
driver = "overlay"
graphroot = "${directory}/images"
runroot = "${directory}/run"
`;
}

function network(directory: string): object {
  const number = randomInt(256);
  return {
    cniVersion: '0.4.0',
    name: NETWORK,
    plugins: [
      {
        type: 'bridge',
        bridge: `supervisor${number}`,
        isGateway: true,
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'addresses'),
          ranges: [[{ subnet: `10.213.${number}.0/24` }]],
        },
      },
    ],
  };
}
