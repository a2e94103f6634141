import type { Probe } from '../../src/config/generated.ts';

/** A probe that does this, with defaults for the rest. */
export function probeOf(handler: Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket'>): Probe {
  return {
    ...handler,
    initialDelaySeconds: 0,
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  };
}
