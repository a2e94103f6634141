import type { Effect } from './effect.ts';
import { hasReached, PROBE_NAMES, probeOf } from './health.ts';
import type { Health, ProbeName, ProbeResult, ProbeUnderWay, Progress } from './health.ts';
import type { Input } from './input.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { everyone, ownerOf, withHealth } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';

/** How many probes are under way at a time, of all workers; whoever is due meanwhile waits. */
export const MOST_PROBES = 64;

/** How many are begun in one step: a probe may start a process, which takes about a millisecond. */
export const MOST_BEGUN = 16;

/** When something is to be done about a probe; Infinity if nothing is. */
export function probesDueAt(state: State, policy: Policy): Seconds {
  let dueAt = Infinity;
  for (const probe of state.probes) dueAt = Math.min(dueAt, endAt(state, probe, policy));
  const names = state.probes.length < MOST_PROBES ? configured(policy) : [];
  for (const slot of everyone(state)) {
    if (hasJustStarted(slot, policy)) return -Infinity;
    for (const probe of names) dueAt = Math.min(dueAt, probeDueAt(slot, probe, policy));
  }
  return dueAt;
}

/** Ends what takes too long, and takes those for started whose startup probe has succeeded. */
export function advanceProbes(state: State, now: Seconds, policy: Policy): Outcome {
  return then(endLate(state, now, policy), (next) => only(withStarted(next, now, policy)));
}

/** Begins what is due, once nobody asks those any more who are gone, or on their way out. */
export function beginProbes(state: State, now: Seconds, policy: Policy): Outcome {
  const isOver = (probe: ProbeUnderWay): boolean => endAt(state, probe, policy) === -Infinity;
  return then(cancelThose(state, isOver), (next) => beginDue(next, now, policy));
}

/** Of a stop: nobody is asked any more, and no answer is waited for. */
export function cancelProbes(state: State): Outcome {
  return cancelThose(state, () => true);
}

function cancelThose(state: State, isOver: (probe: ProbeUnderWay) => boolean): Outcome {
  const over = state.probes.filter(isOver);
  if (over.length === 0) return only(state);
  const probes = state.probes.filter((probe) => !over.includes(probe));
  const next = over.reduce(asDue, { ...state, probes });
  return { state: next, effects: over.map(cancelOf), events: [] };
}

/** A probe that is wanted no more may be again. */
function asDue(state: State, { worker, start, probe }: ProbeUnderWay): State {
  const slot = ownerOf(state, worker, start);
  const before = slot?.state.name === 'running' ? slot.state.health.probes[probe] : undefined;
  if (slot === undefined || before === undefined) return state;
  return withProgress(state, slot, probe, { ...before, dueAt: -Infinity });
}

/** A probe has come to something. Of one that was cancelled, or whose worker is gone, nothing is told. */
export function probed(
  state: State,
  { worker, start, probe, attempt, result, message }: Input & { type: 'probed' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const underWay = state.probes.find(
    (each) =>
      each.worker === worker &&
      each.start === start &&
      each.probe === probe &&
      each.attempt === attempt,
  );
  if (underWay === undefined) return only(state);
  return withResult(state, underWay, { result, message }, now, policy);
}

function configured(policy: Policy): readonly ProbeName[] {
  return PROBE_NAMES.filter((probe) => probeOf(policy, probe) !== undefined);
}

/** When it is to be ended; -Infinity where its answer does not matter any more. */
function endAt(
  state: State,
  { worker, start, probe, since }: ProbeUnderWay,
  policy: Policy,
): Seconds {
  const check = probeOf(policy, probe);
  const slot = ownerOf(state, worker, start);
  return check === undefined || slot?.state.name !== 'running'
    ? -Infinity
    : since + check.timeoutSeconds;
}

function endLate(state: State, now: Seconds, policy: Policy): Outcome {
  let outcome = only(state);
  for (const underWay of state.probes) {
    const at = endAt(outcome.state, underWay, policy);
    if (at === -Infinity || at > now) continue;
    const timeout = probeOf(policy, underWay.probe)?.timeoutSeconds ?? 0;
    const end = { result: 'failed', message: `no answer within ${timeout} s` } as const;
    const told = then(outcome, (next) => withResult(next, underWay, end, now, policy));
    outcome = { ...told, effects: [...told.effects, cancelOf(underWay)] };
  }
  return outcome;
}

function withResult(
  state: State,
  underWay: ProbeUnderWay,
  { result, message }: { readonly result: ProbeResult; readonly message: string },
  now: Seconds,
  policy: Policy,
): Outcome {
  const { worker, start, probe, since } = underWay;
  const next = { ...state, probes: state.probes.filter((each) => each !== underWay) };
  const slot = ownerOf(state, worker, start);
  const check = probeOf(policy, probe);
  const before = slot?.state.name === 'running' ? slot.state.health.probes[probe] : undefined;
  if (slot?.state.name !== 'running' || check === undefined || before === undefined) {
    return only(next);
  }
  const dueAt = Math.max(now, since + check.periodSeconds);
  const progress = { ...counted(before, result), last: result, dueAt, message };
  const { pid } = slot.state;
  const threshold = result === 'failed' ? check.failureThreshold : check.successThreshold;
  const { count } = progress;
  const isNew = result !== before.last;
  return only(withProgress(next, slot, probe, progress), [
    { type: 'worker-probed', worker, pid, probe, result, isNew, message, count, threshold },
  ]);
}

function counted(before: Progress, result: ProbeResult): Progress {
  if (result === 'unknown') return before;
  return { ...before, result, count: result === before.result ? before.count + 1 : 1 };
}

/** Those whose startup probe has succeeded, or is wanted no more, have started. */
function withStarted(state: State, now: Seconds, policy: Policy): State {
  return everyone(state)
    .filter((slot) => hasJustStarted(slot, policy))
    .reduce((next, slot) => withHealth(next, slot, { startedAt: now }), state);
}

function hasJustStarted({ state }: Slot, policy: Policy): boolean {
  if (state.name !== 'running' || state.health.startedAt !== null) return false;
  return (
    policy.startupProbe === undefined || hasReached(state.health, 'startup', 'successful', policy)
  );
}

function probeDueAt({ state }: Slot, probe: ProbeName, policy: Policy): Seconds {
  const check = probeOf(policy, probe);
  if (check === undefined || state.name !== 'running') return Infinity;
  const { startedAt, probes } = state.health;
  if ((probe === 'startup') !== (startedAt === null)) return Infinity;
  return probes[probe]?.dueAt ?? state.since + check.initialDelaySeconds;
}

function beginDue(state: State, now: Seconds, policy: Policy): Outcome {
  const room = Math.min(MOST_BEGUN, MOST_PROBES - state.probes.length);
  const names = configured(policy);
  if (room <= 0 || names.length === 0) return only(state);
  return everyone(state)
    .flatMap((slot) =>
      names.map((probe) => ({ slot, probe, dueAt: probeDueAt(slot, probe, policy) })),
    )
    .filter(({ dueAt }) => dueAt <= now)
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, room)
    .reduce(
      (outcome, { slot, probe }) =>
        then(outcome, (next) => beginProbe(next, slot, probe, now, policy)),
      only(state),
    );
}

const NEVER_BEGUN: Progress = {
  attempts: 0,
  dueAt: Infinity,
  result: null,
  count: 0,
  last: null,
  message: '',
};

function beginProbe(
  state: State,
  { index: worker, state: process }: Slot,
  probe: ProbeName,
  now: Seconds,
  policy: Policy,
): Outcome {
  const check = probeOf(policy, probe);
  // what has been begun before it may have changed the slot
  const slot = process.name === 'running' ? ownerOf(state, worker, process.start) : undefined;
  if (slot?.state.name !== 'running' || check === undefined) return only(state);
  const { start, health } = slot.state;
  const before = health.probes[probe] ?? NEVER_BEGUN;
  const attempt = before.attempts + 1;
  const progress = { ...before, attempts: attempt, dueAt: Infinity };
  const probes = [...state.probes, { worker, start, probe, attempt, since: now }];
  return {
    state: { ...withProgress(state, slot, probe, progress), probes },
    effects: [{ type: 'probe', worker, start, probe, attempt, check }],
    events: [],
  };
}

function withProgress(state: State, slot: Slot, probe: ProbeName, progress: Progress): State {
  const before: Health['probes'] = slot.state.name === 'running' ? slot.state.health.probes : {};
  return withHealth(state, slot, { probes: { ...before, [probe]: progress } });
}

function cancelOf({ worker, start, probe }: ProbeUnderWay): Effect {
  return { type: 'cancel-probe', worker, start, probe };
}
