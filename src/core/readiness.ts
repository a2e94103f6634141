import type { Status } from './status.ts';

/** A number of workers, or a percentage of the wanted ones such as `"50%"`. */
export type MinReady = number | string;

/** The answer of `/readyz`. */
export interface Readiness {
  readonly ready: boolean;
  /** Why, in one sentence. */
  readonly reason: string;
}

/**
 * Whether the pod should get traffic: not before every wanted worker has been ready once, then while
 * at least `minReady` are, and never during a stop. One crash among eight does not take the pod out
 * of its Service.
 */
export function readinessOf(status: Status, minReady: MinReady): Readiness {
  const count = `${status.ready} of ${status.desired} workers ready`;
  switch (status.state) {
    case 'new':
    case 'starting':
      return { ready: false, reason: `${count}; not every worker has been ready yet` };
    case 'stopping':
    case 'stopped':
      return { ready: false, reason: `${count}; the supervisor is stopping` };
    case 'running': {
      const needed = neededWorkers(minReady, status.desired);
      return { ready: status.ready >= needed, reason: `${count}; ${needed} needed` };
    }
  }
}

/** How many ready workers `minReady` asks for: percentages are rounded up, and never more than wanted. */
export function neededWorkers(minReady: MinReady, desired: number): number {
  const absolute =
    typeof minReady === 'number'
      ? minReady
      : Math.ceil((desired * Number.parseInt(minReady, 10)) / 100);
  return Math.min(absolute, desired);
}
