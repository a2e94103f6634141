import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Supervisor } from './supervisor.ts';
import type { RunOptions } from './supervisor.ts';
import { workspace } from './workspace.ts';

export type UserConfig = Readonly<Record<string, unknown>>;

/** A supervisor whose configuration file is changed while it runs. */
export class Operated extends Supervisor {
  readonly file: string;
  #config: UserConfig;

  constructor(config: UserConfig, options: RunOptions = {}) {
    const file = { metrics: { port: 0 }, ...config };
    const cwd = workspace({ 'supervisor.config.json': file });
    super(cwd, options);
    this.#config = file;
    this.file = join(cwd, 'supervisor.config.json');
  }

  /** Replaces the file by one that has these keys too. */
  change(changes: UserConfig): void {
    this.#config = { ...this.#config, ...changes };
    this.write(JSON.stringify(this.#config));
  }

  write(text: string): void {
    writeFileSync(`${this.file}.new`, text);
    renameSync(`${this.file}.new`, this.file);
  }

  /** Changes the file and sends SIGHUP. */
  reload(changes: UserConfig = {}): void {
    this.change(changes);
    this.kill('SIGHUP');
  }
}

/** A directory as the kubelet mounts a ConfigMap: the files are symlinks through `..data`, which is swapped. */
export class MountedConfigMap {
  readonly directory: string;
  #version = 0;

  constructor(file: string, content: UserConfig) {
    this.directory = workspace();
    this.#publish(file, content);
    symlinkSync(join('..data', file), join(this.directory, file));
  }

  /** As the kubelet's atomic writer does it: another directory, a symlink to it, a rename, and the old one goes. */
  update(file: string, content: UserConfig): void {
    const old = this.#version;
    this.#publish(file, content);
    rmSync(join(this.directory, `..${old}`), { recursive: true });
  }

  #publish(file: string, content: UserConfig): void {
    this.#version += 1;
    const name = `..${this.#version}`;
    mkdirSync(join(this.directory, name));
    writeFileSync(join(this.directory, name, file), JSON.stringify(content));
    symlinkSync(name, join(this.directory, '..data_tmp'));
    renameSync(join(this.directory, '..data_tmp'), join(this.directory, '..data'));
  }
}
