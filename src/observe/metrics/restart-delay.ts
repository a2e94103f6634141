import { Histogram } from './client.ts';
import type { Family } from './family.ts';

/** Seconds: from a replacement at once over the pace of a crash loop to the longest backoff. */
const BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

export const restartDelay: Family = ({ registry }) => {
  const delays = new Histogram({
    name: 'supervisor_restart_delay_seconds',
    help: 'Time from a worker’s end being seen to its replacement being started, in seconds.',
    buckets: BUCKETS,
    registers: [registry],
  });
  return (event) => {
    if (event.type !== 'worker-started') return;
    const { restart, restartReason } = event;
    if (restart !== null && restartReason !== null) delays.observe(restart.delay);
  };
};
