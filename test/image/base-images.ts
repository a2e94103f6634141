import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { ROOT } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';
import type { Podman } from './podman.ts';

/*
 * Stand-ins for the base images, under the names that FROM has, because a test asks no registry of images: they
 * have this machine's C library, a static busybox as the shell, and Node.js in the version of the tag.
 */

const BUSYBOX = '/bin/busybox';
/** Debian's own: another one may be anywhere, and has its library elsewhere. */
const PYTHON = '/usr/bin/python3';
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Where npm's cache is mounted in a build, so that `npm ci` finds there what it needs. */
export const NPM_CACHE = '/var/cache/npm';

/** The image that the Containerfile is built on. */
export function nodeImageOf(containerfile: string): string {
  const [, name] = /^ARG NODE_IMAGE=(\S+)$/m.exec(containerfile) ?? [];
  if (name === undefined) throw new Error('deploy/Containerfile has no ARG NODE_IMAGE');
  return name;
}

/** A stand-in for `node:VERSION-…-slim`: Node.js, npm and a shell. */
export async function importNodeImage(podman: Podman, name: string): Promise<void> {
  const [, version] = /:(\d+\.\d+\.\d+)-/.exec(name) ?? [];
  if (version === undefined) throw new Error(`${name} does not name a version of Node.js`);
  const root = glibcRoot();
  copy(nodeBinary(version), join(root, 'usr/local/bin/node'));
  cpSync(npmDirectory(), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  write(join(root, 'usr/local/etc/npmrc'), `cache=${NPM_CACHE}\nprefer-offline=true\n`);
  // as the real one has them: the image must not inherit them
  await importRoot(podman, root, name, 'ENTRYPOINT ["docker-entrypoint.sh"]', 'CMD ["node"]');
}

/** A stand-in for an image of Debian: the C and C++ libraries, a shell, and no Node.js. */
export async function importDebianImage(podman: Podman, name: string): Promise<void> {
  await importRoot(podman, glibcRoot(), name, 'CMD ["bash"]');
}

/** A stand-in for an image of Python: the same as Debian's, with this machine's Python and its standard library. */
export async function importPythonImage(podman: Podman, name: string): Promise<void> {
  const root = glibcRoot();
  const python = realpathSync(PYTHON);
  for (const library of librariesOf(python)) copy(library, join(root, library));
  copy(python, join(root, python));
  const standardLibrary = join('/usr/lib', basename(python));
  cpSync(standardLibrary, join(root, standardLibrary), { recursive: true, dereference: true });
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  symlinkSync(python, join(root, 'usr/local/bin/python3'));
  await importRoot(podman, root, name, 'CMD ["python3"]');
}

async function importRoot(
  podman: Podman,
  root: string,
  name: string,
  ...changes: readonly string[]
): Promise<void> {
  const tar = join(workspace(), 'root.tar');
  execFileSync('tar', ['--create', '--file', tar, '--directory', root, '.']);
  const options = [`ENV ${PATH}`, ...changes].flatMap((change) => ['--change', change]);
  await podman.run('import', '--quiet', ...options, tar, name);
}

function glibcRoot(): string {
  const root = workspace({
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
  });
  for (const library of librariesOf(process.execPath)) copy(library, join(root, library));
  copy(BUSYBOX, join(root, BUSYBOX));
  const applets = execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const applet of applets.filter((each) => each !== 'busybox')) {
    symlinkSync('busybox', join(root, 'bin', applet));
  }
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  symlinkSync('../../bin/env', join(root, 'usr/bin/env'));
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  chmodSync(root, 0o755);
  return root;
}

function librariesOf(binary: string): readonly string[] {
  return execFileSync('ldd', [binary], { encoding: 'utf8' }).match(/\/lib\S+/g) ?? [];
}

/** Node.js in this version, from the registry of npm. */
function nodeBinary(version: string): string {
  const directory = workspace({ 'package.json': {} });
  const name = `node-linux-${process.arch}`;
  const options = ['--no-save', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', ...options, `${name}@${version}`], { cwd: directory });
  return join(directory, 'node_modules', name, 'bin/node');
}

function npmDirectory(): string {
  const npm = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim();
  return dirname(dirname(realpathSync(npm)));
}

/** Where npm keeps what it has downloaded on this machine. */
export function npmCache(): string {
  return execFileSync('npm', ['config', 'get', 'cache'], { cwd: ROOT, encoding: 'utf8' }).trim();
}

/** The text of a file of this repository. */
export function repositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

function write(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
