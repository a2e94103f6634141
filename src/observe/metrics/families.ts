import { buildInfo } from './build-info.ts';
import { cgroupOomKills } from './cgroup-oom-kills.ts';
import { configLastReloadSuccessTimestamp } from './config-last-reload-success-timestamp.ts';
import { configLastReloadSuccessful } from './config-last-reload-successful.ts';
import type { Family } from './family.ts';
import { orphansReaped } from './orphans-reaped.ts';
import { ownProcess } from './own-process.ts';
import { restartDelay } from './restart-delay.ts';
import { signalsReceived } from './signals-received.ts';
import { stopping } from './stopping.ts';
import { workerCpu } from './worker-cpu.ts';
import { workerExits } from './worker-exits.ts';
import { workerLastExitCode } from './worker-last-exit-code.ts';
import { workerLifetime } from './worker-lifetime.ts';
import { workerMemory } from './worker-memory.ts';
import { workerOpenFds } from './worker-open-fds.ts';
import { workerProbes } from './worker-probes.ts';
import { workerRestarts } from './worker-restarts.ts';
import { workerScrapeDroppedFamilies } from './worker-scrape-dropped-families.ts';
import { workerScrapeDuration } from './worker-scrape-duration.ts';
import { workerScrapeErrors } from './worker-scrape-errors.ts';
import { workerScrapeSuccess } from './worker-scrape-success.ts';
import { workerSpawnErrors } from './worker-spawn-errors.ts';
import { workerStartTime } from './worker-start-time.ts';
import { workerState } from './worker-state.ts';
import { workerStarts } from './worker-starts.ts';
import { workerThreads } from './worker-threads.ts';
import { workersDesired } from './workers-desired.ts';
import { workersReady } from './workers-ready.ts';
import { workersRunning } from './workers-running.ts';

/** The supervisor's metric families, in the order of the exposition. */
export const FAMILIES: readonly Family[] = [
  buildInfo,
  workersDesired,
  workersRunning,
  workersReady,
  stopping,
  configLastReloadSuccessful,
  configLastReloadSuccessTimestamp,
  workerState,
  workerStarts,
  workerRestarts,
  workerExits,
  workerLastExitCode,
  workerStartTime,
  workerSpawnErrors,
  workerProbes,
  workerLifetime,
  restartDelay,
  workerCpu,
  workerMemory,
  workerOpenFds,
  workerThreads,
  signalsReceived,
  orphansReaped,
  cgroupOomKills,
  ownProcess,
];

/** Those that are there with `metrics.workers` alone. */
export const SCRAPE_FAMILIES: readonly Family[] = [
  workerScrapeSuccess,
  workerScrapeDuration,
  workerScrapeErrors,
  workerScrapeDroppedFamilies,
];
