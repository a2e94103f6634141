import { FLOOR_LOOP, OURS } from '../contestants.mjs';
import { allProcesses, cpuSeconds } from '../processes.mjs';
import { pause, withRun } from '../run.mjs';

const ORPHANS = 2000;
export const PID_NAMESPACE = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** As PID 1 it adopts processes that nobody waits for: those it does not reap stay zombies. */
export const orphans = {
  name: 'orphans',
  rounds: { full: 2, quick: 1 },
  needsRoot: true,
  takes: (contestant) =>
    contestant.measures.includes('orphans') || contestant === OURS || contestant === FLOOR_LOOP,
  rows: [
    { name: 'orphans', title: `zombies left of ${ORPHANS} orphans`, unit: '' },
    { name: 'CPU per orphan', title: 'CPU per orphan', unit: 'ms' },
  ],
  measure: (contestant) =>
    withRun(async (run) => {
      const make = `n=0; while [ $n -lt ${ORPHANS} ]; do (sleep 0.05 &); n=$((n + 1)); done`;
      const after = `sleep 2; ${make}; echo $$ >"${run.fifo}"; exec sleep 1000`;
      const command = run.worker({ after });
      run.start(contestant, { workers: 1, command }, { prefix: PID_NAMESPACE });
      const first = await run.until('PID 1', () => childrenOf(run.pid)[0]);
      await run.started(1);
      // its own start is over before there is the first orphan
      await pause(1500);
      const before = cpuSeconds(first.pid);
      await run.started(2);
      const children = (isCounted) => childrenOf(first.pid).filter(isCounted).length;
      await run.until('the orphans’ end', () => children(({ state }) => state !== 'Z') === 1);
      // who reaps at all does so at once
      await pause(300);
      return {
        orphans: children(({ state }) => state === 'Z'),
        'CPU per orphan': ((cpuSeconds(first.pid) - before) * 1000) / ORPHANS,
      };
    }),
};

function childrenOf(parent) {
  return allProcesses().filter((each) => each.parent === parent);
}
