export { BaseReload } from './base-reload.ts';
export type { Awaitable } from './base-reload.ts';
export type { Action, Config, Probe, Signal, UserConfig, UserProbe } from './config/generated.ts';
export { ConfigError } from './config/problem.ts';
export type { Problem } from './config/problem.ts';
export type { Event, EventType, RecycleCause, Restart, UnhealthyCause } from './core/event.ts';
export type { ProbeName, ProbeResult } from './core/health.ts';
export type { SpawnFailure } from './core/input.ts';
export type { Operation, OperationResult } from './core/operation.ts';
export type {
  Exit,
  ExitReason,
  KillCause,
  RestartCounts,
  RestartReason,
  Seconds,
  StopCause,
} from './core/state.ts';
export type { Status, SupervisorStateName, WorkerStateName, WorkerStatus } from './core/status.ts';
export { ExitEvent } from './loop/exit-event.ts';
export { Multiprocess } from './multiprocess.ts';
export type { MultiprocessOptions } from './multiprocess-options.ts';
export type { Observer } from './observers.ts';
export type { WorkerProcess } from './workers/worker.ts';
