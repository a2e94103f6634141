import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';

import type { Family } from './family.ts';

/**
 * prom-client's metrics of the supervisor's own process. Its whole set is not taken: the event loop's
 * lag is measured by a timer of 10 ms, which would wake an idle supervisor a hundred times a second.
 */
export const ownProcess: Family = ({ registry }) => {
  for (const register of [
    heapSizeAndUsed,
    osMemoryHeap,
    processCpuTotal,
    processMaxFileDescriptors,
    processOpenFileDescriptors,
    processStartTime,
  ]) {
    register(registry);
  }
  return null;
};
