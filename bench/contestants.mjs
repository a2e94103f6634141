// Who is compared, with the settings that each needs to answer as fast as it can.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const CLI = path('../dist/cli.cjs');
const FLOOR = path('floor.cjs');
const PM2 = path('peers/node_modules/pm2');

/** The longest that a worker may take to stop, in seconds. */
const GRACE = 10;

/** A word as a shell or a configuration of supervisord reads it. */
const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;

function script(file, text) {
  writeFileSync(file, text);
  chmodSync(file, 0o755);
}

/** The version that a command prints; null if it is not there. */
function versionFrom(command, args) {
  try {
    const text = execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? 'unknown';
  } catch {
    return null;
  }
}

/** The version of a Debian package; null if it is not installed. */
function debianVersion(name) {
  return versionFrom('dpkg-query', ['--show', '--showformat=${Version}', name]);
}

function services({ run, workers, command }) {
  for (let index = 0; index < workers; index += 1) {
    const directory = join(run.directory, 'services', String(index));
    mkdirSync(directory, { recursive: true });
    script(join(directory, 'run'), `#!/bin/sh\nexec ${command.map(quoted).join(' ')}\n`);
  }
  return join(run.directory, 'services');
}

/** What can be asked of it; any worker, any number of them, restarted without a delay. */
const ALL = ['start', 'replacement', 'mass crash', 'stop', 'rest', 'crash loop'];

export const OURS = {
  name: 'container-supervisor',
  note: '`reloadDelay: 0`, `stop.order: parallel`; metrics on, log to a file',
  version: () => JSON.parse(readFileSync(path('../package.json'), 'utf8')).version,
  measures: ALL,
  prepare: ({ run, workers, command, config = {} }) => {
    const all = {
      workers,
      // as in a container's command, `$$` is a `$`
      command: command.map((word) => word.replaceAll('$$', () => '$$$$')),
      reloadDelay: 0,
      stop: { order: 'parallel', gracePeriodSeconds: GRACE, timeoutSeconds: 2 * GRACE },
      metrics: { port: 0, host: '127.0.0.1' },
      ...config,
    };
    writeFileSync(join(run.directory, 'supervisor.config.json'), JSON.stringify(all));
    return { argv: [process.execPath, CLI] };
  },
};

export const FLOOR_LOOP = {
  name: 'floor',
  note: 'a bare loop of `child_process.spawn` on the same Node: no log, no policy, no metrics',
  version: () => process.version,
  measures: ALL,
  prepare: ({ workers, command }) => ({ argv: [process.execPath, FLOOR, workers, ...command] }),
};

export const SUPERVISORD = {
  name: 'supervisord',
  note: '`startsecs=0`, `autorestart=true`',
  version: () => debianVersion('supervisor'),
  measures: ALL,
  prepare: ({ run, workers, command, stdout = '/dev/null' }) => {
    const words = command.map((word) => `"${word.replaceAll('"', '\\"').replaceAll('%', '%%')}"`);
    const file = join(run.directory, 'supervisord.conf');
    writeFileSync(
      file,
      `[supervisord]
nodaemon=true
silent=true
logfile=/dev/null
logfile_maxbytes=0
pidfile=${run.directory}/pid
[program:worker]
command=${words.join(' ')}
process_name=%(process_num)s
numprocs=${workers}
startsecs=0
autorestart=true
stopwaitsecs=${GRACE}
stdout_logfile=${stdout}
stdout_logfile_maxbytes=0
stderr_logfile=/dev/null
`,
    );
    return { argv: ['supervisord', '--user=root', '--configuration', file] };
  },
};

export const PM2_RUNTIME = {
  name: 'pm2',
  note: '`pm2-runtime`, fork mode, `restart_delay: 0`, no logs',
  version: () =>
    existsSync(PM2) ? JSON.parse(readFileSync(join(PM2, 'package.json'), 'utf8')).version : null,
  measures: ALL,
  prepare: ({ run, workers, command, stdout = '/dev/null' }) => {
    const [program, ...args] = command;
    const app = {
      name: 'worker',
      script: program,
      args,
      interpreter: 'none',
      exec_mode: 'fork',
      instances: workers,
      autorestart: true,
      restart_delay: 0,
      min_uptime: 0,
      max_restarts: 1e9,
      kill_timeout: GRACE * 1000,
      out_file: stdout,
      error_file: '/dev/null',
    };
    const file = join(run.directory, 'ecosystem.config.json');
    writeFileSync(file, JSON.stringify({ apps: [app] }));
    const env = { PM2_HOME: join(run.directory, 'pm2'), PM2_DISCRETE_MODE: 'true' };
    return { argv: [process.execPath, join(PM2, 'bin/pm2-runtime'), 'start', file], env };
  },
};

const S6 = {
  name: 's6',
  note: '`s6-svscan` and a process of its own for every worker; a restart waits a second',
  version: () => debianVersion('s6'),
  measures: ['start', 'replacement', 'mass crash', 'stop', 'rest', 'orphans'],
  ownNames: ['s6-supervise'],
  prepare: (settings) => {
    const directory = services(settings);
    mkdirSync(join(directory, '.s6-svscan'));
    script(join(directory, '.s6-svscan/finish'), '#!/bin/sh\nexit 0\n');
    return { argv: ['s6-svscan', '-c', '1100', directory] };
  },
};

const RUNIT = {
  name: 'runit',
  note: '`runsvdir` and a process of its own for every worker; it does not wait for them when it stops',
  version: () => debianVersion('runit'),
  measures: ['start', 'replacement', 'mass crash', 'rest'],
  ownNames: ['runsv'],
  prepare: (settings) => {
    const directory = services(settings);
    // it waits a second where this has just been changed
    utimesSync(directory, 0, 0);
    return { argv: ['runsvdir', directory] };
  },
};

const GUNICORN = {
  name: 'gunicorn',
  note: 'its workers are forks of it, with a Python application',
  version: () => debianVersion('gunicorn'),
  measures: ['start', 'replacement', 'mass crash', 'stop', 'rest'],
  prepare: ({ run, workers, stopTime = 0 }) => {
    writeFileSync(
      join(run.directory, 'gunicorn.conf.py'),
      `import os, time
bind = "unix:${run.directory}/socket"
workers = ${workers}
graceful_timeout = ${GRACE}
loglevel = "critical"
def post_worker_init(worker):
    with open("${run.fifo}", "w") as fifo:
        fifo.write(f"{os.getpid()}\\n")
def worker_exit(server, worker):
    time.sleep(${stopTime / 1000})
`,
    );
    writeFileSync(
      join(run.directory, 'app.py'),
      'def app(environ, start_response):\n    start_response("204 No Content", [])\n    return []\n',
    );
    return { argv: ['gunicorn', 'app:app'] };
  },
};

/** An init runs one worker, and ends with it. */
function init(name) {
  return {
    name,
    note: 'an init: one worker, no restart',
    version: () => debianVersion(name),
    measures: ['first worker', 'orphans', 'signal'],
    prepare: ({ command }) => ({ argv: [name, '--', ...command] }),
  };
}

const TINI = init('tini');
const DUMB_INIT = init('dumb-init');

export const CONTESTANTS = [
  OURS,
  FLOOR_LOOP,
  SUPERVISORD,
  PM2_RUNTIME,
  S6,
  RUNIT,
  GUNICORN,
  TINI,
  DUMB_INIT,
];
