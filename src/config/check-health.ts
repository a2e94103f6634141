import { bytesOf } from '../core/quantity.ts';
import type { Config, Probe } from './generated.ts';
import { show } from './problem.ts';
import type { Finding } from './problem.ts';

type ProbeKey = 'startupProbe' | 'readinessProbe' | 'livenessProbe';

const ACTIONS = ['exec', 'httpGet', 'tcpSocket'] as const;

/** A probe does one thing, and a threshold of successes is the readiness probe's alone, as in a pod. */
export function checkProbe(key: ProbeKey): (config: Config) => readonly Finding[] {
  return (config) => {
    const probe = config[key];
    return probe === undefined
      ? []
      : [...checkAction(key, probe), ...checkSuccessThreshold(key, probe)];
  };
}

function checkAction(key: ProbeKey, probe: Probe): readonly Finding[] {
  const found = ACTIONS.filter((action) => probe[action] !== undefined);
  if (found.length === 1) return [];
  return [
    {
      pointer: `/${key}`,
      expected: `one of ${ACTIONS.join(', ')}`,
      found: found.length === 0 ? 'none' : found.join(' and '),
    },
  ];
}

function checkSuccessThreshold(key: ProbeKey, { successThreshold }: Probe): readonly Finding[] {
  if (key === 'readinessProbe' || successThreshold === 1) return [];
  return [
    {
      pointer: `/${key}/successThreshold`,
      expected: '1, as for every startup and liveness probe',
      found: show(successThreshold),
    },
  ];
}

export function checkNotify({ notify }: Config): readonly Finding[] {
  if (notify === undefined) return [];
  const { socket, fd, watchdogSeconds } = notify;
  if (socket === (fd !== undefined)) {
    return [
      {
        pointer: '/notify',
        expected: 'socket or fd',
        found: socket ? 'both' : 'none',
      },
    ];
  }
  if (watchdogSeconds === undefined || socket) return [];
  return [
    {
      pointer: '/notify/watchdogSeconds',
      expected: 'nothing without notify.socket',
      found: show(watchdogSeconds),
      hint: "s6's protocol has no watchdog; use a liveness probe",
    },
  ];
}

export function checkRecycle({ recycle }: Config): readonly Finding[] {
  if (recycle === undefined) return [];
  const { maxLifetimeSeconds, maxMemory } = recycle;
  if (maxLifetimeSeconds === undefined && maxMemory === undefined) {
    return [{ pointer: '/recycle', expected: 'maxLifetimeSeconds or maxMemory', found: 'none' }];
  }
  if (maxMemory === undefined || bytesOf(maxMemory) >= 1) return [];
  return [{ pointer: '/recycle/maxMemory', expected: 'at least one byte', found: show(maxMemory) }];
}
