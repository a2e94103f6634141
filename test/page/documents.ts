import type { StatusDocument, WorkerDocument } from '../../src/observe/status.ts';

/** A worker that has been running for ten seconds at `NOW`. */
export function workerDocument(facts: Partial<WorkerDocument> = {}): WorkerDocument {
  return {
    index: 0,
    state: 'running',
    ready: true,
    notReadyBecause: null,
    statusText: null,
    pid: 100,
    since: '2026-01-02T03:04:00.000Z',
    starts: 1,
    restarts: {},
    lastExit: null,
    nextStartInSeconds: null,
    residentMemoryBytes: 2 ** 20,
    cpuSeconds: 1,
    ...facts,
  };
}

export const NOW = Date.parse('2026-01-02T03:04:10.000Z');

/** A running supervisor with these workers, all of which are wanted. */
export function statusDocument(
  workers: readonly WorkerDocument[],
  facts: Partial<StatusDocument> = {},
): StatusDocument {
  const ready = workers.filter((worker) => worker.ready).length;
  return { pid: 1, state: 'running', desired: workers.length, ready, workers, ...facts };
}

/** A worker that has a replacement started beside it, and that replacement; both have one index. */
export function replacing(
  facts: Partial<WorkerDocument> = {},
  replacement: Partial<WorkerDocument> = {},
): readonly [WorkerDocument, WorkerDocument] {
  const started = { pid: 101, starts: 2, ready: false, restarts: { rollout: 1 }, cpuSeconds: 0 };
  return [
    workerDocument({ ...facts, restarts: {} }),
    workerDocument({ ...facts, ...started, ...replacement }),
  ];
}

/** What a worker is without a process, after a crash. */
export const CRASHED = {
  state: 'backoff',
  ready: false,
  pid: null,
  since: '2026-01-02T03:04:05.000Z',
  lastExit: { code: 1, signal: null, reason: 'exit', at: '2026-01-02T03:04:05.000Z' },
  nextStartInSeconds: 3.21,
  residentMemoryBytes: null,
  cpuSeconds: null,
} as const satisfies Partial<WorkerDocument>;
