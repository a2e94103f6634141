/** Where there is nothing to show. */
export const NONE = '–';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * A time span in its two largest units: `9 s`, `3 min 05 s`, `2 h 14 min`, `3 d 4 h`.
 *
 * @param seconds - a negative one, which clocks that disagree make, counts as 0
 */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < MINUTE) return `${whole} s`;
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)} min ${padded(whole % MINUTE)} s`;
  if (whole < DAY) {
    return `${Math.floor(whole / HOUR)} h ${padded(Math.floor((whole % HOUR) / MINUTE))} min`;
  }
  return `${Math.floor(whole / DAY)} d ${Math.floor((whole % DAY) / HOUR)} h`;
}

/** How long ago something was, in its largest unit: `just now`, `40 s ago`, `2 min ago`. */
export function ago(seconds: number): string {
  if (seconds < 1) return 'just now';
  if (seconds < MINUTE) return `${Math.floor(seconds)} s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`;
  return `${Math.floor(seconds / DAY)} d ago`;
}

/** A share of one CPU: `0.4%`, `35%`, `180%`. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)}%`;
}

/** The time of day where the reader is, such as `09:04:31`. */
export function timeOfDay(at: Date): string {
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(padded).join(':');
}

function padded(value: number): string {
  return String(value).padStart(2, '0');
}
