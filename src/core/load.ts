import { abortOperations, answered, pending } from './answers.ts';
import { describeChanges } from './compare.ts';
import type { Input, Loaded } from './input.ts';
import { ignored, only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { beginRollout } from './rollout.ts';
import { limitOf, scaleTo } from './scale.ts';
import { isCompleted, isMakingRoom, predecessorOf } from './slots.ts';
import type { Seconds, Slot, State, Template } from './state.ts';
import { isStopping } from './stop.ts';
import { sameTemplate, templateOf } from './template.ts';

/**
 * The file is to be read. While it is being read, what is asked for is another reading after that one, so
 * that none is lost and the last content is what applies.
 *
 * @param operation - who waits for the outcome, or null
 */
export function wantLoad(state: State, operation: number | null): State {
  const { load } = state;
  const added = operation === null ? [] : [operation];
  switch (load.name) {
    case 'idle':
      return { ...state, load: { name: 'wanted', operations: added } };
    case 'wanted':
      return { ...state, load: { ...load, operations: [...load.operations, ...added] } };
    case 'reading':
      return { ...state, load: { ...load, again: [...(load.again ?? []), ...added] } };
  }
}

/** Tells the shell to read it. */
export function beginLoad(state: State): Outcome {
  const { load } = state;
  if (load.name !== 'wanted') return only(state);
  const reading = { name: 'reading', operations: load.operations, again: null } as const;
  return { state: { ...state, load: reading }, effects: [{ type: 'load' }], events: [] };
}

/** What was read is compared with what runs. */
export function loaded(
  state: State,
  { type, result }: Input & { type: 'loaded' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const { load } = state;
  if (load.name !== 'reading') return ignored(state, type, null);
  const { operations, again } = load;
  const next: State = {
    ...state,
    load: again === null ? { name: 'idle' } : { name: 'wanted', operations: again },
  };
  // who waits for it has been told so
  if (isStopping(state)) return only(next);
  switch (result.type) {
    case 'none':
      return noFile(next, operations);
    case 'invalid':
      return invalid(next, operations, result);
    case 'configuration':
      return applied(next, operations, result, now, policy);
  }
}

function noFile(state: State, operations: readonly number[]): Outcome {
  const message = 'There is no configuration file that could be read again';
  return only(refuse(state, operations, message), [{ type: 'notice', message }]);
}

function invalid(
  state: State,
  operations: readonly number[],
  { source, problems }: Loaded & { type: 'invalid' },
): Outcome {
  return only(refuse(state, operations, problems.join('\n')), [
    { type: 'config-reload-failed', source, problems },
  ]);
}

function refuse(state: State, operations: readonly number[], message: string): State {
  return operations.reduce((next, id) => answered(next, id, 'refused', message), state);
}

function applied(
  state: State,
  operations: readonly number[],
  { source, workers, count, countFrom, changed, kept, masked }: Loaded & { type: 'configuration' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const told = only(state, [
    {
      type: 'config-reloaded',
      at: now,
      source,
      changed,
      kept,
      workers: count,
      workersFrom: countFrom,
    },
    ...masked.map((message) => ({ type: 'notice' as const, message })),
  ]);
  const scaled = then(told, (next) => rescaled(next, { workers, count }, now, policy));
  const rolled = then(scaled, (next) => rolledTo(next, templateOf(policy)));
  const message = `reloaded ${source}: ${describeChanges({ changed, kept })}`;
  return then(rolled, (next) =>
    only(
      operations.reduce(
        (each, id) => pending(each, { id, message, awaits: ['scale', 'rollout'], worker: null }),
        next,
      ),
    ),
  );
}

/** What an operator has made of it holds until the configuration's own value changes. */
function rescaled(
  state: State,
  configured: State['configured'],
  now: Seconds,
  policy: Policy,
): Outcome {
  const { workers, count } = state.configured;
  const isSame = configured.workers === workers && configured.count === count;
  const wanted = isSame ? state.desired : configured.count;
  const desired = Math.min(wanted, limitOf(policy).most);
  const before =
    desired === state.desired
      ? state
      : abortOperations(state, 'scale', `a newer configuration has scaled it to ${desired}`);
  return scaleTo({ ...before, configured }, desired, now, policy);
}

function rolledTo(state: State, template: Template): Outcome {
  const { rollout } = state;
  const target = rollout?.template ?? state.template;
  const outdated = state.slots.filter((slot) => isOutdated(state, slot, template));
  if (sameTemplate(target, template) && (rollout !== null || outdated.length === 0)) {
    return only(state);
  }
  const superseded = abortOperations(state, 'rollout', 'a newer configuration has superseded it');
  const queue = outdated.map(({ index }) => index);
  return beginRollout(superseded, queue, template);
}

function isOutdated(state: State, slot: Slot, template: Template): boolean {
  if (slot.index >= state.desired || isCompleted(slot)) return false;
  const isBetween = predecessorOf(state, slot.index) !== undefined || isMakingRoom(slot);
  return isBetween || !sameTemplate(slot.template, template);
}
