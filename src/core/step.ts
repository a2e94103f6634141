import { advanceEnding, endingDueAt } from './ending.ts';
import { sendForwards, signalReceived } from './forward.ts';
import type { Input } from './input.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { passDueAt, runPass } from './restart.ts';
import { withSlot } from './state.ts';
import type { Seconds, State } from './state.ts';
import { advanceStop, beginStop, stopDueAt } from './stop.ts';
import {
  concluded,
  groupChecked,
  workerExited,
  workerNotSpawned,
  workerSpawned,
} from './worker.ts';

/**
 * Decides: what the supervisor does about one input. Pure: the same arguments give the same answer,
 * and nothing else is read or changed.
 *
 * Inputs other than `tick` and `sweep` record what was observed; these two compare that with what is
 * wanted and act, as a Kubernetes controller reconciles. A second one at the same instant yields nothing.
 *
 * @param now - monotonic seconds
 */
export function step(state: State, input: Input, now: Seconds, policy: Policy): Outcome {
  switch (input.type) {
    case 'start':
      return start(state, input);
    case 'spawned':
      return workerSpawned(state, input, now, policy);
    case 'spawn-failed':
      return workerNotSpawned(state, input, now, policy);
    case 'exited':
      return workerExited(state, input, now, policy);
    case 'group-checked':
      return groupChecked(state, input, now, policy);
    case 'kill-failed':
    case 'notice':
    case 'orphans-reaped':
      return only(state, [input]);
    case 'signal':
      return signalReceived(state, input.signal, now, policy);
    case 'stop':
      return beginStop(state, input.cause, now, policy);
    case 'sweep':
      return sweep(state, now, policy);
    case 'tick':
      return tick(state, now, policy);
  }
}

/**
 * When the next tick is due: at or before the current time if there is something to do now, null if
 * nothing is pending. Firing early or twice is harmless.
 */
export function nextDeadline(state: State, policy: Policy): Seconds | null {
  switch (state.phase.name) {
    case 'starting':
    case 'running':
      return state.forwards.length > 0 ? -Infinity : workDueAt(state, policy);
    case 'stopping':
      return state.forwards.length > 0 ? -Infinity : stopDueAt(state, state.phase, policy);
    case 'new':
    case 'stopped':
      return null;
  }
}

function workDueAt(state: State, policy: Policy): Seconds | null {
  let dueAt = passDueAt(state, policy) ?? Infinity;
  for (const slot of state.slots) dueAt = Math.min(dueAt, endingDueAt(slot, null));
  return dueAt === Infinity ? null : dueAt;
}

/** Whether there is something to start at this instant. */
export function isPassDue(state: State, now: Seconds, policy: Policy): boolean {
  if (state.phase.name !== 'starting' && state.phase.name !== 'running') return false;
  const dueAt = passDueAt(state, policy);
  return dueAt !== null && dueAt <= now;
}

/** Whether a tick at this instant has something to do. */
export function isDue(state: State, now: Seconds, policy: Policy): boolean {
  const deadline = nextDeadline(state, policy);
  return deadline !== null && deadline <= now;
}

/** Whether a stop has begun, or is over. */
export function isStopping(state: State): boolean {
  return state.phase.name === 'stopping' || state.phase.name === 'stopped';
}

function start(state: State, input: Input & { type: 'start' }): Outcome {
  if (state.phase.name !== 'new') return ignored(state, input.type, null);
  const { workers, workersFrom, pid, oomKills } = input;
  const slots = Array.from({ length: workers }, (_, index) => ({
    index,
    starts: 0,
    restarts: {},
    lastExit: null,
    attempt: 0,
    state: { name: 'stopped', because: 'new' } as const,
  }));
  const phase = { name: workers === 0 ? 'running' : 'starting' } as const;
  const oomKillsAccounted = oomKills ?? 0;
  return only({ ...state, pid, phase, desired: workers, slots, oomKillsAccounted }, [
    { type: 'supervisor-started', pid, workers, workersFrom },
  ]);
}

/** Sends signals on, and brings ends on their way to an end. */
function sweep(state: State, now: Seconds, policy: Policy): Outcome {
  const forwarded = sendForwards(state, policy);
  switch (state.phase.name) {
    case 'starting':
    case 'running':
      return then(forwarded, (next) => advanceEndings(next, now, policy));
    case 'stopping': {
      const { phase } = state;
      return then(forwarded, (next) => advanceStop(next, phase, now, policy));
    }
    case 'new':
    case 'stopped':
      return only(state);
  }
}

/** A sweep, and what has to be started. */
function tick(state: State, now: Seconds, policy: Policy): Outcome {
  const swept = sweep(state, now, policy);
  return isStopping(swept.state) ? swept : then(swept, (next) => runPass(next, now, policy));
}

/** While the supervisor runs, what is left of the groups of dead workers is dealt with. */
function advanceEndings(state: State, now: Seconds, policy: Policy): Outcome {
  let outcome = only(state);
  for (const { index } of state.slots) {
    for (;;) {
      const slot = outcome.state.slots[index];
      if (slot === undefined || endingDueAt(slot, null) > now) break;
      const move = advanceEnding(slot, { now, policy, stopping: null });
      outcome = then(outcome, (next) => ({ ...move, state: withSlot(next, move.slot) }));
    }
  }
  // a slot whose group had to be left behind may have been the last to complete
  return outcome.state === state ? outcome : concluded(outcome, null, now, policy);
}
