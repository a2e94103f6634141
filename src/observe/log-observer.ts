import type { Event } from '../core/event.ts';
import type { Log } from './log.ts';
import { recordOf } from './record.ts';

/** Writes a line for every event. */
export function logObserver(log: Log): (event: Event) => void {
  return (event) => {
    log(recordOf(event));
  };
}
