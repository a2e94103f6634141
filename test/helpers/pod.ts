import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { podOf, supervisorOf } from './manifests.ts';
import type { Container, Manifest, PodSpec } from './manifests.ts';
import { Pid1, UNSHARE } from './pid-namespace.ts';
import { Program, ROOT } from './program.ts';
import { workspace } from './workspace.ts';

/** Files of an image by their absolute path; those that end in `/` are directories. */
export type Image = Readonly<Record<string, string>>;

/**
 * The container's root: the image over this machine's own root, read-only, with the pod's volumes; then its
 * user, without any capability, and its command. Arguments: the image, the root, the user, how many volumes,
 * a directory, a mount path and `ro` or `rw` for each, the command.
 */
const ENTER = `
set -e
image=$1 root=$2 user=$3 volumes=$4
shift 4
# in a file system of its own, because one layer may not contain another
mount -t tmpfs -o mode=755 tmpfs "$root"
cp -a "$image" "$root/image"
mkdir "$root/root"
mount -t overlay overlay -o "lowerdir=$root/image:/" "$root/root"
root=$root/root
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$volumes" -gt 0 ]; do
  mount --bind "$1" "$root$2"
  mount -o "remount,bind,$3" "$root$2"
  shift 3
  volumes=$((volumes - 1))
done
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs \\
  --inh-caps=-all --bounding-set=-all -- "$@"`;

/** The program's files with what it needs at run time, as the supervisor's image has them. */
function installProgram(to: string): void {
  for (const name of [
    'package.json',
    'dist/cli.cjs',
    'node_modules/koffi',
    'node_modules/@koromix',
  ]) {
    cpSync(join(ROOT, name), join(to, name), { recursive: true });
  }
}

/**
 * A pod on this machine, without a cluster: its volumes are directories, its containers are processes in
 * namespaces of their own (processes, mounts, network) with the image laid over this machine's root. Whatever
 * the manifest says of command, user, volumes, ports and sysctls is done as it stands there.
 */
export class Pod {
  readonly #spec: PodSpec;
  readonly #folder = workspace();

  constructor(objects: readonly Manifest[]) {
    this.#spec = podOf(objects);
    for (const { name, emptyDir, configMap } of this.#spec.volumes ?? []) {
      const folder = this.#volume(name);
      mkdirSync(folder);
      if (emptyDir !== undefined) chmodSync(folder, 0o777);
      const map = objects.find(({ kind, metadata }) => {
        return kind === 'ConfigMap' && metadata.name === configMap?.name;
      });
      for (const [file, text] of Object.entries(map?.data ?? {})) {
        writeFileSync(join(folder, file), text);
      }
    }
  }

  /** Runs the init containers, which are of the supervisor's image, to their end. */
  initialise(): void {
    for (const container of this.#spec.initContainers ?? []) {
      const { image, prefix } = this.#enter(container, {});
      installProgram(join(image, 'opt/container-supervisor'));
      const [file = '', ...args] = [...UNSHARE, ...prefix, ...(container.command ?? [])];
      const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${container.name} ended with ${status}: ${stderr}`);
    }
  }

  /** Starts the supervisor's container from this image; its supervisor is PID 1. */
  start(files: Image): Pid1 {
    const container = supervisorOf(this.#spec);
    const { prefix } = this.#enter(container, files);
    const variables = (container.env ?? []).map(({ name, value }) => [name, value]);
    const sysctls = (this.#spec.securityContext?.sysctls ?? []).map(({ name, value }) => {
      return `echo ${value} > /proc/sys/${name.replaceAll('.', '/')};`;
    });
    const network = `ip link set lo up; ${sysctls.join(' ')} exec "$@"`;
    return new Pid1(this.#folder, {
      prefix: ['--net', 'sh', '-ec', network, 'sh', ...prefix],
      program: container.command ?? [],
      env: Object.fromEntries(variables) as Record<string, string>,
    });
  }

  #volume(name: string): string {
    return join(this.#folder, `volume-${name}`);
  }

  #enter(
    { name, volumeMounts = [], securityContext }: Container,
    files: Image,
  ): { image: string; prefix: string[] } {
    const image = join(this.#folder, `image-${name}`);
    const root = join(this.#folder, `root-${name}`);
    mkdirSync(root);
    for (const { mountPath } of volumeMounts)
      mkdirSync(join(image, mountPath), { recursive: true });
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(image, path)), { recursive: true });
      writeFileSync(join(image, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
    }
    const volumes = volumeMounts.flatMap((mount) => {
      return [this.#volume(mount.name), mount.mountPath, mount.readOnly === true ? 'ro' : 'rw'];
    });
    const { runAsUser } = { ...this.#spec.securityContext, ...securityContext };
    if (runAsUser === undefined) throw new Error(`${name} needs a runAsUser`);
    const user = String(runAsUser);
    const count = String(volumeMounts.length);
    return { image, prefix: ['sh', '-c', ENTER, 'sh', image, root, user, count, ...volumes] };
  }
}

/** Runs a script of Node in the network of a pod. */
export function inNetworkOf(supervisor: Pid1, script: string): Program {
  const net = `--net=/proc/${supervisor.outerPid}/ns/net`;
  return new Program(['nsenter', net, process.execPath, '-e', script], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
  });
}
