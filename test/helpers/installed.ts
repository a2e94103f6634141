import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { ROOT } from './program.ts';
import { workspace } from './workspace.ts';

/** The package as npm makes it. */
export interface Packed {
  /** Its path. */
  readonly tarball: string;
  readonly files: readonly {
    readonly path: string;
    readonly size: number;
    readonly mode: number;
  }[];
  /** Bytes, packed and unpacked. */
  readonly size: number;
  readonly unpackedSize: number;
}

/** Packs what is built. */
export async function pack(): Promise<Packed> {
  const directory = workspace();
  const options = ['--ignore-scripts', '--json', `--pack-destination=${directory}`];
  const { stdout } = await promisify(execFile)('npm', ['pack', ...options], { cwd: ROOT });
  const [packed] = JSON.parse(stdout) as [Packed & { readonly filename: string }];
  return { ...packed, tarball: join(directory, packed.filename) };
}

/** Installs a tarball into a directory, as its users install the package. */
export async function install(
  cwd: string,
  tarball: string,
  ...options: readonly string[]
): Promise<void> {
  const always = ['--no-audit', '--no-fund', '--prefer-offline'];
  await promisify(execFile)('npm', ['install', ...always, ...options, tarball], { cwd });
}
