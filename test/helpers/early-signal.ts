import { expect } from '@jest/globals';

import { eventually } from './eventually.ts';
import { childrenOf } from './processes.ts';
import type { Program } from './program.ts';

/** Sends SIGTERM to PID 1 so long after its exec; whether that alone has ended it, with 0. */
export async function hears(program: Program, milliseconds: number): Promise<boolean> {
  const inner = await eventually(() => {
    const [pid] = childrenOf(program.pid);
    expect(pid).toBeDefined();
    return pid ?? 0;
  });
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  process.kill(inner, 'SIGTERM');
  // one that was dropped is told by another, which comes long after every start
  const dropped = Symbol('dropped');
  let again: NodeJS.Timeout | undefined;
  const late = new Promise<symbol>((resolve) => {
    again = setTimeout(resolve, 1500, dropped);
  });
  const first = await Promise.race([program.ended, late]);
  clearTimeout(again);
  if (first === dropped) process.kill(inner, 'SIGTERM');
  expect(await program.ended).toEqual({ code: 0, signal: null });
  return first !== dropped;
}
