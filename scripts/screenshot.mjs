// Takes the pictures of the README: the page of a real supervisor whose workers have some life in them.
// As `screenshot.mjs worker` it is one of these workers.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(import.meta.url);
const WORKERS = 8;

/** The slot that never gets going. */
const BROKEN = 5;

/** Seconds into the run at which a worker gets SIGKILL, by its index; the last is shown as new. */
const KILLS = [
  [8, 2],
  [20, 6],
  [31, 2],
  [52, 3],
];

/** Seconds after which the page has seen enough. */
const RUN = 62;

/** Takes memory and CPU in waves, differently in each slot. */
function work() {
  const index = Number(process.env.SUPERVISOR_WORKER_INDEX);
  if (index === BROKEN) {
    setTimeout(() => process.exit(1), 3500);
    return;
  }
  const held = [];
  let tick = 0;
  setInterval(() => {
    tick += 1;
    if (index % 3 === 1 && tick % 10 === 0) held.push(Buffer.alloc(2 ** 20, 1));
    if (index === 7 && tick % 150 === 0) held.length = 0;
    if (index === 7) held.push(Buffer.alloc(2 ** 18, 1));
    const share = 0.01 * index + 0.04 * (1 + Math.sin(tick / (15 + 5 * index) + index));
    for (const end = Date.now() + 100 * share; Date.now() < end;);
  }, 100);
}

function start(directory) {
  const config = {
    workers: WORKERS,
    command: [process.execPath, OWN, 'worker'],
    restart: { backoff: { initialSeconds: 2, factor: 3, maxSeconds: 120, jitter: 0 } },
    metrics: { port: 0 },
  };
  writeFileSync(join(directory, 'supervisor.config.json'), JSON.stringify(config));
  return spawn(process.execPath, [resolve('dist/cli.cjs'), '-c', 'supervisor.config.json'], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** The port that its log names. */
async function portOf(supervisor) {
  for await (const line of createInterface(supervisor.stderr)) {
    const { port } = JSON.parse(line);
    if (port !== undefined) {
      supervisor.stderr.resume();
      return port;
    }
  }
  throw new Error('the supervisor has not started; is it built?');
}

/** Has the face of a desktop (Debian's fonts-inter) where there is one; a machine for builds has none. */
function fontsIn(directory) {
  const file = join(directory, 'fonts.conf');
  const aliases = ['system-ui', 'sans-serif', 'sans'].map(
    (family) =>
      `<match><test name="family"><string>${family}</string></test><edit name="family" mode="prepend" binding="strong"><string>Inter</string></edit></match>`,
  );
  writeFileSync(
    file,
    `<fontconfig><include>/etc/fonts/fonts.conf</include>${aliases.join('')}</fontconfig>`,
  );
  return file;
}

async function kill(url, index) {
  const { workers } = await (await fetch(`${url}/status`)).json();
  process.kill(workers[index].pid, 'SIGKILL');
}

async function takePictures(url, fonts) {
  // not at the top, where it would be part of every worker
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
    env: { ...process.env, FONTCONFIG_FILE: fonts },
  });
  try {
    const page = await browser.newPage({
      viewport: { width: 1180, height: 640 },
      deviceScaleFactor: 1.35,
    });
    await page.goto(url);
    let now = 0;
    for (const [at, index] of KILLS) {
      await after((at - now) * 1000);
      now = at;
      await kill(url, index);
    }
    await after((RUN - now) * 1000);
    for (const [colorScheme, name] of [
      ['light', 'page'],
      ['dark', 'page-dark'],
    ]) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `docs/images/${name}.png`, fullPage: true });
    }
  } finally {
    await browser.close();
  }
}

if (process.argv[2] === 'worker') {
  work();
} else {
  const directory = mkdtempSync(join(tmpdir(), 'container-supervisor-'));
  const supervisor = start(directory);
  const ended = new Promise((done) => supervisor.once('exit', done));
  try {
    await takePictures(`http://127.0.0.1:${await portOf(supervisor)}`, fontsIn(directory));
  } finally {
    supervisor.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true });
  }
}
