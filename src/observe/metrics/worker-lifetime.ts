import { Histogram } from './client.ts';
import type { Family } from './family.ts';

/** Seconds: from a crash at start to a week. */
const BUCKETS = [0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 604_800];

export const workerLifetime: Family = ({ registry }) => {
  const lifetimes = new Histogram({
    name: 'supervisor_worker_lifetime_seconds',
    help: 'How long processes of workers have lived, from start to end, in seconds.',
    buckets: BUCKETS,
    registers: [registry],
  });
  return (event) => {
    if (event.type === 'worker-exited') lifetimes.observe(event.lifetime);
  };
};
