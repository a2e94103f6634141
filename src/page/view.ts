import type { StatusDocument } from '../observe/status.ts';
import { bytes } from '../observe/units.ts';
import { NONE, percent } from './format.ts';
import type { History } from './history.ts';
import { currentOf, placesOf } from './places.ts';
import { totalOf } from './restarts.ts';
import type { Total } from './restarts.ts';
import { rowOf } from './row.ts';
import type { Row, Scale, Tone } from './row.ts';

export type Fact = 'state' | 'ready' | 'restarts' | 'memory' | 'cpu';

/** Everything that the page shows of one document. */
export interface View {
  readonly title: string;
  readonly tone: Tone;
  readonly facts: Readonly<Record<Fact, Total>>;
  /** 0 to 1: how many of the wanted workers are ready. */
  readonly readyShare: number;
  readonly rows: readonly Row[];
  /** What is said instead of rows; empty where there are some. */
  readonly empty: string;
}

/**
 * @param now - the supervisor's time, in milliseconds of Unix time
 */
export function viewOf(document: StatusDocument, history: History, now: number): View {
  const { pid, state, desired, ready, workers } = document;
  const scale = scaleOf(history);
  return {
    title: state === 'running' ? `${ready}/${desired} ready` : state,
    tone: toneOf(document),
    facts: {
      state: { text: capitalised(state), detail: `pid ${pid}` },
      ready: { text: `${ready} of ${desired}`, detail: notReady(document) },
      restarts: totalOf(workers.map(({ restarts }) => restarts)),
      memory: { text: memoryOf(document), detail: 'resident, all workers' },
      cpu: { text: cpuOf(history), detail: '100% is one CPU' },
    },
    readyShare: desired === 0 ? 1 : Math.min(1, ready / desired),
    rows: placesOf(workers).map((place) => rowOf(place, history.get(place.key) ?? [], scale, now)),
    empty: workers.length > 0 ? '' : emptyText(document),
  };
}

/** The same for every row, so that rows can be compared; at least so much that noise looks flat. */
function scaleOf(history: History): Scale {
  let memoryBytes = 2 ** 20;
  let cpuShare = 0.05;
  for (const samples of history.values()) {
    for (const sample of samples) {
      memoryBytes = Math.max(memoryBytes, sample.memoryBytes ?? 0);
      cpuShare = Math.max(cpuShare, sample.cpuShare ?? 0);
    }
  }
  return { memoryBytes, cpuShare };
}

function toneOf({ state, desired, ready }: StatusDocument): Tone {
  if (state === 'stopped') return 'off';
  if (state !== 'running') return 'busy';
  if (ready >= desired) return 'good';
  return ready === 0 ? 'bad' : 'busy';
}

/** What those do that are wanted and not ready, such as `1 backoff`. */
function notReady({ workers, desired }: StatusDocument): string {
  // a worker is ready while its predecessor is
  const ready = new Set(workers.filter((worker) => worker.ready).map(({ index }) => index));
  const missing = currentOf(workers).filter(({ index }) => index < desired && !ready.has(index));
  const counts = new Map<string, number>();
  for (const { state } of missing) {
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
}

function memoryOf({ workers }: StatusDocument): string {
  const known = workers.flatMap(({ residentMemoryBytes }) => residentMemoryBytes ?? []);
  return known.length === 0 ? NONE : bytes(known.reduce((sum, each) => sum + each, 0));
}

function cpuOf(history: History): string {
  const known = [...history.values()].flatMap((samples) => samples.at(-1)?.cpuShare ?? []);
  return known.length === 0 ? NONE : percent(known.reduce((sum, each) => sum + each, 0));
}

function emptyText({ state, desired }: StatusDocument): string {
  if (state === 'stopping' || state === 'stopped') return 'No worker is left.';
  return desired === 0 ? 'No workers are wanted.' : 'No worker has been started yet.';
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
