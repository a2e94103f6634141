import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

import { expect } from '@jest/globals';

import { ask } from '../helpers/ask.ts';
import type { Answer, Request } from '../../src/control/protocol.ts';
import type { StatusDocument } from '../../src/observe/status.ts';
import { Operated } from '../helpers/config-file.ts';
import { eventually } from '../helpers/eventually.ts';
import { environmentOf, isRunning, processesWith, processInfo } from '../helpers/processes.ts';
import type { LogLine } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { containerCode } from './reference.ts';
import type { Expected, Prospect, Reference } from './reference.ts';
import type { Batch, Setup, Stimulus } from './stimuli.ts';

const MARK = 'MODEL';

/** Ends with the code that its file has, says what is forwarded, and has a child in its group. */
const WORKER = `
trap 'read code < "$FATES/$$"; exit "$code"' USR1
trap 'echo "forwarded $$"' WINCH
sleep 1000 &
echo "ready $$"
while :; do wait; done`;

/** Seconds. */
const GRACE = 1;
const BUDGET = 2.5;

const TO_WORKER = { exit: 'SIGUSR1', halt: 'SIGSTOP' } as const;

const NOTHING = { fate: null, asked: [], halted: false, runs: false } as const;

/** The real one, its workers, and what was told of them. */
export class System {
  readonly supervisor: Operated;
  readonly #mark = randomUUID();
  readonly #fates = workspace();
  readonly #socket: string;
  readonly #reference: Reference;
  /** What each process that has ended by now was allowed to end of. */
  readonly #ends = new Map<number, Expected>();
  readonly #halted = new Set<number>();
  readonly #answers: Promise<unknown>[] = [];
  #isStalled = false;
  /** By index: who ran at the last settled point. */
  #pids: ReadonlyMap<number, number> = new Map();
  /** By pid: how often it has said that a signal came. */
  #forwarded: ReadonlyMap<number, number> = new Map();

  constructor(setup: Setup, reference: Reference) {
    this.#reference = reference;
    this.#socket = join(workspace(), 'control.sock');
    this.supervisor = new Operated({
      workers: setup.workers,
      // `$$` is an escaped `$` there
      command: ['sh', '-c', WORKER.replaceAll('$', '$$$$')],
      env: this.#environment(0),
      reloadDelay: 0.02,
      restart: {
        policy: setup.policy,
        successExitCodes: setup.successExitCodes,
        fatalExitCodes: setup.fatalExitCodes,
        ...(setup.backoff ? { backoff: { initialSeconds: 0.01, maxSeconds: 0.05 } } : {}),
        ...(setup.limit === null ? {} : { limit: { restarts: setup.limit, withinSeconds: 3600 } }),
      },
      stop: {
        order: setup.order,
        killMode: setup.killMode,
        gracePeriodSeconds: GRACE,
        timeoutSeconds: BUDGET,
      },
      rollout: { maxUnavailable: 1, maxSurge: setup.maxSurge },
      control: { socket: this.#socket },
    });
  }

  /** Waits until it runs as it was started. */
  async start(): Promise<void> {
    await this.supervisor.url();
    const slots = this.#reference.running.map((index) => ({ ...NOTHING, index, runs: true }));
    await this.settle({ slots, statuses: null, rolls: false, forwards: false });
  }

  /** Lets all of it happen, and waits for nothing. */
  apply(batch: Batch): void {
    for (const each of batch) this.#apply(each);
  }

  /** Waits until there is what is to be expected, and checks whatever was told until then. */
  async settle(prospect: Prospect): Promise<void> {
    this.#resume();
    this.#foretell(prospect);
    const answers = await Promise.allSettled(this.#answers.splice(0));
    if (prospect.statuses === null) await eventually(() => this.#expectRunning(prospect));
    else await this.#expectEnd(prospect.statuses);
    await eventually(() => {
      this.#expectEnds(prospect);
    });
    if (prospect.statuses === null) await eventually(() => this.#expectMetrics());
    // one that has ended answers nobody
    if (prospect.statuses !== null) return;
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    this.#pids = await this.#running();
    this.#forwarded = this.#countForwarded();
  }

  /** Asks it to stop with somebody halted: never over its budget, and nothing is left. */
  async stop(signal: NodeJS.Signals, halted: number): Promise<void> {
    for (const pid of [...this.#pids.values()].slice(0, halted)) process.kill(pid, 'SIGSTOP');
    const slots = [...this.#pids.keys()].map((index) => ({
      ...NOTHING,
      index,
      asked: ['stopped'] as const,
      halted: true,
    }));
    const prospect = { slots, statuses: [0], rolls: false, forwards: false };
    this.#foretell(prospect);
    const at = Date.now();
    this.supervisor.kill(signal);
    await this.#expectEnd(prospect.statuses);
    expect(Date.now() - at).toBeLessThan((BUDGET + 5) * 1000);
    this.#expectEnds(prospect);
  }

  #apply(stimulus: Stimulus): void {
    switch (stimulus.type) {
      case 'exit':
      case 'kill':
      case 'halt':
        this.#toWorker(stimulus);
        return;
      case 'scale':
        this.#ask({ command: 'scale', workers: stimulus.workers, wait: true });
        return;
      case 'signal':
        this.supervisor.kill(stimulus.signal);
        return;
      case 'edit':
        this.#edit(stimulus);
        return;
      case 'restart': {
        const worker = stimulus.place === null ? null : this.#reference.at(stimulus.place);
        if (worker === null && this.#reference.running.length === 0) return;
        this.#ask({ command: 'restart', worker, wait: true });
        return;
      }
      case 'request':
        this.#answers.push(this.#request(stimulus.method, stimulus.path));
        return;
      case 'stall':
        this.supervisor.kill('SIGSTOP');
        this.#isStalled = true;
    }
  }

  #toWorker(stimulus: Stimulus & { type: 'exit' | 'kill' | 'halt' }): void {
    const index = this.#reference.at(stimulus.place);
    const pid = index === null ? undefined : this.#pids.get(index);
    // by an operation of this batch it may be gone already
    if (pid === undefined || processInfo(pid)?.parent !== this.supervisor.pid) return;
    if (stimulus.type === 'exit')
      writeFileSync(join(this.#fates, String(pid)), `${stimulus.code}\n`);
    if (stimulus.type === 'halt') this.#halted.add(pid);
    this.#signal(pid, stimulus.type === 'kill' ? stimulus.signal : TO_WORKER[stimulus.type]);
  }

  #edit({ edit, bySignal }: Stimulus & { type: 'edit' }): void {
    if (edit.change === 'broken') this.supervisor.write('{"workers": "many"');
    else if (edit.change === 'workers') this.supervisor.change({ workers: edit.workers });
    else if (edit.change === 'env')
      this.supervisor.change({ env: this.#environment(this.#reference.version + 1) });
    else this.supervisor.change({});
    if (bySignal) this.supervisor.kill('SIGHUP');
    else this.#ask({ command: 'reload', wait: true });
  }

  #environment(version: number): Record<string, string> {
    return { [MARK]: this.#mark, FATES: this.#fates, VERSION: String(version) };
  }

  async #request(method: string, path: string): Promise<void> {
    const { status } = await this.supervisor.get(path, { method });
    const expected = method === 'POST' ? [405, 404] : path === '/nothing' ? [404] : [200, 503];
    expect(expected).toContain(status);
  }

  #ask(asked: Request): void {
    this.#answers.push(ask(this.#socket, asked));
  }

  async #status(): Promise<StatusDocument> {
    const answer: Answer = await ask(this.#socket, { command: 'status' });
    if (!('status' in answer)) throw new Error(answer.message);
    return answer.status;
  }

  /** What those may end of who run at this moment. */
  #foretell({ slots }: Prospect): void {
    for (const slot of slots) {
      const pid = this.#pids.get(slot.index);
      if (pid !== undefined && isEnded(slot)) this.#ends.set(pid, slot);
    }
  }

  async #running(): Promise<ReadonlyMap<number, number>> {
    const { workers } = await this.#status();
    return new Map(
      workers.flatMap(({ index, pid }) => (pid === null ? [] : [[index, pid] as const])),
    );
  }

  async #expectRunning({ slots, forwards }: Prospect): Promise<void> {
    const status = await this.#status();
    const { desired, version } = this.#reference;
    const wanted = slots.filter(({ runs }) => runs);
    expect(status).toMatchObject({ state: 'running', desired, ready: wanted.length });
    const alive = status.workers.filter(({ pid }) => pid !== null);
    expect(alive.map(({ index, state }) => `${index} ${state}`)).toEqual(
      wanted.map(({ index }) => `${index} running`),
    );
    const forwarded = this.#countForwarded();
    for (const [place, slot] of wanted.entries()) {
      const pid = alive[place]?.pid ?? NaN;
      const before = this.#pids.get(slot.index);
      expect(this.supervisor.stdout).toContain(`ready ${pid}\n`);
      expect(environmentOf(pid)['VERSION']).toBe(String(version));
      if (before === undefined) continue;
      expect([slot.index, pid === before]).toEqual([slot.index, !isEnded(slot)]);
      if (isEnded(slot)) continue;
      const times = (this.#forwarded.get(pid) ?? 0) + (forwards ? 1 : 0);
      expect([slot.index, forwarded.get(pid) ?? 0]).toEqual([slot.index, times]);
    }
  }

  async #expectEnd(statuses: readonly number[]): Promise<void> {
    const { code, signal } = await this.supervisor.ended;
    if (!statuses.includes(code ?? NaN)) {
      throw new Error(
        `expected the exit status ${statuses.join(' or ')}, found ${code ?? signal}:\n${this.supervisor.stderr}`,
      );
    }
    expect(processesWith(MARK, this.#mark)).toEqual([]);
    const started = this.supervisor.linesLike(/^Started child process/).map(({ pid }) => pid);
    const ended = this.#endLines().map(({ pid }) => pid);
    expect([...ended].sort()).toEqual([...started].sort());
  }

  /** Every end that had to come was told once, as what it was, and no other. */
  #expectEnds(prospect: Prospect): void {
    const told = new Map<number, number>();
    for (const line of this.#endLines()) {
      const { pid = NaN } = line;
      told.set(pid, (told.get(pid) ?? 0) + 1);
      const end = this.#ends.get(pid) ?? passing(line, prospect);
      if (!isAllowed(line, end)) {
        throw new Error(`expected ${JSON.stringify(end)}, found ${JSON.stringify(line)}`);
      }
      this.#ends.set(pid, end);
    }
    for (const [pid] of this.#ends) {
      expect([pid, told.get(pid)]).toEqual([pid, 1]);
      expect([pid, isRunning(pid)]).toEqual([pid, false]);
    }
  }

  /** The metrics count what the log tells. */
  async #expectMetrics(): Promise<void> {
    const metrics = await this.supervisor.metrics();
    const counted = [...metrics].filter(
      ([name, value]) => /^supervisor_worker_(exits|starts)_total/.test(name) && value > 0,
    );
    const told = new Map<string, number>();
    const tell = (name: string): void => {
      told.set(name, (told.get(name) ?? 0) + 1);
    };
    for (const { worker = NaN } of this.supervisor.linesLike(/^Started child process/)) {
      tell(`supervisor_worker_starts_total{worker="${worker}"}`);
    }
    for (const { worker = NaN, exitCode, signal = '', reason } of this.#endLines()) {
      const code = containerCode({ exitCode: Number(exitCode) });
      tell(
        `supervisor_worker_exits_total{worker="${worker}",code="${code}",signal="${String(signal)}",reason="${String(reason)}"}`,
      );
    }
    expect(Object.fromEntries(counted)).toEqual(Object.fromEntries(told));
  }

  #endLines(): readonly LogLine[] {
    return this.supervisor.linesLike(/^Worker \(pid:\d+\) exited/);
  }

  #countForwarded(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const [, pid] of this.supervisor.stdout.matchAll(/^forwarded (\d+)$/gm)) {
      counts.set(Number(pid), (counts.get(Number(pid)) ?? 0) + 1);
    }
    return counts;
  }

  #resume(): void {
    if (this.#isStalled) this.supervisor.kill('SIGCONT');
    this.#isStalled = false;
    for (const pid of this.#halted) this.#signal(pid, 'SIGCONT');
    this.#halted.clear();
  }

  #signal(pid: number, signal: NodeJS.Signals): void {
    try {
      process.kill(pid, signal);
    } catch {
      // it is gone
    }
  }
}

/** A worker that nobody knew: one that was started and asked to stop again within one batch. */
function passing({ worker = NaN }: LogLine, { slots, rolls }: Prospect): Expected {
  const slot = slots.find(({ index }) => index === worker);
  const wasReplaced = slot?.fate != null;
  const asked = [...(rolls ? ['rollout' as const] : []), ...(wasReplaced ? slot.asked : [])];
  return { ...NOTHING, index: worker, asked };
}

function isEnded({ fate, asked }: Expected): boolean {
  return fate !== null || asked.length > 0;
}

/** Whether a worker may have ended as this line says. */
function isAllowed({ exitCode, reason }: LogLine, { fate, asked, halted }: Expected): boolean {
  const isFate = exitCode === fate?.exitCode;
  if (isFate && reason === fate?.reason) return true;
  const byUs = exitCode === -constants.signals.SIGTERM || isFate;
  if (byUs && asked.some((each) => each === reason)) return true;
  return (
    halted && asked.length > 0 && reason === 'killed' && exitCode === -constants.signals.SIGKILL
  );
}
