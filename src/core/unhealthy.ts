import { askToStop } from './ending.ts';
import type { UnhealthyCause } from './event.ts';
import { hasReached } from './health.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { everyone } from './slots.ts';
import type { Seconds, Slot, State } from './state.ts';
import { MOST_SIGNALS } from './stop.ts';

/** When a worker counts as unhealthy if nothing is heard of it; -Infinity where it does already. */
export function unhealthyAt({ state }: Slot, policy: Policy): Seconds {
  if (state.name !== 'running') return Infinity;
  const { health } = state;
  const hasFailed =
    (health.startedAt === null && hasReached(health, 'startup', 'failed', policy)) ||
    hasReached(health, 'liveness', 'failed', policy);
  const { fedAt, triggered } = health.notified;
  const watchdogSeconds = policy.notify?.watchdogSeconds;
  if (hasFailed || triggered) return -Infinity;
  return fedAt === null || watchdogSeconds === undefined ? Infinity : fedAt + watchdogSeconds;
}

/** Asks those to stop whose startup or liveness probe, or whose watchdog, has failed. */
export function advanceUnhealthy(state: State, now: Seconds, policy: Policy): Outcome {
  const unhealthy = everyone(state).filter((slot) => unhealthyAt(slot, policy) <= now);
  return unhealthy
    .slice(0, MOST_SIGNALS)
    .reduce(
      (outcome, slot) => then(outcome, (next) => stopUnhealthy(next, slot, now, policy)),
      only(state),
    );
}

function stopUnhealthy(state: State, slot: Slot, now: Seconds, policy: Policy): Outcome {
  const { state: process, index: worker } = slot;
  if (process.name !== 'running') return only(state);
  const told = only(state, [
    { type: 'worker-unhealthy', worker, pid: process.pid, ...causeOf(slot, policy) },
  ]);
  return then(told, (next) => askToStop(next, slot, 'unhealthy', now, policy));
}

function causeOf(
  { state }: Slot,
  policy: Policy,
): { readonly cause: UnhealthyCause; readonly message: string } {
  const probes = state.name === 'running' ? state.health.probes : {};
  const isStarted = state.name === 'running' && state.health.startedAt !== null;
  const progress = isStarted ? probes.liveness : probes.startup;
  const hasFailed = progress?.result === 'failed';
  const name = isStarted ? 'liveness' : 'startup';
  if (hasFailed && state.name === 'running' && hasReached(state.health, name, 'failed', policy)) {
    const message = `failed ${progress.count} times in a row: ${progress.message}`;
    return { cause: `${name} probe`, message };
  }
  const { watchdogSeconds = 0 } = policy.notify ?? {};
  if (state.name === 'running' && state.health.notified.triggered) {
    return { cause: 'watchdog', message: 'triggered by itself' };
  }
  return { cause: 'watchdog', message: `not fed within ${watchdogSeconds} s` };
}
