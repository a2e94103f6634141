import type { WorkerDocument } from '../observe/status.ts';
import { bytes } from '../observe/units.ts';
import { ago, duration, NONE, percent } from './format.ts';
import type { Sample } from './history.ts';
import type { Place } from './places.ts';
import { totalOf } from './restarts.ts';
import type { Total } from './restarts.ts';
import { sparkline } from './sparkline.ts';
import type { Sparkline } from './sparkline.ts';

/** How good or bad something is; the style has a colour for each. */
export type Tone = 'good' | 'busy' | 'bad' | 'off';

/** The values at the upper edges of the drawings. */
export interface Scale {
  readonly memoryBytes: number;
  readonly cpuShare: number;
}

/** A value with its last minute. */
export interface Meter extends Sparkline {
  readonly text: string;
  /** The drawing in words; empty where nothing is drawn. */
  readonly label: string;
}

/** One worker, as the table shows it. */
export interface Row {
  readonly key: string;
  readonly index: string;
  readonly state: Total & { readonly tone: Tone; readonly shape: string };
  /** What the worker says of itself, or why it is not ready. */
  readonly told: string;
  readonly pid: string;
  readonly uptime: string;
  readonly restarts: Total;
  readonly lastExit: Total & { readonly at: string };
  readonly memory: Meter;
  readonly cpu: Meter;
  /** Another one than before: another process. */
  readonly start: number;
}

/**
 * @param samples - those of this place
 * @param now - the supervisor's time, in milliseconds of Unix time
 */
export function rowOf(
  { worker, isPredecessor, key }: Place,
  samples: readonly Sample[],
  scale: Scale,
  now: number,
): Row {
  const { index, pid, since, starts, restarts, statusText, notReadyBecause } = worker;
  const uptime = pid === null || since === null ? null : (now - Date.parse(since)) / 1000;
  return {
    key,
    index: String(index),
    state: isPredecessor ? beingReplaced(stateOf(worker)) : stateOf(worker),
    told: statusText ?? notReadyBecause ?? '',
    pid: pid === null ? NONE : String(pid),
    uptime: uptime === null ? NONE : duration(uptime),
    // those of its worker are told once
    restarts: isPredecessor ? { text: NONE, detail: '' } : totalOf([restarts]),
    lastExit: lastExitOf(worker, now),
    memory: meterOf(samples, ({ memoryBytes }) => memoryBytes, scale.memoryBytes, bytes),
    cpu: meterOf(samples, ({ cpuShare }) => cpuShare, scale.cpuShare, percent),
    start: starts,
  };
}

/** The outlines in a square of 12, so that a state is told by more than a colour. */
const SHAPES = {
  disc: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1z',
  ring: 'M6 1a5 5 0 1 0 0 10A5 5 0 0 0 6 1zm0 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  triangle: 'M6 .8 11.6 11H.4z',
  square: 'M1.5 1.5h9v9h-9z',
  frame: 'M1.5 1.5h9v9h-9zm2 2v5h5v-5z',
};

const STATES: Readonly<Record<WorkerDocument['state'], { shape: string; tone: Tone }>> = {
  starting: { shape: SHAPES.ring, tone: 'busy' },
  running: { shape: SHAPES.disc, tone: 'good' },
  backoff: { shape: SHAPES.triangle, tone: 'bad' },
  stopping: { shape: SHAPES.square, tone: 'busy' },
  stopped: { shape: SHAPES.frame, tone: 'off' },
};

function stateOf({ state, ready, nextStartInSeconds: next }: WorkerDocument): Row['state'] {
  if (state === 'running' && !ready) {
    return { text: 'running', detail: 'not ready', tone: 'busy', shape: SHAPES.ring };
  }
  const detail = next === null ? '' : next === 0 ? 'start is due' : `next start in ${soon(next)}`;
  return { text: state, detail, ...STATES[state] };
}

function beingReplaced(state: Row['state']): Row['state'] {
  const detail = [state.detail, 'being replaced'].filter((part) => part !== '').join(', ');
  return { ...state, detail };
}

function soon(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : duration(seconds);
}

function lastExitOf({ lastExit }: WorkerDocument, now: number): Row['lastExit'] {
  if (lastExit === null) return { text: NONE, detail: '', at: '' };
  const { code, signal, at } = lastExit;
  const reason = reasonOf(lastExit);
  const since = ago((now - Date.parse(at)) / 1000);
  return {
    text: signal === null ? `code ${code}` : `code ${code}, ${signal}`,
    detail: reason === '' ? since : `${reason}, ${since}`,
    at,
  };
}

/** The reason of an end, where its code and signal alone do not say it. */
export function reasonOf({ signal, reason }: NonNullable<WorkerDocument['lastExit']>): string {
  const isPlain = reason === 'exit' || (reason === 'signal' && signal !== null);
  return isPlain ? '' : reason;
}

function meterOf(
  samples: readonly Sample[],
  valueOf: (sample: Sample) => number | null,
  max: number,
  format: (value: number) => string,
): Meter {
  const values = samples.flatMap((sample) => valueOf(sample) ?? []);
  const newest = samples.at(-1);
  const value = newest === undefined ? null : valueOf(newest);
  const low = format(Math.min(...values));
  const high = format(Math.max(...values));
  const range = low === high ? low : `${low} to ${high}`;
  return {
    text: value === null ? NONE : format(value),
    label: values.length === 0 ? '' : `last minute: ${range}`,
    ...sparkline(samples, valueOf, max),
  };
}
