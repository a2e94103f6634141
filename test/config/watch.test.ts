import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { afterEach, describe, expect, test } from '@jest/globals';

import { watchFile } from '../../src/config/watch.ts';
import { bundled } from '../helpers/bundled.ts';
import { eventually } from '../helpers/eventually.ts';
import { Program } from '../helpers/program.ts';
import { workspace } from '../helpers/workspace.ts';

const undo: (() => void)[] = [];

afterEach(() => {
  for (const each of undo.splice(0)) each();
});

interface Seen {
  /** The text at each call. */
  readonly texts: string[];
  readonly errors: string[];
}

/** Watches a file until the end of the test. */
function watched(path: string, known?: string): Seen {
  const seen: Seen = { texts: [], errors: [] };
  const onChange = (): void => {
    seen.texts.push(readFileSync(path, 'utf8'));
  };
  undo.push(watchFile(path, onChange, (message) => seen.errors.push(message), known));
  return seen;
}

async function last({ texts, errors }: Seen, text: string): Promise<void> {
  await eventually(() => {
    expect(errors).toEqual([]);
    expect(texts.at(-1)).toBe(text);
  });
}

/** As the kubelet writes the content of a ConfigMap; see AtomicWriter in Kubernetes. */
function mount(directory: string, version: number, files: Readonly<Record<string, string>>): void {
  const data = `..${version}`;
  mkdirSync(join(directory, data));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(directory, data, name), content);
  }
  symlinkSync(data, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  if (version > 0) rmSync(join(directory, `..${version - 1}`), { recursive: true });
}

/** A mounted ConfigMap with the file `config`. */
function configMap(): { readonly directory: string; readonly path: string } {
  const directory = workspace();
  mount(directory, 0, { config: 'version 0' });
  const path = join(directory, 'config');
  symlinkSync('..data/config', path);
  return { directory, path };
}

/** How many places this process watches. */
function inotifyWatches(): number {
  return readdirSync('/proc/self/fd')
    .filter((fd) => isInotify(fd))
    .map((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm)?.length)
    .reduce((sum: number, count = 0) => sum + count, 0);
}

function isInotify(fd: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).includes('inotify');
  } catch {
    return false;
  }
}

describe('a change is told', () => {
  test('of a file that is written to in place', async () => {
    const path = join(workspace({ config: 'old' }), 'config');
    const seen = watched(path);
    writeFileSync(path, 'new');
    await last(seen, 'new');
    writeFileSync(path, 'newer');
    await last(seen, 'newer');
    expect(seen.texts).toEqual(['new', 'newer']);
  });

  test('once, of a file that is written to in parts', async () => {
    const path = join(workspace({ config: '' }), 'config');
    const seen = watched(path);
    for (let part = 0; part < 20; part += 1) await appendFile(path, 'x');
    await last(seen, 'x'.repeat(20));
    expect(seen.texts).toHaveLength(1);
  });

  test('within about a second, of a file that never rests', async () => {
    const path = join(workspace({ config: '' }), 'config');
    const seen = watched(path);
    const start = Date.now();
    await eventually(async () => {
      await appendFile(path, 'x');
      expect(seen.texts).not.toEqual([]);
    });
    expect(Date.now() - start).toBeLessThan(2000);
  });

  test('of a file that is replaced', async () => {
    const directory = workspace({ config: 'old' });
    const path = join(directory, 'config');
    const seen = watched(path);
    for (const text of ['new', 'newer', 'newest']) {
      writeFileSync(join(directory, 'config.tmp'), text);
      renameSync(join(directory, 'config.tmp'), path);
      await last(seen, text);
    }
    expect(seen.texts).toEqual(['new', 'newer', 'newest']);
  });

  test('of a file that is deleted and created again, but not of its absence', async () => {
    const path = join(workspace({ config: 'old' }), 'config');
    const seen = watched(path);
    unlinkSync(path);
    await settled(dirname(path));
    writeFileSync(path, 'new');
    await last(seen, 'new');
    expect(seen.texts).toEqual(['new']);
  });

  test('of a file that comes with its directories', async () => {
    const path = join(workspace(), 'a/b/c/config');
    const seen = watched(path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'new');
    await last(seen, 'new');
    rmSync(dirname(dirname(path)), { recursive: true });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, 'newer');
    await last(seen, 'newer');
  });

  test('of a directory on the way that is replaced, be it a symlink or not', async () => {
    const root = workspace({
      'one/sub/config': '1',
      'two/sub/config': '2',
      'three/sub/config': '3',
    });
    symlinkSync(join(root, 'one'), join(root, 'current'));
    const seen = watched(join(root, 'current/sub/config'));
    symlinkSync('two', join(root, 'current.tmp'));
    renameSync(join(root, 'current.tmp'), join(root, 'current'));
    await last(seen, '2');
    renameSync(join(root, 'two'), join(root, 'gone'));
    renameSync(join(root, 'three'), join(root, 'two'));
    await last(seen, '3');
    writeFileSync(join(root, 'two/sub/config'), '4');
    await last(seen, '4');
  });

  test('of a file with another name that is the same', async () => {
    const root = workspace({ 'real/config': 'old' });
    mkdirSync(join(root, 'links'));
    symlinkSync('../real/config', join(root, 'links/config'));
    const seen = watched(join(root, 'links/config'));
    writeFileSync(join(root, 'real/config'), 'new');
    await last(seen, 'new');
  });

  test('that came between the reading of the caller and the watching', async () => {
    const path = join(workspace({ config: 'new' }), 'config');
    await last(watched(path, 'old'), 'new');
    const same = watched(path, 'new');
    writeFileSync(path, 'newer');
    await last(same, 'newer');
    expect(same.texts).toEqual(['newer']);
  });
});

describe('a mounted ConfigMap', () => {
  test('none of 200 swaps is lost', async () => {
    const { directory, path } = configMap();
    const seen = watched(path);
    for (let version = 1; version <= 200; version += 1) {
      mount(directory, version, { config: `version ${version}` });
      await last(seen, `version ${version}`);
    }
    expect(seen.texts).toHaveLength(200);
  });

  test('of a thousand swaps in a row the last one is told', async () => {
    const { directory, path } = configMap();
    const seen = watched(path);
    for (let version = 1; version <= 1000; version += 1) {
      mount(directory, version, { config: `version ${version}` });
      if (version % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await last(seen, 'version 1000');
  });

  test('a swap that changes another file alone is not told', async () => {
    const { directory, path } = configMap();
    const seen = watched(path);
    mount(directory, 1, { config: 'version 0', other: '1' });
    mount(directory, 2, { config: 'version 0', other: '2' });
    mount(directory, 3, { config: 'version 3', other: '3' });
    await last(seen, 'version 3');
    expect(seen.texts).toEqual(['version 3']);
  });
});

describe('nothing is told', () => {
  test('of other files, of the same text, and of no text', async () => {
    const directory = workspace({ config: 'old', other: '' });
    const path = join(directory, 'config');
    const seen = watched(path);
    writeFileSync(join(directory, 'other'), 'x');
    writeFileSync(join(directory, 'another'), 'x');
    await settled(directory);
    writeFileSync(path, 'old');
    await settled(directory);
    unlinkSync(path);
    await settled(directory);
    writeFileSync(path, 'old');
    await settled(directory);
    expect(seen).toEqual({ texts: [], errors: [] });
  });

  test('after it is undone, and nothing is watched any more', async () => {
    const before = inotifyWatches();
    const directory = workspace({ config: 'old' });
    const seen = watched(join(directory, 'config'));
    expect(inotifyWatches()).toBeGreaterThan(before);
    writeFileSync(join(directory, 'config'), 'new');
    await last(seen, 'new');
    writeFileSync(join(directory, 'config'), 'newer');
    for (const each of undo.splice(0)) each();
    expect(inotifyWatches()).toBe(before);
    await settled(workspace());
    expect(seen.texts).toEqual(['new']);
  });
});

/** The user with the fewest rights. */
const NOBODY = 65534;

const MAIN = `
  const { watchFile } = require('./bundled.cjs');
  watchFile(process.cwd() + '/config', () => console.log('changed'), console.log);`;

/** When a change in this directory that comes after those of the test has been told. */
async function settled(directory: string): Promise<void> {
  const path = join(directory, 'marker');
  const marker = watched(path);
  const text = `${Date.now()} ${Math.random()}`;
  writeFileSync(path, text);
  await last(marker, text);
}

describe('what cannot be watched is an error that says what to do', () => {
  test('a directory that may not be read', () => {
    const directory = workspace({ config: 'old' });
    chmodSync(directory, 0o711);
    process.seteuid?.(NOBODY);
    const seen = watched(join(directory, 'config'));
    process.seteuid?.(0);
    expect(seen.texts).toEqual([]);
    expect(seen.errors).toEqual([
      `${join(directory, 'config')}: cannot be watched for changes: EACCES, a directory on its way may not be read; give this user the right, or reload it with SIGHUP`,
    ]);
  });

  test('but to pass through such a one is none', async () => {
    const directory = workspace({ 'inner/config': 'old' });
    chmodSync(directory, 0o711);
    process.seteuid?.(NOBODY);
    const seen = watched(join(directory, 'inner/config'));
    process.seteuid?.(0);
    chmodSync(directory, 0o755);
    writeFileSync(join(directory, 'inner/config'), 'new');
    await last(seen, 'new');
  });

  test.each([
    [
      'max_inotify_watches',
      1,
      /config: cannot .*: ENOSPC, .* fs\.inotify\.max_user_watches.*SIGHUP/,
    ],
    [
      'max_inotify_instances',
      0,
      /config: cannot .*: EMFILE, .* fs\.inotify\.max_user_instances.*SIGHUP/,
    ],
  ])('where the limit is %s = %i', async (limit, value, message) => {
    const cwd = workspace({ config: 'old', 'main.cjs': MAIN });
    await bundled('src/config/watch.ts', cwd);
    const script = `echo ${value} > /proc/sys/user/${limit} && exec "$0" main.cjs`;
    const program = new Program(
      ['unshare', '--user', '--map-root-user', 'sh', '-c', script, process.execPath],
      { cwd, env: process.env },
    );
    expect((await program.ended).code).toBe(0);
    expect(program.stdout.split('\n')).toEqual([expect.stringMatching(message), '']);
    expect(program.stderr).toBe('');
  });
});
