import { version } from '../../version.ts';
import { Gauge } from './client.ts';
import type { Family } from './family.ts';

export const buildInfo: Family = ({ registry }) => {
  new Gauge({
    name: 'supervisor_build_info',
    help: 'A constant 1, labelled with the versions of the supervisor and of Node.js.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: version(), node_version: process.version }, 1);
  return null;
};
