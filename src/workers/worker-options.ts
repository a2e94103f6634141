import type { Config } from '../config/generated.ts';
import { lacking } from '../config/lacking.ts';
import { raisedOomScore } from '../system/oom-score.ts';
import { findProgram } from './spawn-error.ts';
import type { WorkerNotification } from '../notify/worker-notification.ts';
import type { WorkerOutput } from '../output/worker-output.ts';

/** What is done for a worker's process beside starting it. */
export interface WorkerOptions {
  /** Its oom_score_adj; null: as inherited. */
  readonly oomScoreAdj: number | null;
  /** What the worker gets if the supervisor is killed, with the program that arranges it; or null. */
  readonly parentDeath: { readonly signal: string; readonly setpriv: string } | null;
  /** Where its standard streams come from. */
  readonly output: WorkerOutput;
  /** How it tells that it is ready. */
  readonly notification: WorkerNotification;
}

/**
 * What the configuration asks for.
 *
 * @throws ConfigError if what it needs is not on this machine
 */
export function workerOptionsOf(
  { oomScoreAdj, parentDeathSignal }: Config,
  source: string,
  own: Pick<WorkerOptions, 'output' | 'notification'>,
): WorkerOptions {
  const score = oomScoreAdj === false ? null : raisedOomScore(oomScoreAdj);
  if (parentDeathSignal === false) return { oomScoreAdj: score, parentDeath: null, ...own };
  const setpriv = findProgram('setpriv');
  if (setpriv !== null) {
    const parentDeath = { signal: parentDeathSignal, setpriv };
    return { oomScoreAdj: score, parentDeath, ...own };
  }
  throw lacking(source, '/parentDeathSignal', 'setpriv (of util-linux) in PATH, which it needs');
}
