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
  const body = [...status.workers.map(workerLine), verdict, ''].join('\n');
  return { status: ready ? 200 : 503, type: TEXT, body };
}

function workerLine(worker: WorkerStatus): string {
  const mark = worker.ready ? '[+]' : '[-]';
  return `${mark}worker ${worker.index} ${[worker.state, ...reasons(worker)].join(', ')}`;
}

function reasons({ lastExit, nextStartIn, ready }: WorkerStatus): readonly string[] {
  if (ready) return [];
  const ended = lastExit === null ? [] : [`last exit: ${lastExit.reason}, code ${lastExit.code}`];
  return nextStartIn === null ? ended : [...ended, `next start in ${nextStartIn.toFixed(1)} s`];
}
