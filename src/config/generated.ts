// Generated from schemas/supervisor.schema.json by `npm run generate`; do not edit.

export type Argument = string;
export type Signal =
  | 'SIGTERM'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGHUP'
  | 'SIGKILL'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGWINCH'
  | 'SIGABRT'
  | 'SIGALRM'
  | 'SIGBUS'
  | 'SIGCHLD'
  | 'SIGCONT'
  | 'SIGFPE'
  | 'SIGILL'
  | 'SIGIO'
  | 'SIGPIPE'
  | 'SIGPROF'
  | 'SIGPWR'
  | 'SIGSEGV'
  | 'SIGSTKFLT'
  | 'SIGSYS'
  | 'SIGTRAP'
  | 'SIGTSTP'
  | 'SIGTTIN'
  | 'SIGTTOU'
  | 'SIGURG'
  | 'SIGVTALRM'
  | 'SIGXCPU'
  | 'SIGXFSZ';
/**
 * stop: the ordered stop. reload: read the configuration file again. restart: a rolling restart of all workers. scale-up, scale-down: one worker more or less, never less than one. ignore: nothing. forward: send it on to every worker. {"forward": SIGNAL}: send that one instead.
 */
export type Action =
  | ('stop' | 'reload' | 'restart' | 'scale-up' | 'scale-down' | 'ignore' | 'forward')
  | {
      forward: Signal;
    };

export interface UserConfig {
  /**
   * Where an editor finds this schema. Accepted and ignored.
   */
  $schema?: string;
  /**
   * How many copies of the command run. With 0 the supervisor idles until it is scaled or stopped. "auto" is the container's CPU limit (cgroup) rounded down, at least 1; without a limit it is the number of CPUs that the process may use.
   */
  workers?: number | 'auto';
  /**
   * What every worker runs. An array is the exec form: the program and its arguments, with $(NAME) expanded as in a pod ($$ is a literal $). A string is the shell form: it is run by /bin/sh -c and not expanded, because the shell has $NAME.
   */
  command: Argument[] | string;
  /**
   * Appended to an array command, with $(NAME) expanded. An error beside a string command.
   */
  args?: Argument[];
  /**
   * Environment variables added to those that the supervisor itself has. $(NAME) is expanded from the inherited variables, the supervisor's own (SUPERVISOR_WORKER_INDEX, SUPERVISOR_WORKER_COUNT, SUPERVISOR_WORKER_STARTS, PORT) and the entries above.
   */
  env?: {
    [k: string]: Argument;
  };
  /**
   * Every worker gets the variable PORT: this number plus the worker's index.
   */
  portBase?: number;
  /**
   * The workers' working directory; a relative one starts at the supervisor's. Absent: the supervisor's own.
   */
  workingDir?: string;
  /**
   * Seconds: the least time between two passes of the restart loop. A worker that dies after a quiet time is replaced at once; a crash loop restarts once in this time.
   */
  reloadDelay?: number;
  /**
   * When and how often an ended worker is replaced.
   */
  restart?: {
    /**
     * As a container's restartPolicy. Always: whatever the exit code. OnFailure: unless it is a success code. Never: not at all. With the last two the supervisor ends once every worker has completed.
     */
    policy?: 'Always' | 'OnFailure' | 'Never';
    /**
     * Exit codes that are no failure, container-style: 143 is a death by SIGTERM.
     */
    successExitCodes?: number[];
    /**
     * A worker that exits by itself with one of these stops the whole supervisor at once, with that code: restarting cannot help.
     */
    fatalExitCodes?: number[];
    /**
     * Makes a slot that keeps ending wait longer from restart to restart. Absent: the constant pace of reloadDelay.
     */
    backoff?: {
      /**
       * The delay of the first restart in a row. Absent: reloadDelay.
       */
      initialSeconds?: number;
      /**
       * What each delay is multiplied by for the next.
       */
      factor?: number;
      /**
       * The longest delay.
       */
      maxSeconds?: number;
      /**
       * Each delay is shortened at random by up to this share, so that workers do not restart in step.
       */
      jitter?: number;
      /**
       * A worker that has run for so long starts the row anew.
       */
      resetAfterSeconds?: number;
    };
    /**
     * More restarts than this in a sliding window, over all workers and whatever the exit code, and the supervisor gives up: it stops the rest in order and ends with the worker's exit code. Absent: it never does.
     */
    limit?: {
      /**
       * How many restarts are allowed in the window.
       */
      restarts: number;
      /**
       * The length of the window.
       */
      withinSeconds: number;
    };
  };
  /**
   * How the workers are stopped.
   */
  stop?: {
    signal?: Signal;
    /**
     * sequential: each worker is asked when the one before it is gone, in index order; when only gracePeriodSeconds are left of timeoutSeconds, all that are left are asked at once. parallel: all are asked at once, in index order.
     */
    order?: 'sequential' | 'parallel';
    /**
     * Seconds that one worker has between the stop signal and SIGKILL. At most timeoutSeconds.
     */
    gracePeriodSeconds?: number;
    /**
     * Seconds for the whole stop, from the first signal to the last worker's end; whoever is left then gets SIGKILL. Keep it under the pod's terminationGracePeriodSeconds.
     */
    timeoutSeconds?: number;
    /**
     * As systemd's KillMode, over the worker's process group. mixed: the stop signal to the worker, SIGKILL to its group once the worker is gone or its grace is over. control-group: both to the group; whoever outlives the worker keeps the rest of the grace. process: both to the worker alone; its descendants are left alone. Absent: mixed, and control-group for a string command.
     */
    killMode?: 'mixed' | 'control-group' | 'process';
  };
  /**
   * Seconds that a worker without a readiness probe has to live, once it has started, until it is ready.
   */
  minReadySeconds?: number;
  /**
   * How many ready workers keep /readyz at 200 once every worker has been ready: a number, or a percentage of the wanted workers (rounded up). Never more than are wanted.
   */
  minReady?: number | string;
  startupProbe?: UserProbe;
  readinessProbe?: UserProbe;
  livenessProbe?: UserProbe;
  /**
   * How a worker tells by itself that it is ready. Absent: it does not.
   */
  notify?: {
    /**
     * systemd's protocol (sd_notify(3)): the worker gets NOTIFY_SOCKET and is ready after READY=1, until STOPPING=1; STATUS= is shown by /status. Needs koffi.
     */
    socket?: boolean;
    /**
     * As systemd's WatchdogSec: once ready, a worker that does not send WATCHDOG=1 for so long is treated as after a failed liveness probe. It gets WATCHDOG_USEC. Needs socket.
     */
    watchdogSeconds?: number;
    /**
     * s6's protocol: the worker gets this file descriptor and is ready once it has written a line to it.
     */
    fd?: number;
  };
  /**
   * Replaces workers before they get too old or too large, one at a time and as rollout says. Absent: never.
   */
  recycle?: {
    /**
     * Seconds that a worker may live.
     */
    maxLifetimeSeconds?: number;
    /**
     * How much anonymous and shared memory a worker's process group may have: a Kubernetes quantity in bytes, such as "512Mi". It is looked at once a second, or less often where that takes long.
     */
    maxMemory?: number | string;
    /**
     * Each worker's limits are lowered at random by up to this share, so that those that were started together are not due together.
     */
    jitter?: number;
  };
  /**
   * How a rolling restart goes: on changed command, args, env, portBase or workingDir, for recycle, or when it is asked for. By default one worker at a time is stopped and then replaced in its slot.
   */
  rollout?: {
    /**
     * How many of the wanted workers may be missing, because they are being replaced, at the same time. 0 needs maxSurge.
     */
    maxUnavailable?: number;
    /**
     * How many processes more than wanted there may be: a replacement is then ready before its predecessor is asked to stop, and both have the same index meanwhile. An error beside portBase.
     */
    maxSurge?: number;
  };
  /**
   * What the supervisor does when it receives a signal: stop, reload, restart, scale-up, scale-down, ignore, forward (to every worker; to its whole group where killMode is control-group), or { "forward": SIGNAL } to send another instead. Where the terminal of the supervisor has hung up, reload is stop.
   */
  signals?: {
    SIGTERM?: Action;
    SIGINT?: Action;
    SIGQUIT?: Action;
    SIGHUP?: Action;
    SIGUSR1?: Action;
    SIGUSR2?: Action;
    SIGWINCH?: Action;
    SIGTTIN?: Action;
    SIGTTOU?: Action;
    SIGABRT?: Action;
    SIGALRM?: Action;
    SIGCONT?: Action;
    SIGIO?: Action;
    SIGPIPE?: Action;
    SIGPROF?: Action;
    SIGPWR?: Action;
    SIGSTKFLT?: Action;
    SIGSYS?: Action;
    SIGTRAP?: Action;
    SIGTSTP?: Action;
    SIGURG?: Action;
    SIGVTALRM?: Action;
    SIGXCPU?: Action;
    SIGXFSZ?: Action;
  };
  /**
   * Adopt and reap orphaned descendants where the supervisor is not PID 1. As PID 1 it always does.
   */
  subreaper?: boolean;
  /**
   * What a worker gets if the supervisor is killed outside a PID namespace, by setpriv of util-linux; false: nothing. Inside one, the kernel ends every process with PID 1.
   */
  parentDeathSignal?: Signal | false;
  /**
   * Added to the supervisor's own oom_score_adj for every worker (1000 at most), so that the kernel's out-of-memory killer prefers a worker to the supervisor; false: nothing is changed.
   */
  oomScoreAdj?: number | false;
  /**
   * The read-only HTTP server: /metrics, /livez, /healthz, /readyz, /status and a page for people.
   */
  metrics?: {
    /**
     * false: no HTTP server at all.
     */
    enabled?: boolean;
    /**
     * The address to listen on. :: is both families; where there is no IPv6, 0.0.0.0 is taken instead.
     */
    host?: string;
    /**
     * The port to listen on; 0 is any free port, which the log names.
     */
    port?: number;
    /**
     * The path of the Prometheus exposition.
     */
    path?: string;
    /**
     * The workers' own metrics: they are scraped when the supervisor is, and come out of its /metrics with a label worker. Absent: they are not.
     */
    workers?: {
      /**
       * Where a worker exposes them on 127.0.0.1. $(NAME) is expanded from the worker's own environment, so "$(PORT)" serves with portBase.
       */
      port: number | string;
      /**
       * The path of a worker's exposition; $(NAME) is expanded in it.
       */
      path?: string;
    };
    /**
     * Whether there are / (a page for people) and /status (the same as JSON).
     */
    page?: boolean;
  };
  /**
   * How a running supervisor is operated: container-supervisor status, scale, restart, reload and stop.
   */
  control?: {
    /**
     * The path of a Unix socket with mode 0600, so that its owner and root alone get in; a relative one starts at the working directory. 107 bytes at most. false: none.
     */
    socket?: string | false;
  };
  /**
   * When the configuration file is read again, beside SIGHUP and container-supervisor reload.
   */
  reload?: {
    /**
     * Apply the changes of the file while running: one that is written to or replaced, or a mounted ConfigMap.
     */
    watch?: boolean;
  };
  /**
   * The log, on standard error, and the workers' output.
   */
  log?: {
    /**
     * The least severe level that is written.
     */
    level?: 'debug' | 'info' | 'warn' | 'error';
    /**
     * auto: text on a terminal, else json.
     */
    format?: 'auto' | 'json' | 'text';
    /**
     * The workers' output. inherit: their standard output and error are the supervisor's own; prefix: each line as [INDEX] line; json: each line as {time, worker, stream, msg}.
     */
    workers?: 'inherit' | 'prefix' | 'json';
  };
}
export interface UserProbe {
  /**
   * A command that is run with the worker's environment and working directory; exit status 0 is success.
   */
  exec?: {
    /**
     * The program and its arguments, without a shell.
     *
     * @minItems 1
     */
    command: Argument[];
  };
  /**
   * A GET request; a status from 200 to 399 is success.
   */
  httpGet?: {
    /**
     * The host. Absent: 127.0.0.1.
     */
    host?: string;
    /**
     * A port, or a string with $(NAME) in it, such as "$(PORT)".
     */
    port: number | string;
    /**
     * The path, with a query if need be.
     */
    path?: string;
    /**
     * HTTPS certificates are not verified.
     */
    scheme?: 'HTTP' | 'HTTPS';
    /**
     * Headers of the request; Host too.
     */
    httpHeaders?: {
      name: string;
      value: string;
    }[];
  };
  /**
   * A TCP connection that can be made is success.
   */
  tcpSocket?: {
    /**
     * The host. Absent: 127.0.0.1.
     */
    host?: string;
    /**
     * A port, or a string with $(NAME) in it, such as "$(PORT)".
     */
    port: number | string;
  };
  /**
   * Seconds from the worker's start to the first probe.
   */
  initialDelaySeconds?: number;
  /**
   * Seconds from one probe to the next.
   */
  periodSeconds?: number;
  /**
   * Seconds after which a probe without an answer has failed.
   */
  timeoutSeconds?: number;
  /**
   * How many successes in a row it takes after a failure. 1 for startup and liveness probes.
   */
  successThreshold?: number;
  /**
   * How many failures in a row it takes.
   */
  failureThreshold?: number;
}

export interface Config {
  /**
   * Where an editor finds this schema. Accepted and ignored.
   */
  $schema?: string;
  /**
   * How many copies of the command run. With 0 the supervisor idles until it is scaled or stopped. "auto" is the container's CPU limit (cgroup) rounded down, at least 1; without a limit it is the number of CPUs that the process may use.
   */
  workers: number | 'auto';
  /**
   * What every worker runs. An array is the exec form: the program and its arguments, with $(NAME) expanded as in a pod ($$ is a literal $). A string is the shell form: it is run by /bin/sh -c and not expanded, because the shell has $NAME.
   */
  command: Argument[] | string;
  /**
   * Appended to an array command, with $(NAME) expanded. An error beside a string command.
   */
  args: Argument[];
  /**
   * Environment variables added to those that the supervisor itself has. $(NAME) is expanded from the inherited variables, the supervisor's own (SUPERVISOR_WORKER_INDEX, SUPERVISOR_WORKER_COUNT, SUPERVISOR_WORKER_STARTS, PORT) and the entries above.
   */
  env: {
    [k: string]: Argument;
  };
  /**
   * Every worker gets the variable PORT: this number plus the worker's index.
   */
  portBase?: number;
  /**
   * The workers' working directory; a relative one starts at the supervisor's. Absent: the supervisor's own.
   */
  workingDir?: string;
  /**
   * Seconds: the least time between two passes of the restart loop. A worker that dies after a quiet time is replaced at once; a crash loop restarts once in this time.
   */
  reloadDelay: number;
  /**
   * When and how often an ended worker is replaced.
   */
  restart: {
    /**
     * As a container's restartPolicy. Always: whatever the exit code. OnFailure: unless it is a success code. Never: not at all. With the last two the supervisor ends once every worker has completed.
     */
    policy: 'Always' | 'OnFailure' | 'Never';
    /**
     * Exit codes that are no failure, container-style: 143 is a death by SIGTERM.
     */
    successExitCodes: number[];
    /**
     * A worker that exits by itself with one of these stops the whole supervisor at once, with that code: restarting cannot help.
     */
    fatalExitCodes: number[];
    /**
     * Makes a slot that keeps ending wait longer from restart to restart. Absent: the constant pace of reloadDelay.
     */
    backoff?: {
      /**
       * The delay of the first restart in a row. Absent: reloadDelay.
       */
      initialSeconds?: number;
      /**
       * What each delay is multiplied by for the next.
       */
      factor: number;
      /**
       * The longest delay.
       */
      maxSeconds: number;
      /**
       * Each delay is shortened at random by up to this share, so that workers do not restart in step.
       */
      jitter: number;
      /**
       * A worker that has run for so long starts the row anew.
       */
      resetAfterSeconds: number;
    };
    /**
     * More restarts than this in a sliding window, over all workers and whatever the exit code, and the supervisor gives up: it stops the rest in order and ends with the worker's exit code. Absent: it never does.
     */
    limit?: {
      /**
       * How many restarts are allowed in the window.
       */
      restarts: number;
      /**
       * The length of the window.
       */
      withinSeconds: number;
    };
  };
  /**
   * How the workers are stopped.
   */
  stop: {
    signal: Signal;
    /**
     * sequential: each worker is asked when the one before it is gone, in index order; when only gracePeriodSeconds are left of timeoutSeconds, all that are left are asked at once. parallel: all are asked at once, in index order.
     */
    order: 'sequential' | 'parallel';
    /**
     * Seconds that one worker has between the stop signal and SIGKILL. At most timeoutSeconds.
     */
    gracePeriodSeconds: number;
    /**
     * Seconds for the whole stop, from the first signal to the last worker's end; whoever is left then gets SIGKILL. Keep it under the pod's terminationGracePeriodSeconds.
     */
    timeoutSeconds: number;
    /**
     * As systemd's KillMode, over the worker's process group. mixed: the stop signal to the worker, SIGKILL to its group once the worker is gone or its grace is over. control-group: both to the group; whoever outlives the worker keeps the rest of the grace. process: both to the worker alone; its descendants are left alone. Absent: mixed, and control-group for a string command.
     */
    killMode?: 'mixed' | 'control-group' | 'process';
  };
  /**
   * Seconds that a worker without a readiness probe has to live, once it has started, until it is ready.
   */
  minReadySeconds: number;
  /**
   * How many ready workers keep /readyz at 200 once every worker has been ready: a number, or a percentage of the wanted workers (rounded up). Never more than are wanted.
   */
  minReady: number | string;
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  /**
   * How a worker tells by itself that it is ready. Absent: it does not.
   */
  notify?: {
    /**
     * systemd's protocol (sd_notify(3)): the worker gets NOTIFY_SOCKET and is ready after READY=1, until STOPPING=1; STATUS= is shown by /status. Needs koffi.
     */
    socket: boolean;
    /**
     * As systemd's WatchdogSec: once ready, a worker that does not send WATCHDOG=1 for so long is treated as after a failed liveness probe. It gets WATCHDOG_USEC. Needs socket.
     */
    watchdogSeconds?: number;
    /**
     * s6's protocol: the worker gets this file descriptor and is ready once it has written a line to it.
     */
    fd?: number;
  };
  /**
   * Replaces workers before they get too old or too large, one at a time and as rollout says. Absent: never.
   */
  recycle?: {
    /**
     * Seconds that a worker may live.
     */
    maxLifetimeSeconds?: number;
    /**
     * How much anonymous and shared memory a worker's process group may have: a Kubernetes quantity in bytes, such as "512Mi". It is looked at once a second, or less often where that takes long.
     */
    maxMemory?: number | string;
    /**
     * Each worker's limits are lowered at random by up to this share, so that those that were started together are not due together.
     */
    jitter: number;
  };
  /**
   * How a rolling restart goes: on changed command, args, env, portBase or workingDir, for recycle, or when it is asked for. By default one worker at a time is stopped and then replaced in its slot.
   */
  rollout: {
    /**
     * How many of the wanted workers may be missing, because they are being replaced, at the same time. 0 needs maxSurge.
     */
    maxUnavailable: number;
    /**
     * How many processes more than wanted there may be: a replacement is then ready before its predecessor is asked to stop, and both have the same index meanwhile. An error beside portBase.
     */
    maxSurge: number;
  };
  /**
   * What the supervisor does when it receives a signal: stop, reload, restart, scale-up, scale-down, ignore, forward (to every worker; to its whole group where killMode is control-group), or { "forward": SIGNAL } to send another instead. Where the terminal of the supervisor has hung up, reload is stop.
   */
  signals: {
    SIGTERM: Action;
    SIGINT: Action;
    SIGQUIT: Action;
    SIGHUP: Action;
    SIGUSR1: Action;
    SIGUSR2: Action;
    SIGWINCH: Action;
    SIGTTIN: Action;
    SIGTTOU: Action;
    SIGABRT?: Action;
    SIGALRM?: Action;
    SIGCONT?: Action;
    SIGIO?: Action;
    SIGPIPE?: Action;
    SIGPROF?: Action;
    SIGPWR?: Action;
    SIGSTKFLT?: Action;
    SIGSYS?: Action;
    SIGTRAP?: Action;
    SIGTSTP?: Action;
    SIGURG?: Action;
    SIGVTALRM?: Action;
    SIGXCPU?: Action;
    SIGXFSZ?: Action;
  };
  /**
   * Adopt and reap orphaned descendants where the supervisor is not PID 1. As PID 1 it always does.
   */
  subreaper: boolean;
  /**
   * What a worker gets if the supervisor is killed outside a PID namespace, by setpriv of util-linux; false: nothing. Inside one, the kernel ends every process with PID 1.
   */
  parentDeathSignal: Signal | false;
  /**
   * Added to the supervisor's own oom_score_adj for every worker (1000 at most), so that the kernel's out-of-memory killer prefers a worker to the supervisor; false: nothing is changed.
   */
  oomScoreAdj: number | false;
  /**
   * The read-only HTTP server: /metrics, /livez, /healthz, /readyz, /status and a page for people.
   */
  metrics: {
    /**
     * false: no HTTP server at all.
     */
    enabled: boolean;
    /**
     * The address to listen on. :: is both families; where there is no IPv6, 0.0.0.0 is taken instead.
     */
    host: string;
    /**
     * The port to listen on; 0 is any free port, which the log names.
     */
    port: number;
    /**
     * The path of the Prometheus exposition.
     */
    path: string;
    /**
     * The workers' own metrics: they are scraped when the supervisor is, and come out of its /metrics with a label worker. Absent: they are not.
     */
    workers?: {
      /**
       * Where a worker exposes them on 127.0.0.1. $(NAME) is expanded from the worker's own environment, so "$(PORT)" serves with portBase.
       */
      port: number | string;
      /**
       * The path of a worker's exposition; $(NAME) is expanded in it.
       */
      path: string;
    };
    /**
     * Whether there are / (a page for people) and /status (the same as JSON).
     */
    page: boolean;
  };
  /**
   * How a running supervisor is operated: container-supervisor status, scale, restart, reload and stop.
   */
  control: {
    /**
     * The path of a Unix socket with mode 0600, so that its owner and root alone get in; a relative one starts at the working directory. 107 bytes at most. false: none.
     */
    socket: string | false;
  };
  /**
   * When the configuration file is read again, beside SIGHUP and container-supervisor reload.
   */
  reload: {
    /**
     * Apply the changes of the file while running: one that is written to or replaced, or a mounted ConfigMap.
     */
    watch: boolean;
  };
  /**
   * The log, on standard error, and the workers' output.
   */
  log: {
    /**
     * The least severe level that is written.
     */
    level: 'debug' | 'info' | 'warn' | 'error';
    /**
     * auto: text on a terminal, else json.
     */
    format: 'auto' | 'json' | 'text';
    /**
     * The workers' output. inherit: their standard output and error are the supervisor's own; prefix: each line as [INDEX] line; json: each line as {time, worker, stream, msg}.
     */
    workers: 'inherit' | 'prefix' | 'json';
  };
}
export interface Probe {
  /**
   * A command that is run with the worker's environment and working directory; exit status 0 is success.
   */
  exec?: {
    /**
     * The program and its arguments, without a shell.
     *
     * @minItems 1
     */
    command: Argument[];
  };
  /**
   * A GET request; a status from 200 to 399 is success.
   */
  httpGet?: {
    /**
     * The host. Absent: 127.0.0.1.
     */
    host: string;
    /**
     * A port, or a string with $(NAME) in it, such as "$(PORT)".
     */
    port: number | string;
    /**
     * The path, with a query if need be.
     */
    path: string;
    /**
     * HTTPS certificates are not verified.
     */
    scheme: 'HTTP' | 'HTTPS';
    /**
     * Headers of the request; Host too.
     */
    httpHeaders: {
      name: string;
      value: string;
    }[];
  };
  /**
   * A TCP connection that can be made is success.
   */
  tcpSocket?: {
    /**
     * The host. Absent: 127.0.0.1.
     */
    host: string;
    /**
     * A port, or a string with $(NAME) in it, such as "$(PORT)".
     */
    port: number | string;
  };
  /**
   * Seconds from the worker's start to the first probe.
   */
  initialDelaySeconds: number;
  /**
   * Seconds from one probe to the next.
   */
  periodSeconds: number;
  /**
   * Seconds after which a probe without an answer has failed.
   */
  timeoutSeconds: number;
  /**
   * How many successes in a row it takes after a failure. 1 for startup and liveness probes.
   */
  successThreshold: number;
  /**
   * How many failures in a row it takes.
   */
  failureThreshold: number;
}
