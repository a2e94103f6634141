import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';

const children = new Set<ChildProcess>();
let isTracking = false;

/**
 * From here on every child process of this program is known, those of libraries included. Node publishes
 * each on this channel before it is spawned.
 */
export function trackChildren(): void {
  if (isTracking) return;
  isTracking = true;
  subscribe('child_process', (message) => {
    const { process: child } = message as { readonly process: ChildProcess };
    children.add(child);
    const forget = (): void => {
      children.delete(child);
    };
    child.once('exit', forget);
    child.once('error', forget);
  });
}

/** Whether Node waits for this process itself. Objects are compared, because numbers are used again. */
export function isOwnChild(pid: number): boolean {
  for (const child of children) {
    if (child.pid === pid && child.exitCode === null && child.signalCode === null) return true;
  }
  return false;
}
