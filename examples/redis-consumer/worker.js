// Consumes a Redis stream. Every entry is handled at least once, whoever is killed meanwhile.
import { writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { Counter, register } from 'prom-client';

const { REDIS_URL = 'redis://127.0.0.1:6379', PORT, SUPERVISOR_WORKER_INDEX } = process.env;
const STREAM = 'orders';
const GROUP = 'billing';
// whoever replaces this worker has the same index, and so the same name: what was left is delivered to it
const CONSUMER = `worker-${SUPERVISOR_WORKER_INDEX}`;

const handled = new Counter({ name: 'orders_handled_total', help: 'Orders that were handled.' });

/** Stands in for yours. It may see an entry twice, so it has to be idempotent. */
async function handle(id) {
  await setTimeout(20);
  console.log(`${CONSUMER} handled ${id}`);
}

let isStopping = false;
let lastTurn = Date.now();
process.on('SIGTERM', () => (isStopping = true));

// its own metrics, and whether the loop below still turns
createServer(async ({ url }, response) => {
  if (url === '/metrics') return response.end(await register.metrics());
  response.writeHead(Date.now() - lastTurn < 30_000 ? 200 : 503).end();
}).listen(Number(PORT), '127.0.0.1');

const redis = new Redis(REDIS_URL);
await redis.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch((error) => {
  if (!error.message.startsWith('BUSYGROUP')) throw error;
});
writeSync(3, 'ready\n');

// first what this name was given and has not acknowledged ("0"), then what is new (">")
let from = '0';
while (!isStopping) {
  lastTurn = Date.now();
  const group = ['GROUP', GROUP, CONSUMER];
  const answer = await redis.xreadgroup(
    ...group,
    'COUNT',
    10,
    'BLOCK',
    1000,
    'STREAMS',
    STREAM,
    from,
  );
  const [[, entries] = [STREAM, []]] = answer ?? [];
  if (entries.length === 0) from = '>';
  // those that were delivered are finished before it stops
  for (const [id] of entries) {
    await handle(id);
    await redis.xack(STREAM, GROUP, id);
    handled.inc();
  }
}
await redis.quit();
process.exit();
