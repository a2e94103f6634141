import type { WorkerDocument } from '../observe/status.ts';

/** A row of the table: a worker, or the process that its replacement has yet to take over from. */
export interface Place {
  readonly worker: WorkerDocument;
  readonly isPredecessor: boolean;
  /** Another one for every row, and the same from document to document. */
  readonly key: string;
}

/** The rows of a document: of two with one index, the first is the predecessor of the second. */
export function placesOf(workers: readonly WorkerDocument[]): readonly Place[] {
  return workers.map((worker, at) => {
    const isPredecessor = workers[at + 1]?.index === worker.index;
    return { worker, isPredecessor, key: keyOf(worker.index, isPredecessor) };
  });
}

/** The workers of a document, each once: without predecessors. */
export function currentOf(workers: readonly WorkerDocument[]): readonly WorkerDocument[] {
  return workers.filter(({ index }, at) => workers[at + 1]?.index !== index);
}

export function keyOf(index: number, isPredecessor = false): string {
  return `${index}${isPredecessor ? ' before' : ''}`;
}
