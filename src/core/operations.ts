import { abortOperations, answered, pending, scaledMeanwhile, STOPPING } from './answers.ts';
import type { Awaited } from './answers.ts';
import type { Effect } from './effect.ts';
import type { Input } from './input.ts';
import { wantLoad } from './load.ts';
import type { Operation, PendingOperation } from './operation.ts';
import { only, then } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import type { Policy } from './policy.ts';
import { isRolledOut, restartWorkers } from './rollout.ts';
import { isScaled, refusalOfScale, scaleTo } from './scale.ts';
import { isCompleted } from './slots.ts';
import type { Seconds, State } from './state.ts';
import { beginStop, isStopping } from './stop.ts';

/** An operator asks for something. The answer comes with the outcome, or at once where nobody waits for that. */
export function operationReceived(
  state: State,
  { id, operation, wait }: Input & { type: 'operation' },
  now: Seconds,
  policy: Policy,
): Outcome {
  const received = only(state, [{ type: 'operation-received', operation }]);
  const refusal = refusalOf(state, operation, policy);
  if (refusal !== null) {
    return then(received, (next) => refused(answered(next, id, 'refused', refusal), refusal));
  }
  const begun = then(received, (next) => begin(next, id, operation, wait, now, policy));
  return wait
    ? begun
    : then(begun, (next) => only(answered(next, id, 'done', `asked for: ${nameOf(operation)}`)));
}

/** The same as an operator's, of nobody who waits for an answer. */
export function operate(state: State, operation: Operation, now: Seconds, policy: Policy): Outcome {
  const refusal = refusalOf(state, operation, policy);
  return refusal === null ? perform(state, operation, null, now, policy) : refused(state, refusal);
}

/** Whether an answer has to be given. */
export function isAnswerDue(state: State): boolean {
  return state.answers.length > 0 || state.operations.some((each) => isDone(state, each));
}

/** Gives the answers to those whose wait is over. */
export function giveAnswers(state: State): Outcome {
  if (!isAnswerDue(state)) return only(state);
  const done = state.operations.filter((each) => isDone(state, each));
  const operations = state.operations.filter((each) => !done.includes(each));
  const effects: readonly Effect[] = [
    ...state.answers.map((answer) => ({ type: 'answer' as const, ...answer })),
    ...done.map(({ id, message }) => ({
      type: 'answer' as const,
      id,
      result: { outcome: 'done' as const, message },
    })),
  ];
  return { state: { ...state, operations, answers: [] }, effects, events: [] };
}

function refused(state: State, message: string): Outcome {
  return only(state, [{ type: 'operation-refused', message }]);
}

function refusalOf(state: State, operation: Operation, policy: Policy): string | null {
  if (operation.type !== 'stop' && isStopping(state)) return STOPPING;
  switch (operation.type) {
    case 'scale':
      return refusalOfScale(operation.workers, policy);
    case 'restart':
      return refusalOfRestart(state, operation.worker);
    case 'reload':
    case 'stop':
      return null;
  }
}

function refusalOfRestart(state: State, worker: number | null): string | null {
  if (worker === null) return null;
  const slot = state.slots[worker];
  if (slot === undefined || worker >= state.desired) {
    return `expected a worker from 0 to ${state.desired - 1}, found ${worker}`;
  }
  return isCompleted(slot)
    ? `worker ${worker} has completed, and its restart.policy gives it no other process`
    : null;
}

function begin(
  state: State,
  id: number,
  operation: Operation,
  wait: boolean,
  now: Seconds,
  policy: Policy,
): Outcome {
  const performed = perform(state, operation, wait ? id : null, now, policy);
  if (!wait || operation.type === 'reload') return performed;
  return then(performed, (next) =>
    only(
      pending(next, {
        id,
        message: doneMessage(operation, state),
        awaits: [AWAITS[operation.type]],
        worker: operation.type === 'restart' ? operation.worker : null,
      }),
    ),
  );
}

const AWAITS = { scale: 'scale', restart: 'rollout', stop: 'stop' } as const;

function perform(
  state: State,
  operation: Operation,
  waiting: number | null,
  now: Seconds,
  policy: Policy,
): Outcome {
  switch (operation.type) {
    case 'scale':
      return rescaled(state, operation.workers, now, policy);
    case 'restart':
      return restartWorkers(state, restartable(state, operation.worker));
    case 'reload':
      return only(wantLoad(state, waiting));
    case 'stop':
      return beginStop(state, { type: 'request' }, now, policy);
  }
}

function rescaled(state: State, workers: number, now: Seconds, policy: Policy): Outcome {
  if (workers === state.desired) return only(state);
  const told = abortOperations(state, 'scale', scaledMeanwhile(workers));
  return scaleTo(told, workers, now, policy);
}

function restartable(state: State, worker: number | null): readonly number[] {
  const wanted = state.slots.slice(0, state.desired).filter((slot) => !isCompleted(slot));
  const all = wanted.map(({ index }) => index);
  return worker === null ? all : [worker];
}

function isDone(state: State, { awaits }: PendingOperation): boolean {
  return awaits.every((awaited) => HAS_COME[awaited](state));
}

const HAS_COME: Readonly<Record<Awaited, (state: State) => boolean>> = {
  scale: isScaled,
  rollout: isRolledOut,
  stop: ({ phase }) => phase.name === 'stopped',
};

function doneMessage(
  operation: Exclude<Operation, { readonly type: 'reload' }>,
  state: State,
): string {
  const { desired } = state;
  switch (operation.type) {
    case 'scale':
      return operation.workers === desired
        ? `${desired} workers, as before`
        : `scaled from ${desired} to ${operation.workers} workers`;
    case 'restart':
      return operation.worker === null
        ? `restarted ${restartable(state, null).length} workers`
        : `restarted worker ${operation.worker}`;
    case 'stop':
      return 'stopped';
  }
}

function nameOf(operation: Operation): string {
  switch (operation.type) {
    case 'scale':
      return `scale ${operation.workers}`;
    case 'restart':
      return operation.worker === null ? 'restart' : `restart ${operation.worker}`;
    case 'reload':
    case 'stop':
      return operation.type;
  }
}
