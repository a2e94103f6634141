import { unixMilliseconds } from '../wall-time.ts';
import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const configLastReloadSuccessTimestamp: Family = ({ registry }) => {
  const timestamp = new Gauge({
    name: 'supervisor_config_last_reload_success_timestamp_seconds',
    help: 'When a configuration was last applied, the one of the start included, in seconds of Unix time.',
    registers: [registry],
  });
  // else it would be 1970 until the start is told
  timestamp.remove();
  return (event) => {
    if (event.type === 'supervisor-started' || event.type === 'config-reloaded') {
      timestamp.set(unixMilliseconds(event.at) / 1000);
    }
  };
};
