import { closeSync, openSync } from 'node:fs';
import { basename, extname, join, relative, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

import { defaultLoaders } from 'cosmiconfig';
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
  readonly data: unknown;
}

type Parse = (path: string, content: string) => unknown;

/**
 * Keeps the content out of cosmiconfig's sight, which would follow a key `$import` and execute a
 * script that it names.
 */
function sealed(parse: Parse): Parse {
  return (path, content) => {
    const data = parse(path, content.replace(/^\uFEFF/, '')) ?? {};
    if (basename(path, extname(path)) !== 'package') return { content: data };
    const { [PACKAGE_KEY]: own } = data as Record<string, unknown>;
    return own === undefined ? {} : { [PACKAGE_KEY]: { content: own } };
  };
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

const loadJson = sealed(defaultLoaders['.json']);
const loadYaml = sealed(defaultLoaders['.yaml']);
const SCRIPTS = ['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts'];

function explorer(): ExplorerSync {
  return new ExplorerSync({
    moduleName: PACKAGE_KEY,
    searchPlaces: [...SEARCH_PLACES],
    loaders: {
      '.json': loadJson,
      noExt: loadYaml,
      // YAML reads JSON too, so any other name will do
      default: loadYaml,
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
export function loadFile(path: string | undefined, workingDir: string): LoadedFile | null {
  if (path === undefined) refuseUnreadable(workingDir);
  try {
    const result =
      path === undefined
        ? explorer().search(workingDir)
        : explorer().load(resolve(workingDir, path));
    if (result === null) {
      if (path === undefined) return null;
      throw unusable(path, 'a configuration', `no key "${PACKAGE_KEY}"`);
    }
    const file = path ?? relative(workingDir, result.filepath);
    const { content } = (result.config ?? { content: {} }) as { content: unknown };
    return { file, data: content };
  } catch (error) {
    throw readable(error, path, workingDir);
  }
}

/** The search would pass over a file that exists and may not be read, and take the next. */
function refuseUnreadable(workingDir: string): void {
  for (const place of SEARCH_PLACES) {
    try {
      closeSync(openSync(join(workingDir, place), 'r'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') throw unusable(place, 'a readable file', code);
    }
  }
}

function readable(error: unknown, path: string | undefined, workingDir: string): ConfigError {
  if (error instanceof ConfigError) return error;
  const { code, message, filepath } = error as NodeJS.ErrnoException & { filepath?: string };
  const file = path ?? (filepath === undefined ? workingDir : relative(workingDir, filepath));
  if (code === 'ENOENT') return unusable(file, 'a file', 'none');
  if (code !== undefined) return unusable(file, 'a readable file', code);
  // cosmiconfig's first line names the file once more, and the rest shows the place
  // (in colours, where FORCE_COLOR or CI is in the environment)
  const detail = stripVTControlCharacters(message).split('\n').slice(1).join('\n').trim();
  const format = extname(file) === '.json' ? 'JSON' : 'YAML';
  return unusable(file, `valid ${format}`, `an error: ${detail === '' ? message : detail}`);
}

function unusable(source: string, expected: string, found: string): ConfigError {
  return new ConfigError([{ source, pointer: '', expected, found }]);
}
