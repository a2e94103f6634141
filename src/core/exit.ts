import type { Input } from './input.ts';
import type { Exit, ExitReason, Purpose, Seconds, Slot } from './state.ts';

/** What an end is called that was asked for. */
const REASONS: Readonly<Record<Purpose, ExitReason>> = {
  stop: 'stopped',
  scale: 'stopped',
  rollout: 'rollout',
  recycle: 'recycled',
  unhealthy: 'unhealthy',
};

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
    const { purpose, ending } = slot.state;
    // whoever hangs has to be killed as a rule, which its signal tells
    if (purpose === 'unhealthy') return 'unhealthy';
    return ending.phase === 'killed' ? 'killed' : REASONS[purpose];
  }
  if (oomKilled === true) return 'oom';
  return signal === null ? 'exit' : 'signal';
}
