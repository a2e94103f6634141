import { allProcesses } from '../processes.mjs';
import { withRun } from '../run.mjs';
import { PID_NAMESPACE } from './orphans.mjs';

const SIGNALS = 30;

/** From kill(2) to PID 1 to the answer of the worker that it passes the signal on to. */
export const forwarding = {
  name: 'signal',
  title: 'signal to PID 1 to the worker’s answer',
  unit: 'ms',
  rounds: { full: 2, quick: 1 },
  needsRoot: true,
  takes: ({ name, measures }) => measures.includes('signal') || name === 'container-supervisor',
  measure: (contestant) =>
    withRun(async (run) => {
      const tell = `echo $$ >"${run.fifo}"`;
      const command = run.worker({
        before: `trap '${tell}' USR1`,
        after: 'while :; do sleep 1000 & wait $!; kill $!; done',
      });
      run.start(contestant, { workers: 1, command }, { prefix: PID_NAMESPACE });
      await run.started(1);
      const { pid } = allProcesses().find((each) => each.parent === run.pid);
      const times = [];
      for (let count = 2; count <= SIGNALS + 1; count += 1) {
        const from = performance.now();
        process.kill(pid, 'SIGUSR1');
        times.push((await run.started(count)) - from);
      }
      return times;
    }),
};
