import type { Effect } from './effect.ts';
import { only } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { killModeOf } from './policy.ts';
import type { Policy } from './policy.ts';
import { everyone, liveProcess } from './slots.ts';
import type { State } from './state.ts';

/** Sends on what has yet to be sent on, to every worker that is alive. */
export function sendForwards(state: State, policy: Policy): Outcome {
  if (state.forwards.length === 0) return only(state);
  const effects = state.forwards.flatMap((signal) =>
    everyone(state).flatMap((slot): readonly Effect[] => {
      const pid = liveProcess(slot)?.pid;
      if (pid === undefined) return [];
      const target = killModeOf(policy, slot) === 'control-group' ? 'group' : 'process';
      return [{ type: 'kill', worker: slot.index, pid, signal, target }];
    }),
  );
  return { state: { ...state, forwards: [] }, effects, events: [] };
}
