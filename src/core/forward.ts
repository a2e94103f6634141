import type { Action, Signal } from '../config/generated.ts';
import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import { mustKillAtOnce } from './ending.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { liveProcess } from './state.ts';
import type { Seconds, State } from './state.ts';
import { beginStop, countInterrupt } from './stop.ts';

/** A signal that the supervisor received: what `signals` says of it is recorded. */
export function signalReceived(
  state: State,
  signal: string,
  now: Seconds,
  policy: Policy,
): Outcome {
  const received = (action: (Event & { type: 'signal-received' })['action']): Event => ({
    type: 'signal-received',
    signal,
    action,
  });
  const action = actionOf(signal, policy);
  if (state.phase.name === 'stopped' || action === undefined)
    return only(state, [received('none')]);
  if (action === 'ignore') return only(state, [received('ignore')]);
  if (action !== 'stop') {
    const passed = action === 'forward' ? (signal as Signal) : action.forward;
    return only({ ...state, forwards: [...state.forwards, passed] }, [received('forward')]);
  }
  if (state.phase.name !== 'stopping') {
    const begun = then(only(state, [received('stop')]), (next) =>
      beginStop(next, { type: 'signal', signal }, now, policy),
    );
    return then(begun, (next) => only(countInterrupt(next, signal)));
  }
  const counted = countInterrupt(state, signal);
  const kills = counted.phase.name === 'stopping' && mustKillAtOnce(counted.phase);
  return only(counted, [received(kills && signal === 'SIGINT' ? 'kill' : 'none')]);
}

/** Sends on what has yet to be sent on, to every worker that is alive. */
export function sendForwards(state: State, policy: Policy): Outcome {
  if (state.forwards.length === 0) return only(state);
  const target = killModeOf(policy) === 'control-group' ? 'group' : 'process';
  const effects = state.forwards.flatMap((signal) =>
    state.slots.flatMap((slot): readonly Effect[] => {
      const pid = liveProcess(slot)?.pid;
      return pid === undefined ? [] : [{ type: 'kill', worker: slot.index, pid, signal, target }];
    }),
  );
  return { state: { ...state, forwards: [] }, effects, events: [] };
}

function actionOf(signal: string, { signals }: Policy): Action | undefined {
  return (signals as Readonly<Record<string, Action | undefined>>)[signal];
}
