import { contextSwitches, memoryOf, ownProcesses } from '../processes.mjs';
import { pause, withRun } from '../run.mjs';

const WORKERS = 16;

/** Milliseconds until what is done after a start is done: V8 tidies up once, 8 s after it. */
const SETTLED = 10_000;

/** What it costs to do nothing with 16 workers; nobody disturbs the others, so all are there at once. */
export const rest = {
  name: 'rest',
  together: true,
  takes: ({ measures }) => measures.includes('rest'),
  rows: [
    { name: 'idle', title: `context switches while idle, ${WORKERS} workers`, unit: '' },
    { name: 'processes', title: 'processes of its own', unit: '' },
    { name: 'memory', title: `RSS at rest, ${WORKERS} workers`, unit: 'MB' },
    { name: 'shared memory', title: 'PSS at rest', unit: 'MB' },
  ],
  measure: (contestant, { idleSeconds }) =>
    withRun(async (run) => {
      run.start(contestant, { workers: WORKERS, command: run.worker() });
      await run.started(WORKERS);
      await pause(SETTLED);
      const pids = ownProcesses(run.pid, contestant.ownNames ?? []);
      const sum = (of) => pids.reduce((total, pid) => total + of(pid), 0);
      const before = sum(contextSwitches);
      await pause(idleSeconds * 1000);
      return {
        idle: sum(contextSwitches) - before,
        processes: pids.length,
        memory: sum((pid) => memoryOf(pid).rss),
        'shared memory': sum((pid) => memoryOf(pid).pss),
      };
    }),
};
