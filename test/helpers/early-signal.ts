import { constants } from 'node:os';

import { expect } from '@jest/globals';

import { eventually } from './eventually.ts';
import { catches, childrenOf, commandLineOf } from './processes.ts';
import type { Program } from './program.ts';

/** What became of an early SIGTERM. */
export interface EarlySignal {
  /** Whether it alone has ended the program, with 0. */
  readonly heard: boolean;
  /** Whether the program listened to SIGQUIT just before; Node does not by itself. */
  readonly listening: boolean;
}

/** Sends SIGTERM to PID 1 of a namespace so long after it exists. */
export async function sendEarly(program: Program, milliseconds: number): Promise<EarlySignal> {
  const inner = await eventually(() => {
    const [pid] = childrenOf(program.pid);
    expect(pid).toBeDefined();
    return pid ?? 0;
  });
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  // until its exec the child is `unshare`
  const isNode = commandLineOf(inner).startsWith(process.execPath);
  const listening = isNode && catches(inner, constants.signals.SIGQUIT);
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
  return { heard: first !== dropped, listening };
}
