import { readinessOf } from '../core/readiness.ts';
import type { MinReady } from '../core/readiness.ts';
import type { Status, WorkerStatus } from '../core/status.ts';
import type { Answer } from './http.ts';

const TEXT = 'text/plain; charset=utf-8';

/** `/livez`: that it is answered says that the loop turns. */
export function livez(): Answer {
  return { status: 200, type: TEXT, body: 'livez check passed\n' };
}

/** `/readyz`: with the reasons, worker by worker, in the form of the Kubernetes API server's. */
export function readyz(status: Status, minReady: MinReady): Answer {
  const { ready, reason } = readinessOf(status, minReady);
  const verdict = `readyz check ${ready ? 'passed' : 'failed'}: ${reason}`;
  const replaced = new Set(status.predecessors);
  const all = [...status.predecessors, ...status.workers].sort((a, b) => a.index - b.index);
  const lines = all.map((worker) => workerLine(worker, replaced.has(worker)));
  const body = [...lines, verdict, ''].join('\n');
  return { status: ready ? 200 : 503, type: TEXT, body };
}

function workerLine(worker: WorkerStatus, isReplaced: boolean): string {
  const mark = worker.ready ? '[+]' : '[-]';
  const parts = [worker.state, ...(isReplaced ? ['being replaced'] : []), ...reasons(worker)];
  return `${mark}worker ${worker.index} ${parts.join(', ')}`;
}

function reasons({
  notReadyBecause,
  lastExit,
  nextStartIn,
  ready,
}: WorkerStatus): readonly string[] {
  if (ready) return [];
  return [
    ...(notReadyBecause === null ? [] : [notReadyBecause]),
    ...(lastExit === null ? [] : [`last exit: ${lastExit.reason}, code ${lastExit.code}`]),
    ...(nextStartIn === null ? [] : [`next start in ${nextStartIn.toFixed(1)} s`]),
  ];
}
