/**
 * How far the supervisor's clock is ahead of the reader's, in milliseconds: the former estimate, moved as
 * little as the `Date` header, which has whole seconds, asks for. So a pod's wrong clock, or a laptop's,
 * makes no wrong uptime, and two right ones show no jitter.
 *
 * @param date - of the answer's head, in milliseconds of Unix time; NaN changes nothing
 * @param sent - when the reader's clock had sent the request
 * @param received - and had the answer
 */
export function skewOf(former: number, date: number, sent: number, received: number): number {
  if (Number.isNaN(date)) return former;
  return Math.min(Math.max(former, date - received), date + 1000 - sent);
}
