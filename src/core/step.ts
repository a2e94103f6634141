import { advanceEnding, endingDueAt } from './ending.ts';
import { sendForwards } from './forward.ts';
import type { Input } from './input.ts';
import { beginLoad, loaded, wantLoad } from './load.ts';
import { groupChecked, isLeftBehind, leftBehind, workerExited } from './exited.ts';
import { giveAnswers, isAnswerDue, operationReceived } from './operations.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { workerNotified } from './notified.ts';
import type { Policy } from './policy.ts';
import { advanceProbes, beginProbes, cancelProbes, probed, probesDueAt } from './probing.ts';
import { advanceProgress, stuckAt } from './progress.ts';
import { advanceReadiness, readinessDueAt } from './ready.ts';
import {
  advanceRecycling,
  advanceSampling,
  memorySampled,
  recyclingDueAt,
  samplingDueAt,
} from './recycle.ts';
import { passDueAt, runPass } from './pass.ts';
import { advanceRollout, rolloutDueAt } from './rollout.ts';
import { advanceScaleDown, isScaleDownDue } from './scale.ts';
import { signalReceived } from './signal.ts';
import { everyone, newSlot, withOwner } from './slots.ts';
import type { Seconds, State } from './state.ts';
import { workerNotSpawned, workerSpawned } from './spawned.ts';
import { advanceStop, beginStop, isStopping, stopDueAt } from './stop.ts';
import { templateOf } from './template.ts';
import { advanceUnhealthy, unhealthyAt } from './unhealthy.ts';
import { concluded } from './vacancy.ts';

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
      return start(state, input, now, policy);
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
    case 'probed':
      return probed(state, input, now, policy);
    case 'notified':
      return workerNotified(state, input, now);
    case 'memory-sampled':
      return memorySampled(state, input, now, policy);
    case 'sweep':
      return sweep(state, now, policy);
    case 'tick':
      return tick(state, now, policy);
    default:
      return asked(state, input, now, policy);
  }
}

type Asking = Extract<
  Input,
  { readonly type: 'signal' | 'operation' | 'file-changed' | 'loaded' | 'stop' }
>;

/** What somebody wants of the supervisor. */
function asked(state: State, input: Asking, now: Seconds, policy: Policy): Outcome {
  switch (input.type) {
    case 'signal':
      return signalReceived(state, input, now, policy);
    case 'operation':
      return operationReceived(state, input, now, policy);
    case 'file-changed':
      return only(isStopping(state) ? state : wantLoad(state, null));
    case 'loaded':
      return loaded(state, input, now, policy);
    case 'stop':
      return beginStop(state, input.cause, now, policy);
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
      return isWorkDue(state, policy) ? -Infinity : workDueAt(state, policy);
    case 'stopping':
      return isMessageDue(state) || state.probes.length > 0
        ? -Infinity
        : stopDueAt(state, state.phase, policy);
    case 'stopped':
      return isAnswerDue(state) ? -Infinity : null;
    case 'new':
      return null;
  }
}

function isMessageDue(state: State): boolean {
  return state.forwards.length > 0 || isAnswerDue(state);
}

/** Whether there is something to do that does not wait for its time. */
function isWorkDue(state: State, policy: Policy): boolean {
  return isMessageDue(state) || state.load.name === 'wanted' || isScaleDownDue(state, policy);
}

function workDueAt(state: State, policy: Policy): Seconds | null {
  const dueAt = Math.min(passDueAt(state, policy) ?? Infinity, sweepDueAt(state, policy));
  return dueAt === Infinity ? null : dueAt;
}

/** When something has its time that is not a start; Infinity if nothing has. */
function sweepDueAt(state: State, policy: Policy): Seconds {
  let dueAt = Math.min(
    rolloutDueAt(state, policy),
    probesDueAt(state, policy),
    recyclingDueAt(state, policy),
    samplingDueAt(state, policy),
  );
  for (const slot of everyone(state)) {
    dueAt = Math.min(dueAt, endingDueAt(slot, null), readinessDueAt(slot, policy));
    dueAt = Math.min(dueAt, unhealthyAt(slot, policy), stuckAt(state, slot, policy));
  }
  return dueAt;
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

function start(
  state: State,
  input: Input & { type: 'start' },
  now: Seconds,
  policy: Policy,
): Outcome {
  if (state.phase.name !== 'new') return ignored(state, input.type, null);
  const { workers, workersFrom, pid, oomKills } = input;
  const template = templateOf(policy);
  const started: State = {
    ...state,
    pid,
    phase: { name: workers === 0 ? 'running' : 'starting' },
    desired: workers,
    configured: { workers: policy.workers, count: workers },
    template,
    slots: Array.from({ length: workers }, (_, index) => newSlot(index, template)),
    oomKillsAccounted: oomKills ?? 0,
  };
  return only(started, [{ type: 'supervisor-started', at: now, pid, workers, workersFrom }]);
}

/** Does what is due, but starts nothing. */
function sweep(state: State, now: Seconds, policy: Policy): Outcome {
  switch (state.phase.name) {
    case 'starting':
    case 'running':
      return then(work(state, now, policy), giveAnswers);
    case 'stopping': {
      const { phase } = state;
      const forwarded = then(cancelProbes(state), (next) => sendForwards(next, policy));
      const advanced = then(forwarded, (next) => advanceStop(next, phase, now, policy));
      return then(advanced, giveAnswers);
    }
    case 'stopped':
      return giveAnswers(state);
    case 'new':
      return only(state);
  }
}

/** What is due of a supervisor that runs: each part on what the one before it has left. */
function work(state: State, now: Seconds, policy: Policy): Outcome {
  // most sweeps of a crash loop have nothing to do, and need not make anything
  if (!isWorkDue(state, policy) && sweepDueAt(state, policy) > now) return only(state);
  const parts: readonly ((next: State) => Outcome)[] = [
    (next) => sendForwards(next, policy),
    (next) => advanceEndings(next, now, policy),
    (next) => advanceProbes(next, now, policy),
    (next) => advanceUnhealthy(next, now, policy),
    (next) => advanceReadiness(next, now, policy),
    (next) => advanceProgress(next, now, policy),
    (next) => advanceScaleDown(next, now, policy),
    (next) => advanceRollout(next, now, policy),
    // one that is over makes room for another
    (next) => recycle(next, now, policy),
    (next) => advanceSampling(next, now, policy),
    (next) => beginProbes(next, now, policy),
    beginLoad,
  ];
  return parts.reduce((outcome, part) => {
    return isStopping(outcome.state) ? outcome : then(outcome, part);
  }, only(state));
}

function recycle(state: State, now: Seconds, policy: Policy): Outcome {
  const begun = advanceRecycling(state, now, policy);
  return begun.state === state ? begun : then(begun, (next) => advanceRollout(next, now, policy));
}

/** A sweep, and what has to be started. */
function tick(state: State, now: Seconds, policy: Policy): Outcome {
  const swept = sweep(state, now, policy);
  return isStopping(swept.state) ? swept : then(swept, (next) => runPass(next, now, policy));
}

/** While the supervisor runs, what is left of the groups of dead workers is dealt with. */
function advanceEndings(state: State, now: Seconds, policy: Policy): Outcome {
  let outcome = only(state);
  for (const first of everyone(state)) {
    let slot = first;
    while (endingDueAt(slot, null) <= now) {
      const before = slot;
      const move = advanceEnding(slot, { now, policy, stopping: null });
      slot = isLeftBehind(before, move.slot) ? leftBehind(state, before) : move.slot;
      const after = slot;
      outcome = then(outcome, (next) => ({ ...move, state: withOwner(next, before, after) }));
    }
  }
  // a slot whose group had to be left behind may have been the last to complete
  return outcome.state === state ? outcome : concluded(outcome, null, now, policy);
}
