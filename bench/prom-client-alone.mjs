// prom-client alone, with the families that it reads from its standard input; says its port.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { Counter, Gauge, Histogram, Registry } from 'prom-client';

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
