// docs/metrics.md, from the metric families themselves: what is registered is what is documented.
import { Registry } from 'prom-client';

import { loadSource } from './load-source.mjs';

/** The families with the words that their labels take. */
const FAMILIES = `
  export * from './src/observe/metrics/families.ts';
  export { RESTART_REASONS, EXIT_REASONS } from './src/core/state.ts';
  export { PROBE_NAMES, PROBE_RESULTS } from './src/core/health.ts';
  export { WORKER_STATES } from './src/core/status.ts';
  export { SCRAPE_ERRORS } from './src/observe/worker-metrics/scrape.ts';
  export { DROP_REASONS } from './src/observe/worker-metrics/merge.ts';
`;

function registered(families) {
  const registry = new Registry();
  const context = { registry, snapshot: () => undefined, signals: [], probes: () => [] };
  for (const family of families) family(context);
  return registry.getMetricsAsArray();
}

const words = (list) => list.map((word) => `\`${word}\``).join(', ');

/** What each label holds, by metric and label where a label alone does not say it. */
function labelTexts({
  RESTART_REASONS,
  EXIT_REASONS,
  WORKER_STATES,
  PROBE_NAMES,
  PROBE_RESULTS,
  SCRAPE_ERRORS,
  DROP_REASONS,
}) {
  return {
    worker: 'the worker’s index, 0 to N − 1; it keeps it across restarts',
    version: 'of the supervisor',
    node_version: 'of Node.js',
    state: words(WORKER_STATES),
    signal: 'the signal’s name; of an exit, empty where the worker exited by itself',
    code: '0 to 255, container-style: 128 + n after signal n',
    probe: words(PROBE_NAMES),
    result: `${words(PROBE_RESULTS)} (it could not be run, through no fault of the worker), as of the kubelet’s \`prober_probe_total\``,
    'supervisor_worker_restarts_total reason': words(RESTART_REASONS),
    'supervisor_worker_exits_total reason': words(EXIT_REASONS),
    'supervisor_worker_spawn_errors_total error':
      'the system’s name, such as `EAGAIN`; `ENOENT` is a missing command, `ENOENT:interpreter` and `ENOENT:workingDir` what else can be missing',
    'supervisor_worker_scrape_errors_total error': words(SCRAPE_ERRORS),
    'supervisor_worker_scrape_dropped_families_total reason': words(DROP_REASONS),
  };
}

function rowsOf(metrics, texts) {
  const rows = metrics.map(({ name, type, help, labelNames = [], upperBounds = [] }) => {
    const labels = labelNames.map((label) => {
      const text = texts[`${name} ${label}`] ?? texts[label];
      if (text === undefined)
        throw new Error(
          `${name}: expected a text for its label ${label} in labelTexts of scripts/metrics-reference.mjs`,
        );
      return `\`${label}\``;
    });
    const buckets = upperBounds.length === 0 ? '' : ` Buckets: ${upperBounds.join(', ')}.`;
    return `| \`${name}\` | ${type} | ${labels.join(', ')} | ${help}${buckets} |`;
  });
  return ['| name | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function labelRows(texts) {
  const rows = Object.entries(texts).map(([key, text]) => {
    const [first, label] = key.split(' ');
    const where = label === undefined ? '' : ` of \`${first}\``;
    return `| \`${label ?? first}\`${where} | ${text} |`;
  });
  return ['| label | values |', '| --- | --- |', ...rows].join('\n');
}

export async function metricsReference() {
  const loaded = await loadSource(FAMILIES);
  const texts = labelTexts(loaded);
  const all = registered(loaded.FAMILIES);
  const own = all.filter(({ name }) => name.startsWith('supervisor_'));
  const ofProcess = all.filter((metric) => !own.includes(metric));
  return `<!-- Generated from src/observe/metrics by \`npm run generate\`; do not edit. -->

# Metrics

\`/metrics\` (\`metrics.path\`) on port 9464 (\`metrics.port\`) answers in Prometheus' text format, and in
OpenMetrics 1.0 where the client asks for it, as Prometheus itself does.

${rowsOf(own, texts)}

From a worker's first start \`supervisor_worker_restarts_total\` exists at 0 for every reason, so that
\`increase()\` sees the first restart; build alerts on it. So does \`supervisor_worker_probe_total\` for the
[probes](health.md) that are configured. A series of \`supervisor_worker_exits_total\` begins at 1, with the first end of
its kind, which \`increase()\` and \`rate()\` cannot see: \`supervisor_worker_exits_total > 0\` says who has ended, how
often and of what, and the rule \`worker_reason:supervisor_worker_exits:increase15m\` that comes with the
[alerts](../deploy/prometheus/README.md) how often lately.

What is read from a worker's process is of that
process alone, not of its children, and is absent while there is none. Series of a worker without a process
that are about one (start time, memory, CPU, threads, descriptors) are absent.
While a rolling restart has two processes of a worker side by side (\`rollout.maxSurge\`), they are the new one's.

A worker that is not wanted any more has no gauges, and no CPU time. Its other counters stay, and go on
where they were if it is wanted again.

## Labels

${labelRows(texts)}

No label holds a pid, an argument or a value of the environment: their number is bounded by the number of
workers.

## The supervisor's own process

prom-client's default metrics, without the event loop's lag, whose timer would wake an idle supervisor a
hundred times a second:

${ofProcess.map(({ name }) => `\`${name}\``).join(', ')}.

## The workers' own metrics

With \`metrics.workers\` the supervisor asks every running worker for its metrics whenever it is itself asked:

\`\`\`json
{ "portBase": 9500, "metrics": { "workers": { "port": "$(PORT)", "path": "/metrics" } } }
\`\`\`

Every sample gets the label \`worker\` with the worker's index; one that it had becomes \`exported_worker\`.
Families of the same name come out as one. The supervisor's own \`process_*\` and \`nodejs_*\` then have
\`worker="supervisor"\`. Left out and counted are a family whose type, or the names of
whose samples, contradict another's (ours first, then by index), and any \`supervisor_*\`. Time stamps are left out.

A worker that is slow, absent or answers something else costs a bounded time and takes nothing else down. All
workers together have 80 % of the time that the client gives (\`X-Prometheus-Scrape-Timeout-Seconds\`), or of
5 s if it does not say; one may answer 4 MiB with 2,000 families and 50,000 samples, all together 32 MiB. Scrapers that ask at the same time share
one scrape of the workers, and each waits for it no longer than its own time. These are there as well:

${rowsOf(registered(loaded.SCRAPE_FAMILIES), texts)}
`;
}
