// A worker that has nothing to do until it is asked to stop.
const index = process.env.SUPERVISOR_WORKER_INDEX;

const waiting = setInterval(() => undefined, 2 ** 30);
process.on('SIGTERM', () => {
  clearInterval(waiting);
  console.log(`bye ${index}`);
});
console.log(`ready ${process.pid} ${index}`);
