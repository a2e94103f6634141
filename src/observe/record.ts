import { describeChanges } from '../core/compare.ts';
import type { Event, EventType, RecycleCause, Restart } from '../core/event.ts';
import type { ProbeName } from '../core/health.ts';
import { mebibytes } from '../core/quantity.ts';
import { wasAsked } from '../core/restart-policy.ts';
import type { KillCause } from '../core/state.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';

/** A fact of a log line; undefined ones are left out. */
type Fact = string | number | boolean | undefined;

/** One log line: a sentence for people, facts for machines. */
export interface LogRecord {
  readonly level: Level;
  readonly msg: string;
  readonly facts: Readonly<Record<string, Fact>>;
}

const KILL_REASONS: Readonly<Record<KillCause, string>> = {
  'grace period': 'its grace period is over',
  'stop timeout': 'the time for the whole stop is over',
  'second SIGINT': 'a second SIGINT asked for it',
};

/** As the kubelet's events begin, which people's searches know. */
const PROBE_TITLES: Readonly<Record<ProbeName, string>> = {
  startup: 'Startup',
  readiness: 'Readiness',
  liveness: 'Liveness',
};

type EventOf<Type extends EventType> = Extract<Event, { readonly type: Type }>;

/** How each event reads. Some texts are those of FastStream's supervisor, because people's searches know them. */
const RECORDS: { readonly [Type in EventType]: (event: EventOf<Type>) => LogRecord } = {
  'supervisor-started': ({ pid, workers, workersFrom }) =>
    record('info', `Started parent process [${pid}]`, {
      pid,
      workers,
      workersFrom: workersFrom ?? undefined,
    }),
  'worker-started': ({ worker, pid, start, restartReason, restart }) =>
    record('info', `Started child process [${pid}]`, {
      worker,
      pid,
      starts: start,
      reason: restartReason ?? undefined,
      ...restartFacts(restart),
    }),
  'worker-exited': exited,
  'spawn-failed': ({ worker, failure, restart }) =>
    record('error', `Worker could not be started: ${failure.message}`, {
      worker,
      error: failure.code,
      ...restartFacts(restart),
    }),
  'worker-stopping': ({ worker, pid, signal, gracePeriod }) =>
    record('info', `Stopping child process [${pid}]`, {
      worker,
      pid,
      signal,
      gracePeriodSeconds: gracePeriod,
    }),
  'worker-killed': ({ worker, pid, cause }) =>
    record('warn', `Killing child process [${pid}]: ${KILL_REASONS[cause]}`, {
      worker,
      pid,
      signal: 'SIGKILL',
      reason: cause,
    }),
  'group-signalled': ({ worker, pid, signal }) =>
    record('info', `Sent ${signal} to what is left of process group [${pid}]`, {
      worker,
      pid,
      signal,
    }),
  'worker-ready': ({ worker, pid }) =>
    record('debug', `Child process [${pid}] is ready`, { worker, pid }),
  'worker-unready': ({ worker, pid, message }) =>
    record('warn', `Child process [${pid}] is not ready any more: ${message}`, { worker, pid }),
  'worker-probed': probed,
  'worker-unhealthy': ({ worker, pid, cause, message }) =>
    record('error', `Child process [${pid}] is unhealthy: ${cause} ${message}`, {
      worker,
      pid,
      reason: 'unhealthy',
    }),
  'worker-recycling': ({ worker, pid, cause }) =>
    record('info', `Recycling child process [${pid}]: ${recycleReason(cause)}`, {
      worker,
      pid,
      reason: 'recycled',
      ...recycleFacts(cause),
    }),
  'operation-received': ({ operation: { type, ...facts } }) =>
    record('info', `Asked for: ${type}`, definedFacts(facts)),
  'operation-refused': ({ message }) => record('warn', `Refused: ${message}`, {}),
  scaled: ({ from, to }) => record('info', `Scaling from ${from} to ${to} workers`, { from, to }),
  'config-reloaded': reloaded,
  'config-reload-failed': ({ source, problems }) =>
    record('error', `Reloading ${source} failed, and nothing has changed: ${problems.join('; ')}`, {
      problems: problems.length,
    }),
  'rollout-started': ({ workers }) => record('info', 'Rolling restart: started', { workers }),
  'rollout-finished': ({ workers }) => record('info', 'Rolling restart: finished', { workers }),
  'rollout-superseded': () =>
    record('info', 'Rolling restart: superseded by a newer configuration', {}),
  'rollout-aborted': ({ worker, message, remaining }) =>
    record('error', `Rolling restart: aborted, because ${message}${restOf(remaining)}`, {
      worker,
      remaining,
    }),
  'orphans-reaped': ({ count }) => record('debug', 'Reaped orphaned processes', { count }),
  notice: ({ message }) => record('warn', message, {}),
  'worker-abandoned': ({ worker, pid }) =>
    record('error', `Leaving child process [${pid}] behind: SIGKILL has not ended it`, {
      worker,
      pid,
    }),
  'kill-failed': ({ worker, pid, signal, message }) =>
    record('error', `Sending ${signal} to child process [${pid}] failed: ${message}`, {
      worker,
      pid,
      signal,
    }),
  'signal-received': ({ signal, action }) =>
    record('info', `Received ${signal}`, { signal, action }),
  'supervisor-stopping': stopping,
  'supervisor-stopped': ({ pid, exitStatus }) =>
    record('info', `Stopping parent process [${pid}]`, { pid, exitStatus }),
  'input-ignored': ({ input, worker, state }) =>
    record('warn', `Ignored "${input}" in state "${state}"`, { worker: worker ?? undefined }),
};

/** The log line of an event. */
export function recordOf(event: Event): LogRecord {
  // the table has a function for the type of each event, which the compiler cannot correlate
  const toRecord = RECORDS[event.type] as (event: Event) => LogRecord;
  return toRecord(event);
}

function exited(event: EventOf<'worker-exited'>): LogRecord {
  const { exit } = event;
  const isOurs = wasAsked(exit) || exit.reason === 'unhealthy';
  const unexplained = exit.signal === 'SIGKILL' && !isOurs;
  const hint = unexplained ? ' Perhaps out of memory?' : '';
  return record(
    event.failure ? 'error' : 'info',
    `Worker (pid:${event.pid}) exited with code ${event.exitCode}.${hint}`,
    {
      worker: event.worker,
      pid: event.pid,
      exitCode: event.exitCode,
      signal: exit.signal ?? undefined,
      reason: exit.reason,
      oomKilled: event.oomKilled ?? undefined,
      restarts: event.start - 1,
      lifetimeSeconds: seconds(event.lifetime),
      ...restartFacts(event.restart),
    },
  );
}

/** The first failure of a row is told; whoever wants to see each of them asks for debug. */
function probed(event: EventOf<'worker-probed'>): LogRecord {
  const { worker, pid, probe, result, isNew, message, count, threshold } = event;
  const facts = { worker, pid, probe, result };
  const what = `${PROBE_TITLES[probe]} probe of child process [${pid}]`;
  switch (result) {
    case 'successful':
      return record('debug', `${what} succeeded`, facts);
    case 'unknown':
      return record(isNew ? 'warn' : 'debug', `${what} could not be run: ${message}`, facts);
    case 'failed': {
      // until a worker has started, its startup probe fails as a rule
      const level = isNew && probe !== 'startup' ? 'warn' : 'debug';
      const failures = { failures: count, failureThreshold: threshold };
      return record(level, `${what} failed: ${message}`, { ...facts, ...failures });
    }
  }
}

function recycleReason(cause: RecycleCause): string {
  return cause.type === 'lifetime'
    ? `it has lived for ${Math.round(cause.lifetime)} s`
    : `it has ${mebibytes(cause.bytes)} of memory`;
}

function recycleFacts(cause: RecycleCause): LogRecord['facts'] {
  return cause.type === 'lifetime'
    ? { lifetimeSeconds: seconds(cause.lifetime), maxLifetimeSeconds: seconds(cause.limit) }
    : { memoryBytes: cause.bytes, maxMemoryBytes: Math.floor(cause.limit) };
}

function stopping({ cause, timeout }: EventOf<'supervisor-stopping'>): LogRecord {
  if (cause.type === 'failure') {
    return record('error', `Giving up: ${cause.message}`, { exitStatus: cause.exitStatus });
  }
  if (cause.type === 'completed') {
    return record('info', 'Every worker has completed', { exitStatus: cause.exitStatus });
  }
  const signal = cause.type === 'signal' ? cause.signal : undefined;
  return record('debug', 'Stopping in order', { signal, timeoutSeconds: timeout });
}

function reloaded(event: EventOf<'config-reloaded'>): LogRecord {
  const { source, changed, kept, workers, workersFrom } = event;
  const what = describeChanges({ changed, kept });
  return record(kept.length === 0 ? 'info' : 'warn', `Reloaded ${source}: ${what}`, {
    workers,
    workersFrom: workersFrom ?? undefined,
    changed: factOf(changed),
    kept: factOf(kept),
  });
}

function restOf(remaining: number): string {
  return remaining === 0 ? '' : `; the rest (${remaining}) stay as they were`;
}

function factOf(pointers: readonly string[]): Fact {
  return pointers.length === 0 ? undefined : pointers.join(', ');
}

/** What is null is not known, or is all of them. */
function definedFacts(facts: Readonly<Record<string, Fact | null>>): LogRecord['facts'] {
  return Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, fact ?? undefined]));
}

function record(level: Level, msg: string, facts: LogRecord['facts']): LogRecord {
  return { level, msg, facts };
}

function restartFacts(restart: Restart | null): LogRecord['facts'] {
  if (restart === null) return {};
  const { delay, attempt, limit } = restart;
  return {
    delaySeconds: seconds(delay),
    attempt,
    ...(limit === null
      ? {}
      : {
          limitUsed: limit.used,
          limitRestarts: limit.restarts,
          limitWithinSeconds: limit.withinSeconds,
        }),
  };
}

/** Rounded to milliseconds. */
function seconds(value: number): number {
  return Math.round(value * 1000) / 1000;
}
