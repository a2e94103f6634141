import { Gauge } from 'prom-client';

import { VERSION } from '../../version.ts';
import type { Family } from './family.ts';

export const buildInfo: Family = ({ registry }) => {
  new Gauge({
    name: 'supervisor_build_info',
    help: 'A constant 1, labelled with the versions of the supervisor and of Node.js.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: VERSION, node_version: process.version }, 1);
  return null;
};
