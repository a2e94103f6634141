import type { Probe } from '../config/generated.ts';
import type { Policy } from './policy.ts';
import type { Seconds } from './state.ts';

/** A container's probes, by the kubelet's names. */
export type ProbeName = 'startup' | 'readiness' | 'liveness';

/** Every probe, in the order in which they come in a worker's life. */
export const PROBE_NAMES: readonly ProbeName[] = ['startup', 'readiness', 'liveness'];

/** What a probe has come to, by the kubelet's names (`prober_probe_total`); `unknown`: it could not be run. */
export type ProbeResult = 'successful' | 'failed' | 'unknown';

/** Every result of a probe. */
export const PROBE_RESULTS: readonly ProbeResult[] = ['successful', 'failed', 'unknown'];

/** How far a probe of a process has come. */
export interface Progress {
  /** How many times it was begun. */
  readonly attempts: number;
  /** When it is due; Infinity while it is under way. */
  readonly dueAt: Seconds;
  /** What the last attempts have come to, all the same; null before the first. Unknown ones do not count. */
  readonly result: Exclude<ProbeResult, 'unknown'> | null;
  /** How many of them in a row. */
  readonly count: number;
  /** What the last attempt has come to; null before the first. */
  readonly last: ProbeResult | null;
  /** Of the last attempt, one sentence; empty before it. */
  readonly message: string;
}

/** What a worker has told by itself. */
export interface Notified {
  /** READY=1, or a line on the descriptor; not after STOPPING=1. */
  readonly ready: boolean;
  /** When it has fed its watchdog; null while that is not watched: before it was ready, and while it is stopping. */
  readonly fedAt: Seconds | null;
  /** WATCHDOG=trigger: it has found itself that it does not do what it should. */
  readonly triggered: boolean;
  /** STATUS=, or null. */
  readonly status: string | null;
}

/** What is known of how a process is, beside that it lives. */
export interface Health {
  /** When it had started: at once, or with the success of its startup probe; null before that. */
  readonly startedAt: Seconds | null;
  readonly probes: Readonly<Partial<Record<ProbeName, Progress>>>;
  readonly notified: Notified;
  /** How many bytes its group had when that was found to be too many; null otherwise. */
  readonly excess: number | null;
  /** For the jitter of `recycle`: 0 to 1, exclusive. */
  readonly random: number;
}

/** A probe that has been begun. */
export interface ProbeUnderWay {
  readonly worker: number;
  /** Which start of the worker it asks. */
  readonly start: number;
  readonly probe: ProbeName;
  /** Which attempt of that process's it is, from 1. */
  readonly attempt: number;
  readonly since: Seconds;
}

const NOT_NOTIFIED: Notified = { ready: false, fedAt: null, triggered: false, status: null };
const NO_PROBES: Health['probes'] = {};

/** Of a process that has just been spawned. */
export function initialHealth(random: number, now: Seconds, policy: Policy): Health {
  return {
    startedAt: policy.startupProbe === undefined ? now : null,
    probes: NO_PROBES,
    notified: NOT_NOTIFIED,
    excess: null,
    random,
  };
}

export function probeOf(policy: Policy, probe: ProbeName): Probe | undefined {
  switch (probe) {
    case 'startup':
      return policy.startupProbe;
    case 'readiness':
      return policy.readinessProbe;
    case 'liveness':
      return policy.livenessProbe;
  }
}

/** Whether it has succeeded, or failed, as often as its threshold asks for. */
export function hasReached(
  { probes }: Health,
  probe: ProbeName,
  result: Progress['result'],
  policy: Policy,
): boolean {
  const progress = probes[probe];
  const check = probeOf(policy, probe);
  if (progress?.result !== result || check === undefined) return false;
  const { successThreshold, failureThreshold } = check;
  return progress.count >= (result === 'failed' ? failureThreshold : successThreshold);
}
