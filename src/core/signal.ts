import type { Action, Signal } from '../config/generated.ts';
import { mustKillAtOnce } from './ending.ts';
import type { Event } from './event.ts';
import type { Input } from './input.ts';
import { operate } from './operations.ts';
import type { Operation } from './operation.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { Seconds, State } from './state.ts';
import { beginStop, countInterrupt } from './stop.ts';

/** A signal that the supervisor received: what `signals` says of it is recorded. */
export function signalReceived(
  state: State,
  { signal, hungUp }: Input & { type: 'signal' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const received = (action: (Event & { type: 'signal-received' })['action']): Outcome =>
    only(state, [{ type: 'signal-received', signal, action }]);
  const action = actionOf(signal, hungUp, policy);
  if (state.phase.name === 'stopped' || action === undefined) return received('none');
  if (action === 'ignore') return received('ignore');
  if (action === 'stop') return stopReceived(state, signal, now, policy);
  if (action === 'forward' || typeof action === 'object') {
    const passed = action === 'forward' ? (signal as Signal) : action.forward;
    return then(received('forward'), (next) =>
      only({ ...next, forwards: [...next.forwards, passed] }),
    );
  }
  const operation = operationOf(action, state);
  if (operation === null || state.phase.name === 'stopping') return received('none');
  return then(received(action), (next) => operate(next, operation, now, policy));
}

function stopReceived(state: State, signal: string, now: Seconds, policy: Policy): Outcome {
  if (state.phase.name !== 'stopping') {
    const begun = then(only(state, [{ type: 'signal-received', signal, action: 'stop' }]), (next) =>
      beginStop(next, { type: 'signal', signal }, now, policy),
    );
    return then(begun, (next) => only(countInterrupt(next, signal)));
  }
  const counted = countInterrupt(state, signal);
  const kills = counted.phase.name === 'stopping' && mustKillAtOnce(counted.phase);
  const action = kills && signal === 'SIGINT' ? 'kill' : 'none';
  return only(counted, [{ type: 'signal-received', signal, action }]);
}

/** Null where it comes to nothing: signals never leave less than one worker. */
function operationOf(
  action: 'reload' | 'restart' | 'scale-up' | 'scale-down',
  { desired }: State,
): Operation | null {
  switch (action) {
    case 'reload':
      return { type: 'reload' };
    case 'restart':
      return { type: 'restart', worker: null };
    case 'scale-up':
      return { type: 'scale', workers: desired + 1 };
    case 'scale-down':
      return desired > 1 ? { type: 'scale', workers: desired - 1 } : null;
  }
}

/** A terminal that hangs up sends a SIGHUP too, and means that its user is gone. */
function actionOf(signal: string, hungUp: boolean, { signals }: Policy): Action | undefined {
  const action = (signals as Readonly<Record<string, Action | undefined>>)[signal];
  return action === 'reload' && hungUp ? 'stop' : action;
}
