import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { realpathSync, symlinkSync, writeFileSync } from 'node:fs';
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
const DOC = '/usr/share/doc';
const MUSL = '/lib/ld-musl-x86_64.so.1';
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const NGINX_CONF = `
pid /tmp/nginx.pid;
error_log /tmp/error.log;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/client_temp;
  proxy_temp_path /tmp/proxy_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  server {
    listen 8080;
    location / { return 200 "hello\\n"; }
  }
}
`;

/** Where npm's cache is mounted in a build, so that `npm ci` finds there what it needs. */
export const NPM_CACHE = '/var/cache/npm';

/** The image that the Containerfile is built on. */
export function nodeImageOf(containerfile: string): string {
  const [, name] = /^ARG NODE_IMAGE=(\S+)$/m.exec(containerfile) ?? [];
  if (name === undefined) throw new Error('deploy/Containerfile has no ARG NODE_IMAGE');
  return name;
}

/** A stand-in for `node:VERSION-…-slim`: Node.js, npm, a shell, and the packages that the standalone image installs. */
export async function importNodeImage(podman: Podman, name: string): Promise<void> {
  const [, version] = /:(\d+\.\d+\.\d+)-/.exec(name) ?? [];
  if (version === undefined) throw new Error(`${name} does not name a version of Node.js`);
  const root = glibcRoot();
  const node = nodePackage(version);
  copy(join(node, 'bin/node'), join(root, 'usr/local/bin/node'));
  copy(join(node, 'LICENSE'), join(root, 'usr/local/LICENSE'));
  for (const path of copyrights()) copy(path, join(root, path));
  cpSync(npmDirectory(), join(root, 'usr/local/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  for (const tool of ['/usr/bin/patchelf', '/usr/bin/strip']) copyWithLibraries(tool, root);
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

/** A stand-in for `nginxinc/nginx-unprivileged` of Debian: this machine's nginx, with that image's paths. */
export async function importNginxImage(podman: Podman, name: string): Promise<void> {
  const root = glibcRoot();
  copyWithLibraries('/usr/sbin/nginx', root);
  write(join(root, 'etc/nginx/nginx.conf'), NGINX_CONF);
  write(join(root, 'docker-entrypoint.sh'), '#!/bin/sh\nexec "$@"\n');
  chmodSync(join(root, 'docker-entrypoint.sh'), 0o755);
  const changes = ['ENTRYPOINT ["/docker-entrypoint.sh"]', 'CMD ["nginx", "-g", "daemon off;"]'];
  await importRoot(podman, root, name, ...changes, 'USER 101', 'STOPSIGNAL SIGQUIT');
}

/** A stand-in for an image of Alpine: musl, a shell, and nothing of glibc. */
export async function importMuslImage(podman: Podman, name: string): Promise<void> {
  const root = busyboxRoot();
  copy(MUSL, join(root, MUSL));
  await importRoot(podman, root, name, 'CMD ["/bin/sh"]');
}

/** A stand-in for `busybox`: one static binary under many names. */
export async function importBusyboxImage(podman: Podman, name: string): Promise<void> {
  await importRoot(podman, busyboxRoot(), name, 'CMD ["sh"]');
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
  const root = busyboxRoot();
  for (const library of librariesOf(process.execPath)) copy(library, join(root, library));
  return root;
}

function busyboxRoot(): string {
  const root = workspace({
    'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
    'etc/group': 'root:x:0:\n',
  });
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

function copyWithLibraries(binary: string, root: string): void {
  for (const path of [binary, ...librariesOf(binary)]) copy(path, join(root, path));
}

function librariesOf(binary: string): readonly string[] {
  return execFileSync('ldd', [binary], { encoding: 'utf8' }).match(/\/lib\S+/g) ?? [];
}

/** What Debian says of the C and C++ libraries. */
function copyrights(): readonly string[] {
  const packages = readdirSync(DOC).filter((name) => /^(libc6|gcc-\d+-base)$/.test(name));
  return packages.map((name) => join(DOC, name, 'copyright'));
}

/** Node.js in this version, from the registry of npm. */
function nodePackage(version: string): string {
  const directory = workspace({ 'package.json': {} });
  const name = `node-linux-${process.arch}`;
  const options = ['--no-save', '--no-audit', '--no-fund', '--prefer-offline'];
  execFileSync('npm', ['install', ...options, `${name}@${version}`], { cwd: directory });
  return join(directory, 'node_modules', name);
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
