import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const configLastReloadSuccessful: Family = ({ registry }) => {
  const successful = new Gauge({
    name: 'supervisor_config_last_reload_successful',
    help: 'Whether the last reload of the configuration was successful: 1 or 0; 1 before the first.',
    registers: [registry],
  });
  successful.set(1);
  return (event) => {
    if (event.type === 'config-reloaded') successful.set(1);
    if (event.type === 'config-reload-failed') successful.set(0);
  };
};
