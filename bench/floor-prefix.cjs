// The floor of prefixing: what passing on one worker's lines, each behind a prefix, costs in Node at the least.
//   node floor-prefix.cjs COMMAND ARG…
const { spawn } = require('node:child_process');

const NEWLINE = 10;
const PREFIX = Buffer.from('[0] ');
const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
let rest = Buffer.alloc(0);

child.stdout.on('data', (chunk) => {
  const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  const parts = [];
  let from = 0;
  for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, from)) {
    parts.push(PREFIX, data.subarray(from, end + 1));
    from = end + 1;
  }
  rest = data.subarray(from);
  if (parts.length > 0 && !process.stdout.write(Buffer.concat(parts))) child.stdout.pause();
});
process.stdout.on('drain', () => child.stdout.resume());
process.on('SIGTERM', () => {
  child.kill();
  process.exit();
});
