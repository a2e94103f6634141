import { closeSync, openSync, statSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

// The package's own entry looks for its settings in the working directory and executes what it finds
// there (.config/config.js); the explorer behind it does not.
import { ExplorerSync } from 'cosmiconfig/dist/ExplorerSync.js';

import { ConfigError } from './problem.ts';

/** Where a configuration is looked for in the working directory; the first one found is taken. */
export const SEARCH_PLACES: readonly string[] = [
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
  const found = find(path, workingDir);
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

function find(path: string | undefined, workingDir: string): FoundFile | null {
  try {
    const result =
      path === undefined
        ? explorer(readablePlaces(workingDir)).search(workingDir)
        : explorer().load(resolve(workingDir, path));
    if (result === null) return null;
    const { text } = (result.config ?? { text: '' }) as { text: string };
    return { path: result.filepath, text };
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
    // its message shows the place (in colours, where FORCE_COLOR or CI is in the environment)
    const detail = stripVTControlCharacters((error as Error).message).trim();
    throw unusable(file, `valid ${format}`, `an error: ${detail}`);
  }
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
 * Those of the places where something is, because to miss a file costs an exception. The search would also
 * pass over one that exists and may not be read, and take the next.
 */
function readablePlaces(workingDir: string): readonly string[] {
  return SEARCH_PLACES.filter((place) => {
    const path = join(workingDir, place);
    try {
      if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
      closeSync(openSync(path, 'r'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') throw unusable(place, 'a readable file', code);
    }
    return true;
  });
}

function unreadable(error: unknown, path: string | undefined, workingDir: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const { code, message, filepath } = error as NodeJS.ErrnoException & { filepath?: string };
  const file = path ?? (filepath === undefined ? workingDir : relative(workingDir, filepath));
  if (code === 'ENOENT') return unusable(file, 'a file', 'none');
  return unusable(file, 'a readable file', code ?? message);
}

function unusable(source: string, expected: string, found: string): ConfigError {
  return new ConfigError([{ source, pointer: '', expected, found }]);
}
