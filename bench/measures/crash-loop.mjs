import { cpuSeconds, descriptorsOf, memoryOf } from '../processes.mjs';
import { withRun } from '../run.mjs';
import { portOf, request } from '../http.mjs';

const WORKERS = 4;

/** How many restarts go before the count. */
const WARM_UP = 200;

/** Four workers that end at once, replaced as fast as it can. */
export const crashLoop = {
  name: 'crash loop',
  rounds: { full: 2, quick: 1 },
  takes: ({ measures }) => measures.includes('crash loop'),
  rows: [
    { name: 'CPU per restart', title: 'CPU per restart in a crash loop', unit: 'ms' },
    { name: 'restarts', title: 'restarts a second', unit: '' },
    { name: 'descriptors', title: 'descriptors more after the crash loop than before', unit: '' },
    { name: 'livez', title: 'slowest answer of /livez in a crash loop', unit: 'ms' },
  ],
  measure: (contestant, { restarts }) =>
    withRun(async (run) => {
      run.start(contestant, { workers: WORKERS, command: run.worker({ after: 'exit 1' }) });
      await run.started(WARM_UP);
      const [cpu, from, before] = [cpuSeconds(run.pid), run.starts.length, descriptorsOf(run.pid)];
      const since = run.starts.at(-1).at;
      const until = await run.started(from + restarts);
      const count = run.starts.length - from;
      const used = cpuSeconds(run.pid) - cpu;
      const port = portOf(run);
      const end = run.starts.length + restarts / 4;
      return {
        'CPU per restart': (used * 1000) / count,
        restarts: (restarts * 1000) / (until - since),
        livez: port === null ? null : await probe(port, () => run.starts.length < end),
        descriptors: descriptorsOf(run.pid) - before,
      };
    }),
};

/** The slowest answer of many, one after the other. */
async function probe(port, goOn) {
  let slowest = 0;
  while (goOn()) {
    const from = performance.now();
    await request(port, '/livez');
    slowest = Math.max(slowest, performance.now() - from);
  }
  return slowest;
}

/** Memory after many restarts and, where there is something to scrape, as many scrapes. */
export const memoryAfter = {
  name: 'memory after',
  rounds: { full: 1, quick: 0 },
  takes: ({ name }) => name === 'container-supervisor' || name === 'floor',
  rows: [
    { name: 'memory after', title: 'RSS after 5,000 restarts and 5,000 scrapes', unit: 'MB' },
    { name: 'memory after twice', title: 'RSS after 10,000 of each', unit: 'MB' },
  ],
  measure: (contestant, { times }) =>
    withRun(async (run) => {
      run.start(contestant, { workers: WORKERS, command: run.worker({ after: 'exit 1' }) });
      await run.started(WARM_UP);
      const port = portOf(run);
      const after = async (count) => {
        const scraped = port === null ? null : scrapes(port, times);
        await run.started(count);
        await scraped;
        return memoryOf(run.pid).rss;
      };
      return {
        'memory after': await after(times),
        'memory after twice': await after(2 * times),
      };
    }),
};

async function scrapes(port, count) {
  for (let made = 0; made < count; made += 1) await request(port, '/metrics');
}
