import { BaseReload } from './base-reload.ts';
import { memoryCgroup } from './system/cgroup.ts';
import { now } from './loop/clock.ts';
import { completeConfig } from './config/complete.ts';
import type { Config, UserConfig } from './config/generated.ts';
import { inheritedEnvironment } from './config/overrides.ts';
import type { Rereader } from './config/reread.ts';
import { countWorkers } from './config/workers.ts';
import type { Input } from './core/input.ts';
import type { Operation, OperationResult } from './core/operation.ts';
import { everyone, isProcessOf, processOf } from './core/slots.ts';
import { initialState } from './core/state.ts';
import type { Seconds, State } from './core/state.ts';
import { statusOf } from './core/status.ts';
import type { Status } from './core/status.ts';
import { isPassDue, nextDeadline, step } from './core/step.ts';
import { isStopping } from './core/stop.ts';
import { Effects } from './effects.ts';
import { Inbox } from './loop/inbox.ts';
import { keepAlive } from './loop/keep-alive.ts';
import { LateProbes } from './probes/late-probes.ts';
import type { MultiprocessOptions } from './multiprocess-options.ts';
import { noticesAtStart } from './notices.ts';
import { createLog } from './observe/log.ts';
import { logObserver } from './observe/log-observer.ts';
import { Observers } from './observers.ts';
import { Operations } from './operations.ts';
import { adopt, mayAdopt } from './pid1/adoption.ts';
import { trackChildren } from './pid1/children.ts';
import { killGroups, killOnExit } from './pid1/guard.ts';
import { SignalSource, signalsOf } from './pid1/signals.ts';
import type { SignalSubscription } from './pid1/signals.ts';
import { terminalHungUp } from './system/terminal.ts';
import { WorkerProcesses } from './workers/processes.ts';
import { nextTurn, oncePerTurn, SLICE } from './loop/turn.ts';
import type { WorkerProcess } from './workers/worker.ts';
import { WorkerNotification } from './notify/worker-notification.ts';
import { workerOptionsOf } from './workers/worker-options.ts';
import { WorkerOutput } from './output/worker-output.ts';

/**
 * Runs copies of a command, replaces the dead ones, and stops them in order: the program without its command line, its
 * server and its control socket. Its surface is that of FastStream's `Multiprocess`; `startup`, `shouldRestart`,
 * `restart` and `shutdown` can be overridden.
 */
export class Multiprocess extends BaseReload {
  // The shell around the core: it takes what happened, lets the core decide, performs that, and tells the observers. It
  // decides nothing itself.
  readonly #memory = memoryCgroup();
  readonly #oomKills = oncePerTurn(() => this.#memory?.oomKills() ?? null);
  readonly #ownOutput: WorkerOutput | null;
  readonly #observers: Observers;
  readonly #signals: SignalSource;
  readonly #reread: Rereader | undefined;
  readonly #operations = new Operations();
  readonly #inbox = new Inbox<Input | (() => Input)>();
  readonly #put = (input: Input | (() => Input)): void => {
    this.#inbox.put(input);
  };
  readonly #processes: WorkerProcesses;
  readonly #probes: LateProbes;
  readonly #effects: Effects;
  #config: Config;
  #subscription: SignalSubscription | undefined;
  #state: State = initialState;
  /** When a restart was offered last; null once it was accepted. */
  #offeredAt: Seconds | null = null;
  #adoption: Promise<() => void> | undefined;
  #keptAlive: (() => void) | undefined;

  /**
   * @param config - as a configuration file has it; missing keys get their defaults. `metrics`, `control` and `reload`
   *   are validated and have no effect
   * @throws ConfigError with every problem
   */
  constructor(config: UserConfig, options: MultiprocessOptions = {}) {
    const { source = 'configuration' } = options;
    const complete = completeConfig(config, source);
    super(complete.reloadDelay);
    this.#config = complete;
    const output = options.output ?? new WorkerOutput(complete.log, source);
    this.#ownOutput = options.output === undefined ? output : null;
    const { notification = new WorkerNotification(complete.notify, source) } = options;
    // the environment is copied once, because every look at `process.env` is a call of the system
    this.#processes = new WorkerProcesses({
      worker: workerOptionsOf(complete, source, { output, notification }),
      inherited: inheritedEnvironment(process.env),
      oomKills: this.#oomKills,
      put: this.#put,
      isNeeded: (worker, pid) => isProcessOf(this.#state, worker, pid),
    });
    this.#probes = new LateProbes({
      put: this.#put,
      processOf: (worker, start) => this.#processes.surroundingsOf(worker, start),
    });
    this.#effects = new Effects({
      processes: this.#processes,
      probes: this.#probes,
      operations: this.#operations,
      load: () => void this.#load(),
      put: this.#put,
    });
    this.#observers = new Observers(
      options.observers ?? [logObserver(createLog(complete.log, output.logOn(process.stderr)))],
    );
    this.#signals = options.signals ?? new SignalSource();
    this.#reread = options.reread;
    this.shouldExit.onSet(() => {
      this.#put({ type: 'stop', cause: { type: 'request' } });
    });
  }

  /** The configuration that applies. A reload replaces it. */
  get config(): Config {
    return this.#config;
  }

  override get reloadDelay(): number {
    return this.#config.reloadDelay;
  }

  /** How many workers are wanted; before the start, what the configuration comes to. */
  get workers(): number {
    return this.#state.phase.name === 'new'
      ? countWorkers(this.#config).count
      : this.#state.desired;
  }

  /** The workers' processes that are alive, in index order. */
  get processes(): readonly WorkerProcess[] {
    return this.#processes.alive;
  }

  /**
   * What a container's exit status says of the run, 0 to 255: 0 unless the supervisor had to give up; then the code of
   * the worker that it gave up on, or 1.
   */
  get exitStatus(): number {
    const { phase } = this.#state;
    return phase.name === 'stopping' || phase.name === 'stopped' ? phase.exitStatus : 0;
  }

  /** How everything stands, worker by worker. */
  status(): Status {
    return statusOf(this.#state, now(), this.config);
  }

  /**
   * Runs until a stop is asked for by a signal, by `operate` or by `shouldExit.set()`, and every worker is gone. While it
   * runs it listens to the process's signals as `config.signals` says. Once only. Rejects with what an overridden method
   * throws, after the workers' process groups were killed.
   */
  override async run(): Promise<void> {
    this.#subscription = this.#signals.subscribe(signalsOf(this.config), (signal) => {
      const hungUp = signal === 'SIGHUP' && terminalHungUp();
      this.#put({ type: 'signal', signal, hungUp });
    });
    const disarm = killOnExit(() => this.#pids());
    if (mayAdopt(this.config.subreaper)) trackChildren();
    try {
      await super.run();
    } finally {
      // nobody is left after an orderly end; an overridden method that throws leaves all of them
      killGroups(this.#pids());
      this.#probes.end();
      this.#observers.tell();
      this.#operations.end();
      (await this.#adoption)?.();
      await this.#ownOutput?.end();
      this.#keptAlive?.();
      disarm();
      this.#subscription.end();
    }
  }

  /**
   * Asks for an operation, as an operator does over the control socket. `reload` is refused: there is no file.
   *
   * @param wait - whether to wait for the outcome, which has no limit of time; else it is answered once it is begun
   * @returns what has become of it; it never rejects
   */
  operate(operation: Operation, wait = true): Promise<OperationResult> {
    return this.#operations.ask((id) => {
      this.#put({ type: 'operation', id, operation, wait });
    });
  }

  /**
   * The configuration file has changed: it is read once more.
   *
   * @internal
   */
  fileChanged(): void {
    this.#put({ type: 'file-changed' });
  }

  /** Stops in order because of a failure that is not a worker's, and makes `exitStatus` 1. */
  giveUp(message: string): void {
    this.#put({ type: 'stop', cause: { type: 'failure', message, exitStatus: 1 } });
  }

  /** Starts every worker once, in index order, at the pace of the system. A stop ends it early. */
  override async startup(): Promise<void> {
    await this.#ownOutput?.open();
    await this.#processes.open();
    const { count, from } = countWorkers(this.config);
    const oomKills = this.#oomKills();
    this.#take({ type: 'start', workers: count, workersFrom: from, pid: this.pid, oomKills });
    for (const message of noticesAtStart(this.config, count, this.#memory)) {
      this.#take({ type: 'notice', message });
    }
    // PID 1 adopts in any case; a subreaper has to be one before its first orphan
    if (this.pid !== 1) await (this.#adoption = adopt(this.config.subreaper, this.#put));
    this.#takeSlice();
    if (this.#sweep()) return;
    this.#observers.tell();
    // no further pass, which is due already where the first workers have ended
    do this.restart();
    while (this.#isPassOpen() && !(await this.wait()) && this.#isPassOpen());
    this.#observers.tell();
    // after the workers and beside the loop, because it takes time; what has died meanwhile is found
    if (this.pid === 1) this.#adoption = adopt(this.config.subreaper, this.#put);
  }

  /** Whether a worker is missing and its start is due. A subclass that declines is asked again after `reloadDelay`. */
  override shouldRestart(): boolean {
    return isPassDue(this.#state, now(), this.config);
  }

  /** Starts the next worker that is due. One start is made at a time, so it is called once for each. */
  override restart(): void {
    this.#take({ type: 'tick' });
    // what came of a spawn, before anybody reads what the worker writes
    this.#takeSlice();
    this.#offeredAt = null;
  }

  /** The ordered stop, as `config.stop` says; resolves when every worker is gone, or was left behind. */
  override async shutdown(): Promise<void> {
    this.#take({ type: 'stop', cause: { type: 'request' } });
    this.#take({ type: 'tick' });
    while (this.#state.phase.name !== 'stopped') {
      await this.wait();
      this.#take({ type: 'tick' });
    }
    this.#observers.tell();
  }

  protected override async wait(): Promise<boolean> {
    while (this.#observers.tell(SLICE)) await nextTurn();
    // not while workers are being started, because it takes time
    if (!this.#isPassOpen()) this.#keptAlive ??= keepAlive();
    await this.#inbox.wait(this.#sleepSeconds());
    this.#takeSlice();
    while (!this.#inbox.isEmpty) {
      this.#observers.tell();
      await nextTurn();
      this.#takeSlice();
    }
    return this.#sweep();
  }

  #isPassOpen(): boolean {
    return this.#state.pass.name === 'open';
  }

  /** Null: until something happens. A restart that a subclass declined is offered again later. */
  #sleepSeconds(): Seconds | null {
    const offeredAt = this.#offeredAt;
    if (offeredAt !== null && isPassDue(this.#state, offeredAt, this.config))
      return this.reloadDelay;
    const deadline = nextDeadline(this.#state, this.config);
    return deadline === null ? null : deadline - now();
  }

  /** Lets the core decide on what has come. */
  #takeSlice(): void {
    for (const input of this.#inbox.drain(SLICE)) {
      this.#take(typeof input === 'function' ? input() : input);
    }
  }

  /** Does what is due of all but starts; returns whether the loop is to end. */
  #sweep(): boolean {
    // whether or not a subclass lets anything be restarted; a stop is for `shutdown` to perform
    if (!isStopping(this.#state)) this.#take({ type: 'sweep' });
    this.#offeredAt = now();
    if (isStopping(this.#state)) this.shouldExit.set();
    return this.shouldExit.isSet();
  }

  #take(input: Input): void {
    const { state, effects, events } = step(this.#state, input, now(), this.config);
    this.#state = state;
    this.#effects.perform(effects);
    this.#observers.keep(events);
  }

  async #load(): Promise<void> {
    const reread = await this.#reread?.(this.config);
    this.#put(() => {
      // a stop goes on as it has begun
      if (reread?.config && !isStopping(this.#state)) {
        this.#config = reread.config;
        this.#subscription?.change(signalsOf(reread.config));
      }
      return { type: 'loaded', result: reread?.result ?? { type: 'none' } };
    });
  }

  /** The process groups that are to be killed if this process ends. */
  #pids(): readonly number[] {
    // one that was spawned in this turn is not in the state yet; a group without its leader is there alone
    const groups = everyone(this.#state).flatMap((slot) => processOf(slot)?.pid ?? []);
    return [...groups, ...this.processes.map(({ pid }) => pid), ...this.#probes.pids];
  }
}
