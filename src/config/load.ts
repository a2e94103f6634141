import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

// The package's own entry looks for its settings in the working directory and executes what it finds
// there (.config/config.js); the explorer behind it does not.
import { ExplorerSync } from 'cosmiconfig/dist/ExplorerSync.js';

import { ConfigError } from './problem.ts';

/** Where a configuration is looked for in the working directory; the first one found is taken. */
const SEARCH_PLACES: readonly string[] = [
  'supervisor.config.json',
  'supervisor.config.yaml',
  'supervisor.config.yml',
  '.supervisorrc',
  '.supervisorrc.json',
  '.supervisorrc.yaml',
  '.supervisorrc.yml',
  'package.json',
];

/** The key of `package.json`. */
const PACKAGE_KEY = 'supervisor';

/** Bytes of a configuration: as much as a ConfigMap holds. What is larger is another file, or has no end. */
const MOST_BYTES = 1024 * 1024;

/** What was read, not validated yet. */
export interface LoadedFile {
  /** As messages name it. */
  readonly file: string;
  readonly text: string;
  readonly data: unknown;
}

/** What was found, not parsed yet. */
interface FoundFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Keeps the content out of cosmiconfig's sight, which would follow a key `$import` and execute a
 * script that it names.
 */
function sealed(path: string, text: string): unknown {
  return isPackage(path) ? { [PACKAGE_KEY]: { text } } : { text };
}

function isPackage(path: string): boolean {
  return basename(path, extname(path)) === 'package';
}

function refuseScript(path: string): never {
  throw new ConfigError([
    {
      source: path,
      pointer: '',
      expected: 'a JSON or YAML file',
      found: `a script (${extname(path)}), which a supervisor does not execute`,
    },
  ]);
}

const SCRIPTS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

function explorer(searchPlaces: readonly string[] = []): ExplorerSync {
  return new ExplorerSync({
    moduleName: PACKAGE_KEY,
    searchPlaces: [...searchPlaces],
    loaders: {
      noExt: sealed,
      default: sealed,
      ...Object.fromEntries(SCRIPTS.map((extension) => [extension, refuseScript])),
    },
    searchStrategy: 'none',
    ignoreEmptySearchPlaces: false,
    cache: false,
    transform: (result) => result,
    metaConfigFilePath: null,
    mergeImportArrays: true,
    mergeSearchPlaces: true,
    applyPackagePropertyPathToConfiguration: false,
  });
}

/**
 * Reads the configuration file.
 *
 * @param path - a file, or undefined to search the working directory
 * @returns null where the search finds none
 * @throws ConfigError if it cannot be read or parsed
 */
export async function loadFile(
  path: string | undefined,
  workingDir: string,
): Promise<LoadedFile | null> {
  const found = (await findStream(path, workingDir)) ?? findFile(path, workingDir);
  if (found === null) return null;
  const file = path ?? relative(workingDir, found.path);
  const { text } = found;
  const data = await parse(file, text);
  if (!isPackage(file) || text.trim() === '') return { file, text, data };
  const { [PACKAGE_KEY]: own } = data as Record<string, unknown>;
  if (own !== undefined) return { file, text, data: own };
  if (path === undefined) return null;
  throw unusable(path, 'a configuration', `no key "${PACKAGE_KEY}"`);
}

/** Reads what was named if it is no plain file; null if it is one, or what the other way has to complain of. */
async function findStream(path: string | undefined, workingDir: string): Promise<FoundFile | null> {
  if (path === undefined) return null;
  const absolute = resolve(workingDir, path);
  const kind = tryStat(absolute);
  if (kind === undefined || kind.isFile() || kind.isDirectory()) return null;
  const { readStream } = await import('./stream.ts');
  let text: string | null;
  try {
    text = await readStream(absolute, MOST_BYTES);
  } catch (error) {
    throw unreadable(error, path, workingDir);
  }
  if (text === null) throw tooLarge(path, 'more');
  return { path: absolute, text };
}

function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function findFile(path: string | undefined, workingDir: string): FoundFile | null {
  if (path !== undefined) checkSize(path, tryStat(resolve(workingDir, path)));
  const places = path === undefined ? firstPlace(workingDir) : [];
  try {
    const result =
      path === undefined
        ? explorer(places).search(workingDir)
        : explorer().load(resolve(workingDir, path));
    if (result === null) return null;
    const { filepath } = result;
    const { text } = (result.config ?? { text: '' }) as { text: string };
    // what cannot be decoded has become this character, which would be another word in a command
    if (text.includes('\uFFFD') && !isUtf8(readFileSync(filepath))) {
      throw unusable(path ?? relative(workingDir, filepath), 'text in UTF-8', 'other bytes');
    }
    return { path: filepath, text };
  } catch (error) {
    throw unreadable(error, path, workingDir);
  }
}

/** YAML reads JSON too, so of any other name it will do. The parsers are loaded where they are needed. */
async function parse(file: string, content: string): Promise<unknown> {
  const text = content.replace(/^\uFEFF/, '');
  if (text.trim() === '') return {};
  const format = extname(file) === '.json' ? 'JSON' : 'YAML';
  try {
    return (format === 'JSON' ? await parseJson(text) : await parseYaml(text)) ?? {};
  } catch (error) {
    throw unusable(file, `valid ${format}`, `an error: ${detailOf(error as Error)}`);
  }
}

/** Characters of the longest line of a message. */
const LONGEST_LINE = 200;

/** A parser's message shows the place: in colours, where FORCE_COLOR or CI is set, and whatever is there. */
function detailOf({ message }: Error): string {
  return stripVTControlCharacters(message)
    .trim()
    .replace(/[^\P{Cc}\n\t]/gu, '\uFFFD')
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line))
    .join('\n');
}

async function parseJson(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    // says where
    const explained = await import('./explain-json.ts');
    return explained.parseJson(text);
  }
}

async function parseYaml(text: string): Promise<unknown> {
  const { load } = await import('js-yaml');
  return load(text);
}

/**
 * The first of the places where a file is, because to miss one costs an exception; directories are passed over. The
 * search would also pass over a file that may not be read, and take the next.
 */
function firstPlace(workingDir: string): readonly string[] {
  const place = SEARCH_PLACES.find((each) => isFileAt(each, join(workingDir, each)));
  return place === undefined ? [] : [place];
}

/** @throws ConfigError if it may not be read, or is another thing than a file */
function isFileAt(place: string, path: string): boolean {
  let kind: Stats | undefined;
  try {
    kind = statSync(path, { throwIfNoEntry: false });
    if (kind === undefined || kind.isDirectory()) return false;
    // to open a pipe would wait for somebody who writes
    if (kind.isFile()) closeSync(openSync(path, 'r'));
  } catch (error) {
    throw unusable(
      place,
      'a readable file',
      (error as NodeJS.ErrnoException).code ?? String(error),
    );
  }
  if (!kind.isFile()) throw unusable(place, 'a file', 'another thing');
  checkSize(place, kind);
  return true;
}

/** What is said where the search has found none. */
export function nothingFound(workingDir: string, hint: string): ConfigError {
  const expected = `a configuration file (${SEARCH_PLACES.join(', ')})`;
  return new ConfigError([{ source: workingDir, pointer: '', expected, found: 'none', hint }]);
}

function unreadable(error: unknown, path: string | undefined, workingDir: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const { code, message, filepath } = error as NodeJS.ErrnoException & { filepath?: string };
  const file = path ?? (filepath === undefined ? workingDir : relative(workingDir, filepath));
  if (code === 'ENOENT') return unusable(file, 'a file', 'none');
  return unusable(file, 'a readable file', code ?? message);
}

function checkSize(file: string, kind: Stats | undefined): void {
  if (kind?.isFile() !== true || kind.size <= MOST_BYTES) return;
  throw tooLarge(file, `${kind.size}`);
}

function tooLarge(file: string, found: string): ConfigError {
  return unusable(file, `at most ${MOST_BYTES} bytes, as a ConfigMap holds them`, found);
}

function unusable(source: string, expected: string, found: string): ConfigError {
  return new ConfigError([{ source, pointer: '', expected, found }]);
}
