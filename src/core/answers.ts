import type { OperationResult, PendingOperation } from './operation.ts';
import type { State } from './state.ts';

/** What is told to those who want something of a supervisor that is stopping. */
export const STOPPING = 'the supervisor is stopping';

/** What an operation may wait for. */
export type Awaited = PendingOperation['awaits'][number];

/** The answer to an operation. */
export function answered(
  state: State,
  id: number,
  outcome: OperationResult['outcome'],
  message: string,
): State {
  return { ...state, answers: [...state.answers, { id, result: { outcome, message } }] };
}

/** The operation waits for its outcome. */
export function pending(state: State, operation: PendingOperation): State {
  return { ...state, operations: [...state.operations, operation] };
}

/** Those who wait for this will not see it. */
export function abortOperations(state: State, awaited: Awaited, message: string): State {
  return abortThose(state, ({ awaits }) => awaits.includes(awaited), message);
}

/** Those who wait for the restart of a worker that is not wanted any more. */
export function abortRestarts(state: State): State {
  const isGone = ({ worker }: PendingOperation): boolean =>
    worker !== null && worker >= state.desired;
  return abortThose(state, isGone, scaledMeanwhile(state.desired));
}

/** What is told to those whose outcome another number of workers has taken away. */
export function scaledMeanwhile(workers: number): string {
  return `it was scaled to ${workers} workers meanwhile`;
}

function abortThose(
  state: State,
  isAborted: (operation: PendingOperation) => boolean,
  message: string,
): State {
  const aborted = state.operations.filter(isAborted);
  if (aborted.length === 0) return state;
  const operations = state.operations.filter((each) => !aborted.includes(each));
  return abortAll(
    { ...state, operations },
    aborted.map(({ id }) => id),
    message,
  );
}

/** Of a stop: nobody else will see what he waits for. */
export function abortForStop(state: State): State {
  const waiting = state.load.name === 'idle' ? [] : state.load.operations;
  const again = state.load.name === 'reading' ? (state.load.again ?? []) : [];
  const load: State['load'] =
    state.load.name === 'reading'
      ? { name: 'reading', operations: [], again: null }
      : { name: 'idle' };
  const told = abortAll({ ...state, load }, [...waiting, ...again], STOPPING);
  return abortOperations(abortOperations(told, 'scale', STOPPING), 'rollout', STOPPING);
}

function abortAll(state: State, ids: readonly number[], message: string): State {
  return ids.reduce((next, id) => answered(next, id, 'aborted', message), state);
}
