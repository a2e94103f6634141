import { withRun } from '../run.mjs';

/** Milliseconds from exec to the first of one worker, and to the last of 64. */
async function timeToStart(contestant, workers) {
  return withRun(async (run) => {
    run.start(contestant, { workers, command: run.worker() });
    return (await run.started(workers)) - run.startedAt;
  });
}

export const firstWorker = {
  name: 'start first',
  title: 'exec to first worker, 1 worker',
  unit: 'ms',
  rounds: { full: 11, quick: 5 },
  takes: ({ measures }) => measures.includes('start') || measures.includes('first worker'),
  measure: (contestant) => timeToStart(contestant, 1),
};

export const lastOf64 = {
  name: 'start last',
  title: 'exec to last of 64 workers',
  unit: 'ms',
  rounds: { full: 3, quick: 1 },
  takes: ({ measures }) => measures.includes('start'),
  measure: (contestant) => timeToStart(contestant, 64),
};
