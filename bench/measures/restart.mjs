import { pause, withRun } from '../run.mjs';

/** Milliseconds in which whoever restarts a worker only after a while has become ready for it. */
const SETTLED = 1500;

/** Milliseconds from SIGKILL to some of the first workers until all of them are back. */
async function timeToReplace(run, from, to) {
  const before = run.starts.length;
  await pause(SETTLED);
  const killedAt = performance.now();
  for (const { pid } of run.starts.slice(from, to)) process.kill(pid, 'SIGKILL');
  return (await run.started(before + to - from)) - killedAt;
}

export const replacement = {
  name: 'replacement',
  title: 'SIGKILL to replacement, 1 of 4 workers, settled',
  unit: 'ms',
  rounds: { full: 2, quick: 1 },
  takes: ({ measures }) => measures.includes('replacement'),
  measure: (contestant) =>
    withRun(async (run) => {
      run.start(contestant, { workers: 4, command: run.worker() });
      await run.started(4);
      return [
        await timeToReplace(run, 0, 1),
        await timeToReplace(run, 1, 2),
        await timeToReplace(run, 2, 3),
      ];
    }),
};

export const massCrash = {
  name: 'mass crash',
  title: '64 killed at once, all back',
  unit: 'ms',
  rounds: { full: 3, quick: 1 },
  takes: ({ measures }) => measures.includes('mass crash'),
  measure: (contestant) =>
    withRun(async (run) => {
      run.start(contestant, { workers: 64, command: run.worker() });
      await run.started(64);
      return timeToReplace(run, 0, 64);
    }),
};
