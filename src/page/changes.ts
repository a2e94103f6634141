import type { StatusDocument, WorkerDocument } from '../observe/status.ts';
import { counted } from '../observe/units.ts';
import { currentOf } from './places.ts';
import { reasonOf } from './row.ts';

/** More workers than this are summed up. */
const NAMED = 3;

/**
 * What somebody who cannot see the page has to be told of the time between two documents: that workers
 * have ended or have been replaced, that more or fewer are wanted or ready, and what the supervisor does.
 * Uptimes and usage are not among it.
 *
 * @returns sentences; empty if there is nothing to tell
 */
export function changes(before: StatusDocument, after: StatusDocument): string {
  if (before.pid !== after.pid) return `Another supervisor answers. ${readiness(after)}`;
  const known = new Map<number, readonly WorkerDocument[]>();
  for (const each of before.workers)
    known.set(each.index, [...(known.get(each.index) ?? []), each]);
  // the end of a predecessor is told of its worker
  const ended = currentOf(after.workers).flatMap(
    (worker) => endOf(known.get(worker.index) ?? [], worker) ?? [],
  );
  return [
    ...(before.state === after.state ? [] : [`The supervisor is ${after.state}.`]),
    ...(before.desired === after.desired ? [] : [`${counted(after.desired, 'worker')} wanted.`]),
    ...(ended.length > NAMED ? [`${ended.length} workers have ended.`] : ended),
    ...(before.ready === after.ready && ended.length === 0 ? [] : [readiness(after)]),
  ].join(' ');
}

/** @param before - the worker, behind its predecessor if it has one */
function endOf(before: readonly WorkerDocument[], after: WorkerDocument): string | null {
  const { index, lastExit, pid } = after;
  const known = before.at(-1);
  if (known === undefined || lastExit === null || lastExit.at === known.lastExit?.at) return null;
  const how = [lastExit.signal ?? `code ${lastExit.code}`, reasonOf(lastExit)]
    .filter((part) => part !== '')
    .join(', ');
  if (pid === null) return `Worker ${index} has ended (${how}).`;
  return before[0]?.pid === pid
    ? `The replacement of worker ${index} has ended (${how}).`
    : `Worker ${index} has ended (${how}) and has been replaced.`;
}

function readiness({ ready, desired }: StatusDocument): string {
  return `${ready} of ${desired} ready.`;
}
