import { withRun } from '../run.mjs';

const WORKERS = 16;

/** What each worker takes to stop, in milliseconds. */
const STOP_TIME = 200;

export const stop = {
  name: 'stop',
  title: `stop of ${WORKERS}, each ${STOP_TIME} ms`,
  unit: 'ms',
  rounds: { full: 3, quick: 1 },
  takes: ({ measures }) => measures.includes('stop'),
  measure: (contestant) =>
    withRun(async (run) => {
      const seconds = STOP_TIME / 1000;
      const command = run.worker({
        before: `trap 'sleep ${seconds}; kill $!; exit 0' TERM INT`,
        after: 'sleep 1000 & wait',
      });
      run.start(contestant, { workers: WORKERS, command, stopTime: STOP_TIME });
      await run.started(WORKERS);
      return run.stop();
    }),
};
