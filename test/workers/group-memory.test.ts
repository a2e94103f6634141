import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import { afterEach, expect, test } from '@jest/globals';

import { sampleMemory } from '../../src/workers/group-memory.ts';
import { eventually } from '../helpers/eventually.ts';
import { childrenOf } from '../helpers/processes.ts';

const MIB = 2 ** 20;

const started: ChildProcess[] = [];

afterEach(() => {
  for (const { pid = 0 } of started.splice(0)) process.kill(-pid, 'SIGKILL');
});

/** A process group whose leader has said `ready`. */
async function group(command: string, ...args: readonly string[]): Promise<number> {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await eventually(() => {
    expect(output).toContain('ready');
  });
  return child.pid ?? 0;
}

/** MiB of a group, exactly where it has more than this limit. */
async function mebibytesOf(pid: number, limit = Infinity): Promise<number | undefined> {
  const { samples, seconds } = await sampleMemory([{ worker: 0, start: 1, pid, limit }]);
  expect(seconds).toBeGreaterThan(0);
  return samples[0] && samples[0].bytes / MIB;
}

const holding = (mebibytes: number): string =>
  `globalThis.held = Buffer.alloc(${mebibytes * MIB}, 1); console.log('ready'); setInterval(() => {}, 1e9)`;

test('what a process has written to counts', async () => {
  const [small, large] = await Promise.all(
    [0, 100].map((mebibytes) => group(process.execPath, '-e', holding(mebibytes))),
  );
  const [before = 0, after = 0] = [await mebibytesOf(small ?? 0), await mebibytesOf(large ?? 0)];
  expect(before).toBeGreaterThan(5);
  expect(after - before).toBeGreaterThan(90);
  expect(after - before).toBeLessThan(130);
});

test('that of its children in the group does too, and that of a child in a session of its own not', async () => {
  const child = `"${process.execPath}" -e "${holding(100)}"`;
  const inside = await group('sh', '-c', `${child} & wait`);
  const outside = await group('sh', '-c', `setsid ${child} & wait`);
  expect(await mebibytesOf(inside)).toBeGreaterThan(100);
  expect(await mebibytesOf(outside)).toBeLessThan(10);
  // the group's end is not that of who has left it
  for (const pid of childrenOf(outside)) process.kill(pid, 'SIGKILL');
});

test('pages that a group shares since a fork count once, where it matters', async () => {
  // each subshell has the variable of the shell, and nobody has written to it
  const script =
    'x=$(head -c 40000000 /dev/zero | tr "\\0" x); for i in 1 2 3 4; do (while :; do sleep 1000; done; echo "$x") & done; echo ready; wait';
  const pid = await group('sh', '-c', script);
  const sum = (await mebibytesOf(pid)) ?? 0;
  const proportional = (await mebibytesOf(pid, 1)) ?? 0;
  expect(sum).toBeGreaterThan(4 * 38);
  expect(proportional).toBeGreaterThan(38);
  expect(proportional).toBeLessThan(sum / 2);
});

test('those who are gone are left out, and the others are told', async () => {
  const pid = await group('sh', '-c', 'echo ready; sleep 1000');
  const { samples } = await sampleMemory([
    { worker: 0, start: 1, pid: 2 ** 22 + 1, limit: 0 },
    { worker: 1, start: 3, pid, limit: 0 },
  ]);
  expect(samples).toMatchObject([{ worker: 1, start: 3 }]);
});

test('of hundreds it leaves the loop its turns', async () => {
  const pid = await group('sh', '-c', 'echo ready; sleep 1000');
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 0);
  const groups = Array.from({ length: 2000 }, (_, worker) => ({ worker, start: 1, pid, limit: 0 }));
  const { samples } = await sampleMemory(groups);
  clearInterval(timer);
  expect(samples).toHaveLength(2000);
  expect(turns).toBeGreaterThan(0);
});
