import type { Policy } from './policy.ts';
import type { Exit, ExitReason, Seconds } from './state.ts';

/** What becomes of a slot whose process has ended, or could not be started. */
export type Verdict =
  /** It gets another process, so many seconds after the end at the earliest. */
  | {
      readonly type: 'restart';
      readonly delay: Seconds;
      /** How many restarts in a row this is, from 1. */
      readonly attempt: number;
      /** The restarts that count against the limit, this one included. */
      readonly restarts: readonly Seconds[];
    }
  /** The policy gives it no other. */
  | { readonly type: 'complete' }
  /** Restarting cannot help, or has been tried often enough: the whole supervisor stops. */
  | { readonly type: 'give up'; readonly message: string; readonly exitStatus: number };

/** What there is to decide on. */
export interface Ended {
  /** Null for a start that failed: that is a failure under any policy. */
  readonly exit: Exit | null;
  /** Seconds that the process lived; 0 for a start that failed. */
  readonly lifetime: Seconds;
  /** How many restarts in a row had led to it. */
  readonly attempt: number;
  /** What a supervisor that gives up on it ends with: a failure's own code, never 0. */
  readonly exitStatus: number;
  /** 0 to 1, exclusive. */
  readonly random: number;
}

/**
 * What the restart policy makes of an end that nobody asked for.
 *
 * @param restarts - when restarts were granted, over all workers
 */
export function judge(
  ended: Ended,
  restarts: readonly Seconds[],
  now: Seconds,
  policy: Policy,
): Verdict {
  const { exit, exitStatus } = ended;
  const { restart } = policy;
  // one that was asked to stop has not said by its code that restarting cannot help
  const isOwnCode = exit !== null && exit.reason !== 'unhealthy';
  if (isOwnCode && restart.fatalExitCodes.includes(exit.code)) {
    const message = `a worker exited with code ${exit.code}, which is one of restart.fatalExitCodes`;
    return { type: 'give up', message, exitStatus };
  }
  if (isOver(ended, policy)) return { type: 'complete' };
  const granted = grantRestart(restarts, now, restart.limit);
  if (granted === null) {
    const { restarts: most = 0, withinSeconds = 0 } = restart.limit ?? {};
    const message = `more than ${most} restarts within ${withinSeconds} s (restart.limit)`;
    return { type: 'give up', message, exitStatus };
  }
  const attempt = attemptAfter(ended, policy);
  const delay = backoffDelay(attempt, ended.random, policy);
  return { type: 'restart', delay, attempt, restarts: granted };
}

/**
 * Whether an exit is a failure: not asked for, and its code not one of `successExitCodes`. That of an unhealthy
 * worker is, whatever its code, as for the kubelet.
 */
export function isFailure(exit: Exit, { restart }: Policy): boolean {
  if (exit.reason === 'unhealthy') return true;
  return !wasAsked(exit) && !restart.successExitCodes.includes(exit.code);
}

/** Whether the supervisor had asked it to end, for no fault of its own. */
export function wasAsked({ reason }: Exit): boolean {
  return ASKED.includes(reason);
}

const ASKED: readonly ExitReason[] = ['stopped', 'killed', 'rollout', 'recycled'];

/**
 * The sliding window of OTP's restart intensity: the times within it, with this one, or null if that
 * makes too many.
 */
export function grantRestart(
  restarts: readonly Seconds[],
  now: Seconds,
  limit: Policy['restart']['limit'],
): readonly Seconds[] | null {
  if (limit === undefined) return [];
  const recent = restarts.filter((at) => now - at < limit.withinSeconds);
  return recent.length < limit.restarts ? [...recent, now] : null;
}

/**
 * The delay of the so-many-th restart in a row: `initialSeconds`, each time `factor` as long, `maxSeconds`
 * at most, and shortened at random by up to the share `jitter`. 0 without a backoff: then the pace is
 * that of the loop alone.
 */
export function backoffDelay(attempt: number, random: number, policy: Policy): Seconds {
  const { backoff } = policy.restart;
  if (backoff === undefined) return 0;
  const { initialSeconds = policy.reloadDelay, factor, maxSeconds, jitter } = backoff;
  // a power that is too large is Infinity, of which the maximum is the lesser
  const delay = Math.min(maxSeconds, initialSeconds * factor ** (attempt - 1));
  return delay * (1 - jitter * random);
}

/** A run of `resetAfterSeconds` starts the count anew. */
function attemptAfter({ attempt, lifetime }: Ended, { restart }: Policy): number {
  const stable = restart.backoff !== undefined && lifetime >= restart.backoff.resetAfterSeconds;
  return stable ? 1 : attempt + 1;
}

function isOver({ exit }: Ended, policy: Policy): boolean {
  switch (policy.restart.policy) {
    case 'Always':
      return false;
    case 'OnFailure':
      return exit !== null && !isFailure(exit, policy);
    case 'Never':
      return true;
  }
}
