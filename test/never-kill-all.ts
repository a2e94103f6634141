/** For a pid of 0, which `pid ?? 0` easily makes, kill(2) means everybody in our group: whoever runs the tests. */
const kill = process.kill.bind(process);

process.kill = (pid, signal) => {
  if (!(pid > 1 || pid < -1))
    throw new Error(`process.kill(${pid}) would end those who run the tests`);
  return kill(pid, signal);
};
