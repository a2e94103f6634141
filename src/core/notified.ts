import type { Notified } from './health.ts';
import type { Input } from './input.ts';
import type { Notification } from './notification.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { ownerOf, withHealth } from './slots.ts';
import type { Seconds, State } from './state.ts';

/** A worker has told something of itself. Of one that is gone, or on its way out, nothing matters. */
export function workerNotified(
  state: State,
  { worker, start, ...told }: Input & { type: 'notified' },
  now: Seconds,
): Outcome {
  const slot = ownerOf(state, worker, start);
  if (slot?.state.name !== 'running') return only(state);
  const notified = toldBy(slot.state.health.notified, told, now);
  return only(withHealth(state, slot, { notified }));
}

/** The watchdog is watched from the instant on at which the worker is ready, as systemd does. */
function toldBy(
  before: Notified,
  { ready, watchdog, status }: Notification,
  now: Seconds,
): Notified {
  const isReady = ready ?? before.ready;
  return {
    ready: isReady,
    fedAt: isReady ? (watchdog === 'ping' ? now : (before.fedAt ?? now)) : null,
    triggered: before.triggered || watchdog === 'trigger',
    status: status ?? before.status,
  };
}
