import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

import type { Command } from '../core/command.ts';
import type { SpawnFailure } from '../core/input.ts';

/** A shell's exit statuses: what was found cannot be executed, and what was not found. */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Where execvp searches without a PATH. */
const DEFAULT_PATH = '/usr/local/bin:/bin:/usr/bin';

/** Errors of a lack that may pass, where another attempt may succeed. */
const TRANSIENT: ReadonlySet<string> = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * Finds out what a failed spawn really means: the system reports a missing working directory, a
 * missing command and a missing interpreter all as ENOENT of the command.
 */
export function explainSpawnError(error: unknown, command: Command): SpawnFailure {
  const { code = 'UNKNOWN', message } = error as NodeJS.ErrnoException;
  if (TRANSIENT.has(code)) {
    return failure(code, `cannot start "${command.file}": ${message}`, null);
  }
  const { workingDir } = command;
  if (workingDir !== null && !isDirectory(workingDir)) {
    return failure(
      `${code}:workingDir`,
      `workingDir: expected an existing directory, found "${workingDir}", which is none`,
      NOT_EXECUTABLE,
    );
  }
  const path = findExecutable(command);
  if (code === 'ENOENT' || command.file === '') return explainMissing(command, path);
  if (code === 'EACCES') {
    const found = path ?? command.file;
    const fault = isDirectory(found) ? 'is a directory' : 'is not executable';
    return failure(
      code,
      `command: expected an executable file, found "${found}", which ${fault}`,
      NOT_EXECUTABLE,
    );
  }
  return failure(code, `cannot execute "${command.file}": ${message}`, NOT_EXECUTABLE);
}

/**
 * The error with which starting the command will fail, as far as its file tells; for a command that is
 * started by another program, which would hide it in an exit status.
 */
export function foreseeSpawnError(command: Command): NodeJS.ErrnoException | null {
  if (command.workingDir !== null && !isDirectory(command.workingDir)) return errorOf('ENOENT');
  const path = findExecutable(command);
  if (path === null) return errorOf('ENOENT');
  if (!isExecutable(path)) return errorOf('EACCES');
  const interpreter = interpreterOf(path);
  return interpreter === null || exists(interpreter) ? null : errorOf('ENOENT');
}

/** Where a program of this process's own PATH is; null if there is none. */
export function findProgram(file: string): string | null {
  const env = { PATH: process.env['PATH'] ?? DEFAULT_PATH };
  const path = findExecutable({ file, args: [], env, workingDir: null });
  return path !== null && isExecutable(path) ? path : null;
}

function errorOf(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

function explainMissing(command: Command, path: string | null): SpawnFailure {
  if (path === null) {
    const where = command.file.includes('/') ? 'no such file' : 'it is nowhere in PATH';
    return failure('ENOENT', `command: "${command.file}" was not found: ${where}`, NOT_FOUND);
  }
  const interpreter = interpreterOf(path);
  const missing =
    interpreter === null
      ? 'its loader is missing: it may be built for another C library'
      : `its interpreter ${JSON.stringify(interpreter)} is missing`;
  const hint = interpreter?.endsWith('\r') === true ? '; end its lines with LF, not CR LF' : '';
  return failure(
    'ENOENT:interpreter',
    `command: "${path}" was found, but ${missing}${hint}`,
    NOT_FOUND,
  );
}

function failure(code: string, message: string, exitStatus: number | null): SpawnFailure {
  return { code, message, exitStatus };
}

/** As execvp searches: the worker's own PATH, and a name with a slash in it as it stands. */
function findExecutable({ file, env, workingDir }: Command): string | null {
  if (file === '') return null;
  const base = workingDir ?? '.';
  if (file.includes('/')) return exists(resolve(base, file)) ? resolve(base, file) : null;
  const directories = (env['PATH'] ?? DEFAULT_PATH).split(delimiter);
  const candidates = directories.map((directory) => resolve(base, join(directory, file)));
  return candidates.find(isExecutable) ?? candidates.find(exists) ?? null;
}

function interpreterOf(path: string): string | null {
  const head = Buffer.alloc(256);
  try {
    const descriptor = openSync(path, 'r');
    try {
      readSync(descriptor, head);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
  return /^#![ \t]*([^ \t\n\0]+)/.exec(head.toString('latin1'))?.[1] ?? null;
}

function isDirectory(path: string): boolean {
  return stat(path)?.isDirectory() ?? false;
}

function exists(path: string): boolean {
  return stat(path) !== undefined;
}

function stat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return stat(path)?.isFile() ?? false;
  } catch {
    return false;
  }
}
