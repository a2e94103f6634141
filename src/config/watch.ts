import { lstatSync, readFileSync, readlinkSync, statSync, watch } from 'node:fs';
import type { FSWatcher, WatchListener } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { now } from '../loop/clock.ts';

/** Seconds of silence after which a change is held to be whole: a write in place is not read half. */
const QUIET = 0.025;

/** Seconds after which a file that never rests is read nevertheless. */
const LONGEST = 1;

/** As many symlinks as Linux follows on one path. */
const MAX_SYMLINKS = 40;

/** No such directory, which is for the watch of the one above it to tell. */
const ABSENT = ['ENOENT', 'ENOTDIR'];

/**
 * Tells when a file has a new content: written in place, replaced, deleted and created again, or changed
 * through any symlink or directory on its way, as the kubelet swaps a mounted ConfigMap. Nothing is polled,
 * and the process is not kept alive.
 *
 * @param path - absolute; there need not be a file yet
 * @param onChange - called when the file can be read and its text is another than the last one, 25 ms after
 *   the last event and at most 1 s after the first
 * @param onError - called once, with a sentence, where the file cannot be watched or not any longer;
 *   `onChange` is not called from then on
 * @param known - the text that the caller has read, as UTF-8; by default that of this moment
 * @returns what undoes it
 */
export function watchFile(
  path: string,
  onChange: () => void,
  onError: (message: string) => void,
  known?: string,
): () => void {
  const watched = new WatchedFile(path, onChange, onError, known);
  return () => {
    watched.close();
  };
}

class WatchedFile {
  readonly #path: string;
  readonly #onChange: () => void;
  readonly #onError: (message: string) => void;
  #isOpen = true;
  #text: string | undefined;
  #watches: Watches;
  /** When the first of the events came that have not been looked into, in monotonic seconds. */
  #firstEvent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    path: string,
    onChange: () => void,
    onError: (message: string) => void,
    known: string | undefined,
  ) {
    this.#path = path;
    this.#onChange = onChange;
    this.#onError = onError;
    this.#watches = this.#newWatches();
    this.#renew();
    const text = this.#read();
    this.#text = known ?? text;
    if (text !== undefined && text !== this.#text) this.#noticed();
  }

  close(): void {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#watches.close();
  }

  readonly #noticed = (): void => {
    if (!this.#isOpen) return;
    if (this.#timer === undefined) {
      this.#firstEvent = now();
      this.#timer = setTimeout(this.#look, QUIET * 1000);
      this.#timer.unref();
    } else if (now() - this.#firstEvent < LONGEST - QUIET) {
      this.#timer.refresh();
    }
  };

  /** The watches come first: what changes after the reading is then an event. */
  readonly #look = (): void => {
    this.#timer = undefined;
    this.#renew();
    const text = this.#isOpen ? this.#read() : undefined;
    if (text === undefined || text === this.#text) return;
    this.#text = text;
    this.#onChange();
  };

  #newWatches(): Watches {
    return new Watches(this.#noticed, this.#fail);
  }

  /** The old watches go after the new ones have come, so that no event falls between them. */
  #renew(): void {
    const old = this.#watches;
    this.#watches = this.#newWatches();
    try {
      watchWay(this.#path, this.#watches);
    } catch (error) {
      this.#fail(error);
    }
    old.close();
  }

  readonly #fail = (error: unknown): void => {
    if (!this.#isOpen) return;
    this.close();
    this.#onError(explain(error as NodeJS.ErrnoException, this.#path));
  };

  /** Undefined where there is no file that can be read. */
  #read(): string | undefined {
    try {
      // a pipe would be waited for
      return statSync(this.#path).isFile() ? readFileSync(this.#path, 'utf8') : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Watchers, each with the names that matter in its directory. */
class Watches {
  readonly #notice: () => void;
  readonly #fail: (error: Error) => void;
  readonly #watchers: FSWatcher[] = [];
  readonly #names = new Map<string, Set<string>>();

  constructor(notice: () => void, fail: (error: Error) => void) {
    this.#notice = notice;
    this.#fail = fail;
  }

  /**
   * Watches what happens to a name in a directory, or to the directory.
   *
   * @returns what Node throws where that cannot be watched, or null
   */
  addName(directory: string, name: string): NodeJS.ErrnoException | null {
    const known = this.#names.get(directory);
    if (known !== undefined) {
      known.add(name);
      return null;
    }
    // what happens to the directory itself comes under its own name
    const names = new Set([name, basename(directory)]);
    const error = this.#add(directory, (_, changed) => {
      if (changed === null || names.has(changed)) this.#notice();
    });
    if (error === null) this.#names.set(directory, names);
    return error;
  }

  /** Watches what happens to the content of a file, by whatever name, where that is possible. */
  addFile(file: string): void {
    this.#add(file, this.#notice);
  }

  close(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #add(path: string, listener: WatchListener<string>): NodeJS.ErrnoException | null {
    try {
      this.#watchers.push(watch(path, { persistent: false }, listener).on('error', this.#fail));
      return null;
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  }
}

/**
 * Watches every name on the way to a file, symlinks followed, as far as the way goes. Each directory is
 * watched before the name in it is looked at, so that what changes afterwards is an event.
 *
 * @throws what Node throws where a directory cannot be watched
 */
function watchWay(path: string, watches: Watches): void {
  const rest = path.split('/');
  let directory = '/';
  let symlinks = 0;
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      directory = dirname(directory);
      continue;
    }
    const found = watchName(directory, name, watches);
    if (found.type === 'directory') {
      directory = join(directory, name);
      continue;
    }
    if (found.type !== 'symlink' || ++symlinks > MAX_SYMLINKS) return;
    if (found.target.startsWith('/')) directory = '/';
    rest.unshift(...found.target.split('/'));
  }
}

/** @returns what is there by that name, once it is watched */
function watchName(directory: string, name: string, watches: Watches): Found {
  const error = watches.addName(directory, name);
  if (error !== null && ABSENT.includes(error.code ?? '')) return { type: 'nothing' };
  const path = join(directory, name);
  const found = lookAt(path);
  // to pass through a directory no right to read it is needed, and what it holds is seldom replaced
  if (error !== null && !(error.code === 'EACCES' && found.type === 'directory')) throw error;
  // a file that is mounted on its own is written to in a directory that is not here
  if (found.type === 'file') watches.addFile(path);
  return found;
}

type Found =
  | { readonly type: 'directory' | 'file' | 'nothing' }
  | { readonly type: 'symlink'; readonly target: string };

function lookAt(path: string): Found {
  try {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return { type: 'symlink', target: readlinkSync(path) };
    return { type: stats.isDirectory() ? 'directory' : stats.isFile() ? 'file' : 'nothing' };
  } catch {
    return { type: 'nothing' };
  }
}

function explain({ code, message }: NodeJS.ErrnoException, path: string): string {
  const what = `${path}: cannot be watched for changes: ${code ?? message}`;
  const instead = 'reload it with SIGHUP';
  switch (code) {
    case 'ENOSPC':
      return `${what}, no inotify watch is left; raise fs.inotify.max_user_watches, or ${instead}`;
    case 'EMFILE':
      return `${what}, no inotify instance is left; raise fs.inotify.max_user_instances, or ${instead}`;
    case 'EACCES':
      return `${what}, a directory on its way may not be read; give this user the right, or ${instead}`;
    default:
      return `${what}; ${instead}`;
  }
}
