import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { KillMode, Policy } from './policy.ts';
import { STOPPED, withOwner } from './slots.ts';
import type {
  Ending,
  KillCause,
  Process,
  Purpose,
  Seconds,
  Slot,
  State,
  Stopping as Stop,
  WorkerState,
} from './state.ts';

/**
 * Seconds that a process has to vanish after SIGKILL. One that the kernel cannot end (it hangs in a
 * device or a dead network file system) is then named and left behind, because a supervisor that
 * waits for ever would be killed by the kubelet without a word.
 */
export const ABANDON_AFTER: Seconds = 2;

/**
 * Seconds from the first look at a process group whose leader is gone to the second; nobody tells when it
 * is empty. Each further one waits twice as long, up to the longest.
 */
export const CHECK_INTERVAL: Seconds = 0.01;
const LONGEST_CHECK_INTERVAL: Seconds = 0.32;

/** What the end of a worker depends on. */
export interface EndingContext {
  readonly now: Seconds;
  readonly policy: Policy;
  /** The stop of the supervisor, if there is one. */
  readonly stopping: Stop | null;
}

/** What becomes of one slot. */
export interface SlotOutcome {
  readonly slot: Slot;
  readonly effects: readonly Effect[];
  readonly events: readonly Event[];
}

type Stopping = Extract<WorkerState, { readonly name: 'stopping' }>;

/** Whether a second SIGINT has asked to kill at once. */
export function mustKillAtOnce(stopping: Stop | null): boolean {
  return stopping !== null && stopping.interrupts > 1;
}

/** When the end that a slot is coming to has something to do; Infinity if it is not coming to one. */
export function endingDueAt({ state }: Slot, stopping: Stop | null): Seconds {
  if (state.name !== 'stopping') return Infinity;
  const { ending } = state;
  const atOnce = mustKillAtOnce(stopping);
  const deadline = stopping?.deadline ?? Infinity;
  switch (ending.phase) {
    case 'asked':
      return atOnce ? -Infinity : Math.min(ending.killAt, deadline);
    case 'killed':
      return ending.abandonAt;
    case 'orphaned':
      return -Infinity;
    case 'group-asked':
      return atOnce ? -Infinity : Math.min(ending.killAt, ending.checkAt, deadline);
    case 'group-killed':
      return Math.min(ending.abandonAt, ending.checkAt);
  }
}

/** Does what is due of it. */
export function advanceEnding(slot: Slot, context: EndingContext): SlotOutcome {
  const { state } = slot;
  if (state.name !== 'stopping') return { slot, effects: [], events: [] };
  const { ending } = state;
  const { now, stopping } = context;
  switch (ending.phase) {
    case 'asked':
      return kill(slot, state, killCause(ending.killCause, stopping), context);
    case 'killed':
      return abandon(slot, state, context);
    case 'orphaned':
      return dealWithGroup(slot, state, ending.killMode, context);
    case 'group-asked':
      return mustKillAtOnce(stopping) ||
        Math.min(ending.killAt, stopping?.deadline ?? Infinity) <= now
        ? killGroup(slot, state, context)
        : checkGroup(slot, state, recheck(ending, now));
    case 'group-killed':
      return ending.abandonAt <= now
        ? abandon(slot, state, context)
        : checkGroup(slot, state, recheck(ending, now));
  }
}

/** Sends the stop signal to a running worker. */
export function ask(
  slot: Slot,
  { pid, since, start }: Process,
  purpose: Purpose,
  context: EndingContext,
): SlotOutcome {
  const { signal, gracePeriodSeconds: gracePeriod } = context.policy.stop;
  const target = killModeOf(context.policy, slot) === 'control-group' ? 'group' : 'process';
  const ending = { phase: 'asked', ...graceFrom(context) } as const;
  return {
    slot: {
      ...slot,
      state: { name: 'stopping', pid, since, start, purpose, ending, next: null },
    },
    effects: [{ type: 'kill', worker: slot.index, pid, signal, target }],
    events: [{ type: 'worker-stopping', worker: slot.index, pid, signal, gracePeriod }],
  };
}

/** Asks a worker to stop while the supervisor goes on; of one that does not run, nothing. */
export function askToStop(
  state: State,
  slot: Slot,
  purpose: Purpose,
  now: Seconds,
  policy: Policy,
): Outcome {
  if (slot.state.name !== 'running') return only(state);
  const asked = ask(slot, slot.state, purpose, { now, policy, stopping: null });
  const { effects, events } = asked;
  return { state: withOwner(state, slot, asked.slot), effects, events };
}

/** Sends SIGKILL to a worker that is alive, with its group unless `killMode` spares that. */
export function kill(
  slot: Slot,
  { pid, since, start }: Process,
  cause: KillCause,
  { now, policy }: EndingContext,
): SlotOutcome {
  const target = killModeOf(policy, slot) === 'process' ? 'process' : 'group';
  const ending = { phase: 'killed', abandonAt: now + ABANDON_AFTER } as const;
  const purpose = slot.state.name === 'stopping' ? slot.state.purpose : 'stop';
  return {
    slot: {
      ...slot,
      state: { name: 'stopping', pid, since, start, purpose, ending, next: null },
    },
    effects: [{ type: 'kill', worker: slot.index, pid, signal: 'SIGKILL', target }],
    events: [{ type: 'worker-killed', worker: slot.index, pid, cause }],
  };
}

/**
 * How the slot goes on when its worker is gone and somebody of its group is not; null where nothing has
 * to be done about them.
 */
export function afterLeader(slot: Slot, killMode: KillMode, now: Seconds): Ending | null {
  if (killMode === 'process') return null;
  const ending = slot.state.name === 'stopping' ? slot.state.ending : null;
  if (ending?.phase === 'killed') {
    return { ...ending, phase: 'group-killed', checkAt: now, checkInterval: CHECK_INTERVAL };
  }
  return ending?.phase === 'asked' && killMode === 'control-group'
    ? { ...ending, phase: 'group-asked', checkAt: now, checkInterval: CHECK_INTERVAL }
    : { phase: 'orphaned', killMode };
}

function dealWithGroup(
  slot: Slot,
  state: Stopping,
  killMode: KillMode,
  context: EndingContext,
): SlotOutcome {
  const { pid } = state;
  if (killMode !== 'control-group') return killGroup(slot, state, context);
  const { signal } = context.policy.stop;
  const ending = {
    phase: 'group-asked',
    ...graceFrom(context),
    checkAt: context.now + CHECK_INTERVAL,
    checkInterval: CHECK_INTERVAL,
  } as const;
  return {
    slot: { ...slot, state: { ...state, ending } },
    effects: [{ type: 'kill', worker: slot.index, pid, signal, target: 'group' }],
    events: [{ type: 'group-signalled', worker: slot.index, pid, signal }],
  };
}

function killGroup(slot: Slot, state: Stopping, { now }: EndingContext): SlotOutcome {
  const { pid } = state;
  const ending = {
    phase: 'group-killed',
    abandonAt: now + ABANDON_AFTER,
    checkAt: now + CHECK_INTERVAL,
    checkInterval: CHECK_INTERVAL,
  } as const;
  return {
    slot: { ...slot, state: { ...state, ending } },
    effects: [
      { type: 'kill', worker: slot.index, pid, signal: 'SIGKILL', target: 'group' },
      { type: 'check-group', worker: slot.index, start: state.start, pid },
    ],
    events: [{ type: 'group-signalled', worker: slot.index, pid, signal: 'SIGKILL' }],
  };
}

type GroupEnding = Extract<Ending, { readonly phase: 'group-asked' | 'group-killed' }>;

function recheck(ending: GroupEnding, now: Seconds): GroupEnding {
  const checkInterval = Math.min(2 * ending.checkInterval, LONGEST_CHECK_INTERVAL);
  return { ...ending, checkAt: now + ending.checkInterval, checkInterval };
}

function checkGroup(slot: Slot, state: Stopping, ending: Ending): SlotOutcome {
  return {
    slot: { ...slot, state: { ...state, ending } },
    effects: [{ type: 'check-group', worker: slot.index, start: state.start, pid: state.pid }],
    events: [],
  };
}

/** Gives up waiting: the slot goes on as if they were gone. */
function abandon(slot: Slot, { pid, next }: Stopping, { stopping }: EndingContext): SlotOutcome {
  const state = stopping === null ? next : null;
  return {
    slot: { ...slot, state: state ?? STOPPED },
    effects: [],
    events: [{ type: 'worker-abandoned', worker: slot.index, pid }],
  };
}

function killCause(planned: KillCause, stopping: Stop | null): KillCause {
  return mustKillAtOnce(stopping) ? 'second SIGINT' : planned;
}

function graceFrom({ now, policy, stopping }: EndingContext): {
  readonly killAt: Seconds;
  readonly killCause: KillCause;
} {
  const deadline = stopping?.deadline ?? Infinity;
  const ownEnd = now + policy.stop.gracePeriodSeconds;
  return {
    killAt: Math.min(ownEnd, deadline),
    killCause: ownEnd <= deadline ? 'grace period' : 'stop timeout',
  };
}
