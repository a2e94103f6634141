import { readdirSync, readFileSync } from 'node:fs';

/** What /proc says of a process. */
export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** R, S, Z and so on. */
  readonly state: string;
}

/** Every process of this machine. */
export function processes(): readonly ProcessInfo[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processInfo(Number(name)) ?? []);
}

/** Null where there is no such process. */
export function processInfo(pid: number): ProcessInfo | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), group: Number(group), state };
  } catch {
    return null;
  }
}

/** Whether the process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  const info = processInfo(pid);
  return info !== null && info.state !== 'Z';
}

/** The children of a process that are alive. */
export function childrenOf(pid: number): readonly number[] {
  return processes()
    .filter(({ parent, state }) => parent === pid && state !== 'Z')
    .map((child) => child.pid);
}

/** The variables with which a process was started. */
export function environmentOf(pid: number): Readonly<Record<string, string>> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]),
  );
}

/** The processes, zombies aside, that were started with this variable. */
export function processesWith(variable: string, value: string): readonly number[] {
  return processes()
    .filter(({ pid, state }) => state !== 'Z' && tryEnvironmentOf(pid)[variable] === value)
    .map(({ pid }) => pid);
}

function tryEnvironmentOf(pid: number): Readonly<Record<string, string>> {
  try {
    return environmentOf(pid);
  } catch {
    return {};
  }
}

/** Whether a process has a handler for a signal, by its number. */
export function catches(pid: number, signal: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, mask = '0'] = /^SigCgt:\s*(\w+)/m.exec(status) ?? [];
  return (BigInt(`0x${mask}`) & (1n << BigInt(signal - 1))) !== 0n;
}

/** The command line of a process, with spaces between its arguments. */
export function commandLineOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
}
