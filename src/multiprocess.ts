import { BaseReload } from './base-reload.ts';
import { memoryCgroup } from './cgroup.ts';
import { now } from './clock.ts';
import { completeConfig } from './config/complete.ts';
import type { Config, UserConfig } from './config/generated.ts';
import { inheritedEnvironment } from './config/overrides.ts';
import { countWorkers } from './config/workers.ts';
import { commandOf } from './core/command.ts';
import type { Effect } from './core/effect.ts';
import type { Input } from './core/input.ts';
import { canBeOomKill } from './core/oom.ts';
import { initialState } from './core/state.ts';
import type { Seconds, State } from './core/state.ts';
import { statusOf } from './core/status.ts';
import type { Status } from './core/status.ts';
import { isPassDue, isStopping, nextDeadline, step } from './core/step.ts';
import { Inbox } from './inbox.ts';
import { keepAlive } from './keep-alive.ts';
import { createLog } from './observe/log.ts';
import { logObserver } from './observe/log-observer.ts';
import { Observers } from './observers.ts';
import type { Observer } from './observers.ts';
import { adopt, mayAdopt } from './pid1/adoption.ts';
import { trackChildren } from './pid1/children.ts';
import { GroupScan, hasMembers } from './pid1/group.ts';
import { killGroups, killOnExit } from './pid1/guard.ts';
import { memoryNotices } from './pid1/memory.ts';
import { SignalSource } from './pid1/signals.ts';
import { nextTurn, oncePerTurn, SLICE } from './turn.ts';
import { WorkerProcess } from './worker.ts';
import { workerOptionsOf } from './worker-options.ts';
import type { WorkerOptions } from './worker-options.ts';
import { WorkerOutput } from './worker-output.ts';

export interface MultiprocessOptions {
  /** How messages name the configuration, such as its file. Default: `configuration`. */
  readonly source?: string;
  /** Who is told of every event. Default: the log on standard error, as `config.log` has it. */
  readonly observers?: readonly Observer[];
  /** Where signals come from. Default: `run` listens to the process's own while it runs. */
  readonly signals?: SignalSource;
  /** Where the workers write to, opened. Default: `startup` opens what `config.log` says; `run` ends it. */
  readonly output?: WorkerOutput;
}

/**
 * Runs copies of a command, replaces the dead ones, and stops them in order.
 *
 * The shell around the core: it takes what happened, lets the core decide, performs that, and tells
 * the observers. It decides nothing itself.
 */
export class Multiprocess extends BaseReload {
  readonly config: Config;
  readonly #workersWanted: { readonly count: number; readonly from: string | null };
  readonly #workerOptions: WorkerOptions;
  readonly #memory = memoryCgroup();
  readonly #oomKills = oncePerTurn(() => this.#memory?.oomKills() ?? null);
  /** What the workers inherit: it is copied once, because every look at `process.env` is a call of the system. */
  readonly #inherited = inheritedEnvironment(process.env);
  readonly #ownOutput: WorkerOutput | null;
  readonly #observers: Observers;
  readonly #signals: SignalSource | undefined;
  readonly #inbox = new Inbox<Input | (() => Input)>();
  readonly #processes: (WorkerProcess | null)[] = [];
  #state: State = initialState;
  #checkedAt: Seconds = -Infinity;
  #adoption: Promise<() => void> | undefined;
  #keptAlive: (() => void) | undefined;

  /**
   * @param config - as a configuration file has it; missing keys get their defaults
   * @throws ConfigError with every problem
   */
  constructor(config: UserConfig, options: MultiprocessOptions = {}) {
    const { source = 'configuration' } = options;
    const complete = completeConfig(config, source);
    super(complete.reloadDelay);
    this.config = complete;
    this.#workersWanted = countWorkers(complete);
    const output = options.output ?? new WorkerOutput(complete.log, source);
    this.#ownOutput = options.output === undefined ? output : null;
    this.#workerOptions = workerOptionsOf(complete, source, output);
    this.#observers = new Observers(
      options.observers ?? [logObserver(createLog(complete.log, output.logOn(process.stderr)))],
    );
    this.#signals = options.signals;
    this.shouldExit.onSet(() => {
      this.#inbox.put({ type: 'stop', cause: { type: 'request' } });
    });
  }

  /** How many workers are wanted. */
  get workers(): number {
    return this.#workersWanted.count;
  }

  /** The workers' processes that are alive, in index order. */
  get processes(): readonly WorkerProcess[] {
    return this.#processes.filter((worker) => worker?.isAlive() === true) as WorkerProcess[];
  }

  /** What a container's exit status says of the run: 0 unless the supervisor had to give up. */
  get exitStatus(): number {
    const { phase } = this.#state;
    return phase.name === 'stopping' || phase.name === 'stopped' ? phase.exitStatus : 0;
  }

  /** How everything stands, worker by worker. */
  status(): Status {
    return statusOf(this.#state, now(), this.config);
  }

  /** Runs until a stop is asked for by a signal or `shouldExit.set()`, and every worker is gone. */
  override async run(): Promise<void> {
    const signals = Object.keys(this.config.signals) as NodeJS.Signals[];
    const undo = [
      (this.#signals ?? new SignalSource()).subscribe(signals, (signal) => {
        this.#inbox.put({ type: 'signal', signal });
      }),
      killOnExit(() => this.#pids()),
    ];
    if (mayAdopt(this.config.subreaper)) trackChildren();
    try {
      await super.run();
    } finally {
      // nobody is left after an orderly end; an overridden method that throws leaves all of them
      killGroups(this.#pids());
      this.#observers.tell();
      (await this.#adoption)?.();
      await this.#ownOutput?.end();
      this.#keptAlive?.();
      for (const takeAway of undo.reverse()) takeAway();
    }
  }

  /** Stops in order because of a failure that is not a worker's, and makes `exitStatus` 1. */
  giveUp(message: string): void {
    this.#inbox.put({ type: 'stop', cause: { type: 'failure', message, exitStatus: 1 } });
  }

  override async startup(): Promise<void> {
    await this.#ownOutput?.open();
    const { count, from } = this.#workersWanted;
    const oomKills = this.#oomKills();
    this.#take({ type: 'start', workers: count, workersFrom: from, pid: this.pid, oomKills });
    for (const message of memoryNotices(this.config.oomScoreAdj, this.#memory)) {
      this.#take({ type: 'notice', message });
    }
    // PID 1 adopts in any case; a subreaper has to be one before its first orphan
    if (this.pid !== 1) await (this.#adoption = this.#adopt());
    this.#takeSlice();
    if (this.#sweep()) return;
    this.#observers.tell();
    // no further pass, which is due already where the first workers have ended
    do this.restart();
    while (this.#isPassOpen() && !(await this.wait()) && this.#isPassOpen());
    this.#observers.tell();
    // after the workers and beside the loop, because it takes time; what has died meanwhile is found
    if (this.pid === 1) this.#adoption = this.#adopt();
  }

  override shouldRestart(): boolean {
    return isPassDue(this.#state, now(), this.config);
  }

  override restart(): void {
    this.#take({ type: 'tick' });
    // what came of a spawn, before anybody reads what the worker writes; whatever is due next was not declined
    this.#takeSlice();
    this.#checkedAt = NaN;
  }

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
    const deadline = nextDeadline(this.#state, this.config);
    if (deadline === null) return null;
    return deadline <= this.#checkedAt && !isStopping(this.#state)
      ? this.reloadDelay
      : deadline - now();
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
    this.#checkedAt = now();
    if (isStopping(this.#state)) this.shouldExit.set();
    return this.shouldExit.isSet();
  }

  #take(input: Input): void {
    const { state, effects, events } = step(this.#state, input, now(), this.config);
    this.#state = state;
    const scan = new GroupScan();
    for (const effect of effects) this.#perform(effect, scan);
    this.#observers.keep(events);
  }

  #adopt(): Promise<() => void> {
    return adopt(this.config.subreaper, {
      reaped: (count) => {
        this.#inbox.put({ type: 'orphans-reaped', count });
      },
      notice: (message) => {
        this.#inbox.put({ type: 'notice', message });
      },
    });
  }

  #perform(effect: Effect, scan: GroupScan): void {
    switch (effect.type) {
      case 'check-group': {
        const { worker, start, pid } = effect;
        const alive = scan.hasLiveMembers(pid);
        this.#inbox.put({ type: 'group-checked', worker, start, alive });
        break;
      }
      case 'spawn':
        this.#spawn(effect);
        break;
      case 'kill':
        this.#kill(effect);
        break;
    }
  }

  #spawn({ worker, start, count }: Effect & { type: 'spawn' }): void {
    const identity = { index: worker, count, starts: start };
    const command = commandOf(this.config, this.#inherited, identity);
    this.#processes[worker] = WorkerProcess.start(worker, command, this.#workerOptions, {
      spawned: (pid) => {
        this.#inbox.put({ type: 'spawned', worker, start, pid });
      },
      failed: (failure) => {
        this.#inbox.put({ type: 'spawn-failed', worker, start, failure, random: Math.random() });
      },
      exited: (pid, exitCode, signal) => {
        this.#inbox.put(() => {
          const groupAlive = hasMembers(pid);
          const oomKills = canBeOomKill(exitCode) ? this.#oomKills() : null;
          const how = { exitCode, signal, groupAlive, oomKills, random: Math.random() };
          return { type: 'exited', worker, start, ...how };
        });
      },
    });
  }

  #kill({ worker, pid, signal, target }: Effect & { type: 'kill' }): void {
    const addressee = this.#processes[worker];
    if (addressee?.pid !== pid) return;
    try {
      addressee.kill(signal, target);
    } catch (error) {
      const { message } = error as Error;
      this.#inbox.put({ type: 'kill-failed', worker, pid, signal, message });
    }
  }

  /** The process groups that are to be killed if this process ends. */
  #pids(): readonly number[] {
    // one that was spawned in this turn is not in the state yet; a group without its leader is there alone
    const groups = this.#state.slots.flatMap(({ state }) => ('pid' in state ? [state.pid] : []));
    return [...groups, ...this.processes.map((worker) => worker.pid)];
  }
}
