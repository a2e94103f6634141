import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';

import type { Command, Environment } from '../core/command.ts';
import { killGroups } from '../pid1/guard.ts';
import { explainSpawnError } from '../workers/spawn-error.ts';
import type { ExecAction } from './action.ts';
import { failed, later, once, SUCCESSFUL, unknown } from './outcome.ts';
import type { Done, End, ProbeOutcome } from './outcome.ts';

/** What a command gets of the worker. */
export interface ExecPlace {
  readonly env: Environment;
  /** Null: the supervisor's own working directory. */
  readonly workingDir: string | null;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Bytes of the output that a message may have. */
const MOST_OUTPUT = 1024;

/**
 * Runs a command as the leader of a process group of its own. Successful is exit status 0. Whoever is
 * left of the group gets SIGKILL, once its leader is gone or the probe is ended.
 *
 * @param leaders - has the command's process id in it for as long as it is alive
 */
export function probeExec(
  { command: [file = '', ...args] }: ExecAction,
  { env, workingDir }: ExecPlace,
  leaders: Set<number>,
  done: Done,
): End {
  const command: Command = { file, args, env, workingDir };
  try {
    const child = spawnChild(command);
    return child.pid === undefined
      ? explainFailure(child, command, done)
      : watch(child, child.pid, leaders, done);
  } catch (error) {
    // some are thrown where others are emitted
    return later(outcomeOf(error, command), done);
  }
}

function spawnChild({ file, args, env, workingDir }: Command): Child {
  return spawn(file, args, {
    cwd: workingDir ?? undefined,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

/** Its pipes are left alone: Node closes them, and where descriptors are lacking there are none. */
function explainFailure(child: Child, command: Command, done: Done): End {
  const { settle, end } = once(done, () => undefined);
  child.once('error', (error) => {
    settle(outcomeOf(error, command));
  });
  return end;
}

function outcomeOf(error: unknown, command: Command): ProbeOutcome {
  return unknown(`exec: ${explainSpawnError(error, command).message}`);
}

function watch(child: Child, pid: number, leaders: Set<number>, done: Done): End {
  const { stdout, stderr } = child;
  const output = capture([stdout, stderr]);
  let isAlive = true;
  const { settle, end } = once(done, () => {
    if (isAlive) killGroups([pid]);
    // others may have inherited the pipes, and a process that hangs in the kernel does not end
    stdout.destroy();
    stderr.destroy();
    child.unref();
  });
  leaders.add(pid);
  // not on 'close', which waits for whoever inherited the pipes
  child.once('exit', (code, signal) => {
    isAlive = false;
    leaders.delete(pid);
    killGroups([pid]);
    if (code === 0) settle(SUCCESSFUL);
    else
      afterPoll(() => {
        settle(failed(describe(code, signal, output())));
      });
  });
  return end;
}

/**
 * Once everything has been read that has been there by now: the first turn may be the rest of one in which
 * the system was asked before.
 */
function afterPoll(then: () => void): void {
  setImmediate(() => setImmediate(then));
}

/** Reads everything and keeps the beginning, as one line without control characters. */
function capture(streams: readonly Readable[]): () => string {
  const chunks: Buffer[] = [];
  let left = MOST_OUTPUT;
  for (const stream of streams) {
    stream.on('data', (chunk: Buffer) => {
      if (left > 0) chunks.push(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
    });
  }
  return () =>
    Buffer.concat(chunks)
      .toString('utf8')
      // the last character may be cut
      .replace(/[\s\p{Cc}\uFFFD]+/gu, ' ')
      .trim();
}

function describe(code: number | null, signal: string | null, output: string): string {
  const end = signal === null ? `exit status ${code ?? 0}` : `ended by ${signal}`;
  return output === '' ? end : `${end}: ${output}`;
}
