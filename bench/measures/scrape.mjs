import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { cpuSeconds } from '../processes.mjs';
import { OURS } from '../contestants.mjs';
import { portOf, request } from '../http.mjs';
import { withRun } from '../run.mjs';

const WORKERS = 64;
const ALONE = fileURLToPath(new URL('../prom-client-alone.mjs', import.meta.url));

/** A scrape, beside one of prom-client alone with as many series: both are asked in turn. */
export const scrape = {
  name: 'scrape',
  rounds: { full: 2, quick: 1 },
  takes: ({ name }) => name === 'container-supervisor',
  rows: [
    {
      name: 'scrape',
      title: `scrape, ${WORKERS} workers (the floor: prom-client alone)`,
      unit: 'ms',
    },
    { name: 'CPU per scrape', title: 'CPU per scrape', unit: 'ms' },
  ],
  /** The other side stands in the floor's column. */
  measure: (contestant, { scrapes }) =>
    withRun(async (run) => {
      run.start(OURS, { workers: WORKERS, command: run.worker() });
      await run.started(WORKERS);
      const port = await run.until('a port', () => portOf(run));
      const exposition = await request(port, '/metrics');
      const alone = spawn(process.execPath, [ALONE], { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        alone.stdin.end(exposition);
        const theirs = await new Promise((resolve) => alone.stdout.once('data', resolve));
        return await inTurn(
          [
            { name: contestant.name, pid: run.pid, port },
            { name: 'floor', pid: alone.pid, port: Number(theirs) },
          ],
          scrapes,
        );
      } finally {
        alone.kill();
      }
    }),
};

async function inTurn(sides, scrapes) {
  const results = sides.map((side) => ({ ...side, times: [], cpu: 0 }));
  for (let round = -scrapes / 10; round < scrapes; round += 1) {
    for (const side of results) {
      if (round === 0) side.cpu = cpuSeconds(side.pid);
      const from = performance.now();
      await request(side.port, '/metrics');
      if (round >= 0) side.times.push(performance.now() - from);
    }
  }
  return Object.fromEntries(
    results.map(({ name, pid, times, cpu }) => [
      name,
      {
        scrape: times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)],
        'CPU per scrape': ((cpuSeconds(pid) - cpu) * 1000) / scrapes,
      },
    ]),
  );
}
