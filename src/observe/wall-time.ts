import { now } from '../loop/clock.ts';
import type { Seconds } from '../core/state.ts';

/** The wall time, in milliseconds of Unix time, at which the monotonic clock began. */
const ORIGIN = Date.now() - now() * 1000;

/**
 * The wall time of an instant of the supervisor's monotonic clock, in milliseconds of Unix time. Later
 * steps of the system's clock do not move it, so that an instant has the same time whenever it is asked for.
 */
export function unixMilliseconds(at: Seconds): number {
  return Math.round(ORIGIN + at * 1000);
}

/** The same in RFC 3339. */
export function rfc3339(at: Seconds): string {
  return new Date(unixMilliseconds(at)).toISOString();
}
