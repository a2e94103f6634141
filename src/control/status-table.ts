import type { StatusDocument, WorkerDocument } from '../observe/status.ts';
import { bytes, counted } from '../observe/units.ts';

/** Where there is nothing to show. */
const NONE = '-';

const HEADER = [
  'INDEX',
  'STATE',
  'READY',
  'PID',
  'UPTIME',
  'STARTS',
  'LAST EXIT',
  'NEXT START',
  'MEMORY',
  'CPU',
];

/** The units of time spans, in seconds. */
const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
] as const;

/**
 * A status for people: a line about the whole, and a table of the workers.
 *
 * @param now - milliseconds of Unix time
 * @returns lines, the last one with its end
 */
export function statusTable(document: StatusDocument, now: number = Date.now()): string {
  const { state, ready, desired, pid, workers } = document;
  const summary = `${state}: ${ready} of ${counted(desired, 'worker')} ready (pid ${pid})\n`;
  if (workers.length === 0) return summary;
  const told = workers.map(toldBy);
  // most workers have nothing to say, and the line is long enough
  const isTold = told.some((text) => text !== NONE);
  const rows = workers.map((worker, at) => [
    ...row(worker, now),
    ...(isTold ? [told[at] ?? NONE] : []),
  ]);
  return summary + aligned([isTold ? [...HEADER, 'STATUS'] : HEADER, ...rows]);
}

function row(worker: WorkerDocument, now: number): readonly string[] {
  const { index, state, ready, pid, starts, nextStartInSeconds, residentMemoryBytes } = worker;
  return [
    String(index),
    state,
    ready ? 'yes' : 'no',
    orNone(pid, String),
    orNone(worker.since, (since) => {
      const span = spanOf(secondsSince(since, now), 2);
      return pid === null ? `down ${span}` : span;
    }),
    String(starts),
    orNone(worker.lastExit, (exit) => lastExit(exit, now)),
    orNone(nextStartInSeconds, (seconds) => `in ${spanOf(Math.ceil(seconds), 2)}`),
    orNone(residentMemoryBytes, bytes),
    orNone(worker.cpuSeconds, (used) => (used < 10 ? `${used.toFixed(1)}s` : spanOf(used, 2))),
  ];
}

/** Why it is not ready, and what it says itself. */
function toldBy({ notReadyBecause, statusText }: WorkerDocument): string {
  const parts = [notReadyBecause, statusText].filter((part) => part !== null);
  return parts.length === 0 ? NONE : parts.join('; ');
}

function lastExit(
  { code, signal, reason, at }: NonNullable<WorkerDocument['lastExit']>,
  now: number,
): string {
  return `${signal ?? `code ${code}`} (${reason}), ${spanOf(secondsSince(at, now), 1)} ago`;
}

function orNone<T>(value: T | null, show: (value: T) => string): string {
  return value === null ? NONE : show(value);
}

function secondsSince(at: string, now: number): number {
  return (now - Date.parse(at)) / 1000;
}

/**
 * A time span in its largest units: `9s`, `3m5s`, `2h`.
 *
 * @param seconds - a negative one, which clocks that disagree make, counts as 0
 * @param most - how many units
 */
function spanOf(seconds: number, most: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const counts = UNITS.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return { count, text: `${count}${unit}` };
  });
  const first = counts.findIndex(({ count }) => count > 0);
  if (first === -1) return '0s';
  const largest = counts.slice(first, first + most);
  return largest.flatMap(({ count, text }) => (count > 0 ? text : [])).join('');
}

/** Columns as wide as their widest cell, two spaces apart. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
