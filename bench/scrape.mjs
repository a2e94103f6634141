// What a scrape costs, beside prom-client alone with as many series behind the same kind of server: both
// are asked in turn, and the medians of one run are compared.
//
//   npm run build && node bench/scrape.mjs [WORKERS] [SCRAPES]
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const [workers = 64, scrapes = 200] = process.argv.slice(2).map(Number);
const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));
const TICKS_PER_SECOND = 100;

if (process.argv[2] === 'serve') serve();
else await compare();

/** The other side: the families that it reads from its standard input, in prom-client. */
function serve() {
  const registry = new Registry();
  for (const family of parse(readFileSync(0, 'utf8'))) fill(registry, family);
  const server = createServer((_, response) => {
    registry.metrics().then((body) => {
      response.writeHead(200, {
        'Content-Type': registry.contentType,
        'Content-Length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
}

function parse(text) {
  return text
    .split(/^(?=# HELP )/m)
    .filter(Boolean)
    .map((block) => {
      const [help, type, ...samples] = block.trim().split('\n');
      return {
        name: help.split(' ')[2],
        help: help.split(' ').slice(3).join(' '),
        type: type.split(' ')[3],
        samples: samples.map((line) => {
          const [, , labels = '', value] = /^([^{ ]+)(?:\{(.*)\})? (.*)$/.exec(line);
          const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, each]) => [
            name,
            each,
          ]);
          return { labels: Object.fromEntries(pairs), value: Number(value) };
        }),
      };
    });
}

function fill(registry, { name, help, type, samples }) {
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const options = { name, help, labelNames, registers: [registry] };
  if (type === 'histogram') {
    const buckets = samples.map(({ labels }) => Number(labels.le)).filter(Number.isFinite);
    const others = labelNames.filter((label) => label !== 'le');
    const histogram = new Histogram({
      ...options,
      labelNames: others,
      buckets: [...new Set(buckets)].sort((a, b) => a - b),
    });
    for (const { labels } of samples) {
      const { le, ...rest } = labels;
      if (le === '+Inf') histogram.zero(rest);
    }
    return;
  }
  const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
  for (const { labels, value } of samples) metric.inc(labels, value);
}

async function compare() {
  const supervisor = spawn(
    process.execPath,
    [CLI, '--workers', String(workers), '--metrics-port', '0', '--', 'sleep', '1000'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ours = await portIn(supervisor.stderr, /"port":(\d+)/);
  await started(ours);
  const alone = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exposition = await scrape(ours);
  alone.stdin.end(exposition);
  const theirs = await portIn(alone.stdout, /(\d+)/);
  const sides = [
    { name: 'container-supervisor', pid: supervisor.pid, port: ours },
    { name: 'prom-client alone', pid: alone.pid, port: theirs },
  ].map((side) => ({ ...side, times: [], cpu: 0 }));
  for (let round = -scrapes / 10; round < scrapes; round += 1) {
    for (const side of sides) {
      if (round === 0) side.cpu = -cpuSeconds(side.pid);
      const startedAt = performance.now();
      await scrape(side.port);
      if (round >= 0) side.times.push(performance.now() - startedAt);
    }
  }
  for (const side of sides) side.cpu += cpuSeconds(side.pid);
  report(sides, exposition);
  supervisor.kill('SIGTERM');
  alone.kill();
}

function report(sides, exposition) {
  const series = exposition.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  console.log(`${workers} workers, ${series.length} series, ${scrapes} scrapes of each in turn`);
  const figures = sides.map(({ name, times, cpu }) => {
    const median = times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
    const cpuEach = (cpu * 1000) / scrapes;
    console.log(
      `${name.padEnd(22)} median ${median.toFixed(2)} ms, CPU ${cpuEach.toFixed(2)} ms a scrape`,
    );
    return { median, cpuEach };
  });
  const ratio = (key) => (figures[0][key] / figures[1][key]).toFixed(2);
  console.log(`ratio                  median ${ratio('median')}, CPU ${ratio('cpuEach')}`);
}

async function scrape(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  return response.text();
}

async function started(port) {
  for (;;) {
    if ((await scrape(port)).includes(`\nsupervisor_workers_running ${workers}\n`)) return;
  }
}

function portIn(stream, pattern) {
  return new Promise((resolve) => {
    let text = '';
    stream.on('data', (data) => {
      text += data;
      const match = pattern.exec(text);
      if (match !== null) resolve(Number(match[1]));
    });
  });
}

function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
