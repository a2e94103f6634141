// A worker that says what it does: it works a little each second, and when it is asked to stop it
// finishes what it has begun before it goes.
import { setInterval } from 'node:timers';

const { SUPERVISOR_WORKER_INDEX: index, SUPERVISOR_WORKER_STARTS: starts } = process.env;
const say = (text) => process.stdout.write(`worker ${index} (start ${starts}): ${text}\n`);

let done = 0;
const work = setInterval(() => {
  done += 1;
  if (done % 5 === 0) say(`${done} jobs done`);
}, 1000);

process.on('SIGTERM', () => {
  clearInterval(work);
  say('finishing the job in hand');
  setTimeout(() => {
    say('bye');
    process.exit(0);
  }, 500);
});

say(`ready ${process.pid}`);
