// Side by side as PID 1 of a PID namespace: tini, dumb-init and this supervisor. Prints a Markdown table.
// Needs root; the others come from Debian (apt-get install tini dumb-init).
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../dist/cli.cjs', import.meta.url));
const UNSHARE = ['--pid', '--fork', '--mount-proc', '--kill-child'];
const INITS = {
  tini: ['tini', '--'],
  'dumb-init': ['dumb-init', '--'],
  'container-supervisor': [
    process.execPath,
    CLI,
    '--metrics-port=0',
    '--reload-delay=60',
    '--log-format=json',
    '--',
  ],
};
const ORPHANS = 2000;
const SIGNALS = 100;
const STATUSES = [0, 1, 2, 7, 42, 126, 127, 128, 200, 254, 255];
const KILLS = ['TERM', 'KILL', 'SEGV', 'ABRT', 'USR1'];

function start(init, command) {
  const child = spawn('unshare', [...UNSHARE, ...INITS[init], ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.output = '';
  child.log = '';
  child.stdout.on('data', (text) => (child.output += text));
  child.stderr.on('data', (text) => (child.log += text));
  return child;
}

async function until(condition) {
  for (let tries = 0; tries < 6000; tries += 1) {
    const value = condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error('what was waited for did not happen');
}

/** [pid, state, parent] of every process. */
function processes() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [[Number(pid), state, Number(parent)]];
      } catch {
        return [];
      }
    });
}

const childOf = (pid) => processes().find(([, , parent]) => parent === pid)?.[0];

async function end(child) {
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
}

async function zombies(init) {
  const script = `n=0; while [ $n -lt ${ORPHANS} ]; do (setsid sleep 0.05 &); n=$((n + 1)); done; echo done; exec sleep 1000`;
  const child = start(init, ['sh', '-c', script]);
  await until(() => child.output.includes('done'));
  const pid1 = await until(() => childOf(child.pid));
  const alive = () => processes().filter(([, state, parent]) => parent === pid1 && state !== 'Z');
  await until(() => alive().length === 1);
  // what has not been reaped a moment after the last of them ended will not be
  await new Promise((resolve) => setTimeout(resolve, 300));
  const left = processes().filter(([, state, parent]) => parent === pid1 && state === 'Z').length;
  await end(child);
  return left;
}

/** How many of the statuses came out right: in the exit status, or for the supervisor in its log. */
async function statuses(init) {
  let right = 0;
  const cases = [
    ...STATUSES.map((status) => [`exit ${status}`, status, status]),
    ...KILLS.map((name) => [`kill -${name} $$$$`, 128 + signalNumber(name), -signalNumber(name)]),
  ];
  for (const [script, status, logged] of cases) {
    const isOurs = init === 'container-supervisor';
    const child = start(init, ['sh', '-c', isOurs ? script : script.replace('$$$$', () => '$$')]);
    if (isOurs) {
      const [, code] = await until(() => /exited with code (-?\d+)\./.exec(child.log));
      if (Number(code) === logged) right += 1;
      await end(child);
    } else {
      const code = await new Promise((resolve) => child.once('close', resolve));
      if (code === status) right += 1;
    }
  }
  return `${right} of ${cases.length}`;
}

function signalNumber(name) {
  return Number(execFileSync('kill', ['-l', name], { encoding: 'utf8' }));
}

/** Milliseconds from kill(2) to the child's answer: the median of many. */
async function forwarding(init) {
  const script = `process.on('SIGUSR1', () => process.stdout.write('!')); setInterval(() => {}, 2 ** 30); process.stdout.write('ready')`;
  const child = start(init, [process.execPath, '-e', script]);
  await until(() => child.output.includes('ready'));
  const pid1 = await until(() => childOf(child.pid));
  const times = [];
  for (let count = 1; count <= SIGNALS; count += 1) {
    const answered = new Promise((resolve) => child.stdout.once('data', resolve));
    const from = performance.now();
    process.kill(pid1, 'SIGUSR1');
    await answered;
    times.push(performance.now() - from);
  }
  await end(child);
  times.sort((a, b) => a - b);
  return `${times[SIGNALS / 2].toFixed(2)} ms (${times[0].toFixed(2)} to ${times.at(-1).toFixed(2)})`;
}

console.log(
  `| PID 1 | zombies left of ${ORPHANS} orphans | exit statuses right | signal to answer, median (range) |`,
);
console.log('| --- | --- | --- | --- |');
for (const init of Object.keys(INITS)) {
  console.log(
    `| ${init} | ${await zombies(init)} | ${await statuses(init)} | ${await forwarding(init)} |`,
  );
}
