import type { Config } from './config/generated.ts';
import { ConfigError } from './config/problem.ts';
import { findProgram } from './spawn-error.ts';
import type { WorkerOutput } from './worker-output.ts';

/** What is done for a worker's process beside starting it. */
export interface WorkerOptions {
  /** Added to the supervisor's own oom_score_adj; false: left as inherited. */
  readonly oomScoreAdj: number | false;
  /** What the worker gets if the supervisor is killed, with the program that arranges it; or null. */
  readonly parentDeath: { readonly signal: string; readonly setpriv: string } | null;
  /** Where its standard streams come from. */
  readonly output: WorkerOutput;
}

/**
 * What the configuration asks for.
 *
 * @throws ConfigError if what it needs is not on this machine
 */
export function workerOptionsOf(
  { oomScoreAdj, parentDeathSignal }: Config,
  source: string,
  output: WorkerOutput,
): WorkerOptions {
  if (parentDeathSignal === false) return { oomScoreAdj, parentDeath: null, output };
  const setpriv = findProgram('setpriv');
  if (setpriv !== null) {
    return { oomScoreAdj, parentDeath: { signal: parentDeathSignal, setpriv }, output };
  }
  throw new ConfigError([
    {
      source,
      pointer: '/parentDeathSignal',
      expected: 'setpriv (of util-linux) in PATH, which it needs',
      found: 'none',
    },
  ]);
}
