import { resolve } from 'node:path';

import { loadFile, nothingFound } from './load.ts';
import { CONFIG_VARIABLE, settingOf, SOCKET_VARIABLE } from './overrides.ts';
import { ConfigError, show } from './problem.ts';

const HINT = `name the socket with --socket or ${SOCKET_VARIABLE}`;

/**
 * Finds the control socket of a running supervisor: the flag before the environment variable before
 * `control.socket` of the configuration file. Of the file nothing else is looked at, so that one that has
 * become invalid keeps nobody from asking.
 *
 * @param flags - the values of `--socket` and `--config`, by the name of the flag
 * @throws ConfigError if no socket is configured, or the file cannot be read or parsed
 */
export async function controlSocket(
  flags: Readonly<Record<string, string | undefined>>,
  env: NodeJS.ProcessEnv,
  workingDir: string,
): Promise<string> {
  const given = flags['socket'] ?? settingOf(env, SOCKET_VARIABLE);
  if (given !== undefined) return given;
  const loaded = await load(flags['config'] ?? settingOf(env, CONFIG_VARIABLE), workingDir);
  if (loaded === null) {
    throw nothingFound(resolve(workingDir), `name one with -c FILE, or ${HINT}`);
  }
  const socket = valueOf(valueOf(loaded.data, 'control'), 'socket');
  if (typeof socket === 'string' && socket !== '') return socket;
  throw new ConfigError([
    {
      source: loaded.file,
      pointer: '/control/socket',
      expected: 'a path',
      found: show(socket),
      hint: `set it and start the supervisor anew, or ${HINT}`,
    },
  ]);
}

async function load(path: string | undefined, workingDir: string): ReturnType<typeof loadFile> {
  try {
    return await loadFile(path, workingDir);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map((problem) => ({ ...problem, hint: HINT })));
  }
}

function valueOf(data: unknown, key: string): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  return (data as Record<string, unknown>)[key];
}
