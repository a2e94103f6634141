// The floor: what starting and replacing processes costs in Node at the least.
//   node floor.cjs WORKERS COMMAND ARG…
const { spawn } = require('node:child_process');

const [workers, command, ...args] = process.argv.slice(2);
const children = new Set();
let stopping = false;

function start() {
  const child = spawn(command, args, { stdio: 'inherit', detached: true });
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (!stopping) setImmediate(start);
    else if (children.size === 0) process.exit();
  });
}

process.on('SIGTERM', () => {
  stopping = true;
  for (const child of children) child.kill();
});
for (let count = 0; count < Number(workers); count += 1) start();
