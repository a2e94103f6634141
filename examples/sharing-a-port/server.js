// A server that says which worker it is. Where it listens is said by its arguments:
//   node server.js --port=8000 --reuse-port    a port that all workers share
//   node server.js --port=8001                 a port of its own
//   node server.js --path=worker-1.sock        a socket of its own
import { rmSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const {
  port,
  path,
  'reuse-port': reusePort,
} = parseArgs({
  options: {
    port: { type: 'string' },
    path: { type: 'string' },
    'reuse-port': { type: 'boolean' },
  },
}).values;

const server = createServer((request, response) => {
  response.end(`worker ${process.env.SUPERVISOR_WORKER_INDEX}\n`);
});

// one that was killed has left its socket behind
if (path !== undefined) rmSync(path, { force: true });
// the proxy may be another user: who may connect is said by the directory
const where = path === undefined ? { port: Number(port), reusePort } : { path, writableAll: true };
server.listen(where, () => writeSync(3, 'ready\n'));

// no new connections; those that are there are answered, and it ends
process.on('SIGTERM', () => server.close());
