// prom-client, without what its own entry loads beside this: a client of the Pushgateway with HTTPS and
// compression, and the aggregation over a cluster.
export { default as Counter } from 'prom-client/lib/counter.js';
export { default as Gauge } from 'prom-client/lib/gauge.js';
export { default as Histogram } from 'prom-client/lib/histogram.js';
export { default as Registry } from 'prom-client/lib/registry.js';
