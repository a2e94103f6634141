import type { Event } from './event.ts';
import type { Input } from './input.ts';
import type { Policy } from './policy.ts';
import type { Seconds, State } from './state.ts';
import { advanceStop, beginStop, countInterrupt, mustKill, stopDueAt } from './stop.ts';
import { passDueAt, runPass } from './restart.ts';
import { workerExited, workerNotSpawned, workerSpawned } from './worker.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';

/** The signals that ask a container to stop. */
const STOP_SIGNALS: ReadonlySet<string> = new Set(['SIGTERM', 'SIGINT', 'SIGQUIT']);

/**
 * Decides: what the supervisor does about one input. Pure: the same arguments give the same answer,
 * and nothing else is read or changed.
 *
 * Inputs other than `tick` record what was observed; `tick` compares that with what is wanted and
 * acts, as a Kubernetes controller reconciles. A second tick at the same instant yields nothing.
 *
 * @param now - monotonic seconds
 */
export function step(state: State, input: Input, now: Seconds, policy: Policy): Outcome {
  switch (input.type) {
    case 'start':
      return start(state, input);
    case 'spawned':
      return workerSpawned(state, input, now);
    case 'spawn-failed':
      return workerNotSpawned(state, input, now, policy);
    case 'exited':
      return workerExited(state, input, now, policy);
    case 'kill-failed':
      return only(state, [input]);
    case 'signal':
      return signalReceived(state, input.signal, now, policy);
    case 'stop':
      return beginStop(state, input.cause, now, policy);
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
      return passDueAt(state, policy);
    case 'stopping':
      return stopDueAt(state, state.phase, policy);
    case 'new':
    case 'stopped':
      return null;
  }
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
  const { workers, workersFrom, pid } = input;
  const slots = Array.from({ length: workers }, (_, index) => ({
    index,
    starts: 0,
    lastExit: null,
    state: { name: 'stopped' } as const,
  }));
  const phase = { name: workers === 0 ? 'running' : 'starting' } as const;
  return only({ ...state, pid, phase, desired: workers, slots }, [
    { type: 'supervisor-started', pid, workers, workersFrom },
  ]);
}

function tick(state: State, now: Seconds, policy: Policy): Outcome {
  switch (state.phase.name) {
    case 'starting':
    case 'running':
      return runPass(state, now, policy);
    case 'stopping':
      return advanceStop(state, state.phase, now, policy);
    case 'new':
    case 'stopped':
      return only(state);
  }
}

function signalReceived(state: State, signal: string, now: Seconds, policy: Policy): Outcome {
  const received = (action: 'stop' | 'kill' | 'none'): Event => ({
    type: 'signal-received',
    signal,
    action,
  });
  if (!STOP_SIGNALS.has(signal)) return only(state, [received('none')]);
  const { phase } = state;
  if (phase.name === 'stopped') return only(state, [received('none')]);
  if (phase.name !== 'stopping') {
    const begun = then(only(state, [received('stop')]), (next) =>
      beginStop(next, { type: 'signal', signal }, now, policy),
    );
    return then(begun, (next) => only(countInterrupt(next, signal)));
  }
  const counted = countInterrupt(state, signal);
  return only(counted, [received(mustKill(counted) ? 'kill' : 'none')]);
}
