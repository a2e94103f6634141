import type { Input } from './input.ts';
import type { Exit, ExitReason, Seconds, Slot } from './state.ts';

/** How the process of a slot has ended. */
export function exitOf(
  slot: Slot,
  input: Input & { type: 'exited' },
  oomKilled: boolean | null,
  now: Seconds,
): Exit {
  return {
    code: containerExitCode(input.exitCode),
    signal: input.signal,
    reason: exitReason(slot, input.signal, oomKilled),
    at: now,
  };
}

/**
 * The status that a container runtime reports: 128 + N after signal N.
 *
 * @param exitCode - 0 to 255, or −N after signal N
 */
function containerExitCode(exitCode: number): number {
  return exitCode < 0 ? 128 - exitCode : exitCode;
}

function exitReason(slot: Slot, signal: string | null, oomKilled: boolean | null): ExitReason {
  if (slot.state.name === 'stopping') {
    if (slot.state.ending.phase === 'killed') return 'killed';
    return slot.state.purpose === 'rollout' ? 'rollout' : 'stopped';
  }
  if (oomKilled === true) return 'oom';
  return signal === null ? 'exit' : 'signal';
}
