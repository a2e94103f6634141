import type { Effect } from './effect.ts';
import type { Event } from './event.ts';
import type { InputType } from './input.ts';
import type { State } from './state.ts';

/** What a step decided: the new state, what the shell is to do, and what to tell the observers. */
export interface Outcome {
  readonly state: State;
  readonly effects: readonly Effect[];
  /** To be published after the effects have been performed. */
  readonly events: readonly Event[];
}

/** One for all: most outcomes have none, and there are many for each restart. */
const NONE: readonly never[] = [];

/** A new state with events and no effect. */
export function only(state: State, events: readonly Event[] = NONE): Outcome {
  return { state, effects: NONE, events };
}

/** One outcome after the other: the second decides on the first's state. */
export function then(first: Outcome, next: (state: State) => Outcome): Outcome {
  const second = next(first.state);
  return {
    state: second.state,
    effects: joined(first.effects, second.effects),
    events: joined(first.events, second.events),
  };
}

function joined<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  if (second.length === 0) return first;
  return first.length === 0 ? second : [...first, ...second];
}

/** An input that the state does not allow: it changes nothing and is told to the observers. */
export function ignored(state: State, input: InputType, worker: number | null): Outcome {
  const slot = worker === null ? undefined : state.slots[worker];
  const name = slot === undefined ? state.phase.name : slot.state.name;
  return only(state, [{ type: 'input-ignored', input, worker, state: name }]);
}
