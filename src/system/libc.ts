import { getSystemErrorName } from 'node:util';

import { loadKoffi } from './koffi.ts';

/** What is needed of the C library; Node has none of it. */
export interface Libc {
  /** The pid of a child that is dead and not reaped, without reaping it; 0 if there is none. */
  peekDeadChild(): number;
  /** Reaps one dead child; false if it was not there any more. */
  reap(pid: number): boolean;
  /**
   * Writes to a socket without waiting (send(2) with MSG_DONTWAIT), however the descriptor is set.
   *
   * @returns how many bytes, or the negative error number
   */
  sendNow(descriptor: number, data: Buffer): number;
  /** Makes this process adopt its orphaned descendants (prctl(2)); false if the kernel refuses. */
  becomeSubreaper(): boolean;
  /**
   * Makes a pipe (pipe2(2)) that no child inherits by itself; both ends block.
   *
   * @throws an error with the system's code, such as EMFILE
   */
  openPipe(): Pipe;
  /** How many bytes are in the pipe that this is the reading end of (FIONREAD). */
  unreadBytes(descriptor: number): number;
}

/** The descriptors of a pipe. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
}

// from the headers of Linux, the same on every architecture that koffi is built for
const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const PR_SET_CHILD_SUBREAPER = 36;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const O_CLOEXEC = 0o200_0000;
const FIONREAD = 0x541b;
/** Of an int. */
const INT_SIZE = 4;
/** Of siginfo_t: three integers and, on 64 bits, their padding stand before si_pid. */
const SIGINFO_SIZE = 128;
const SI_PID_OFFSET = 16;

/**
 * Binds the C library by koffi.
 *
 * @throws if koffi cannot be had on this platform
 */
export async function bindLibc(): Promise<Libc> {
  const koffi = await loadKoffi();
  const library = koffi.load(null);
  const waitid = library.func('int waitid(int, int, uint8_t *, int)') as WaitId;
  const waitpid = library.func('int waitpid(int, int *, int)') as WaitPid;
  const prctl = library.func(
    'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
  ) as Prctl;
  const send = library.func('long send(int, uint8_t *, unsigned long, int)') as Send;
  const pipe2 = library.func('int pipe2(uint8_t *, int)') as Pipe2;
  const ioctl = library.func('int ioctl(int, unsigned long, uint8_t *)') as Ioctl;
  const info = Buffer.alloc(SIGINFO_SIZE);
  const integers = Buffer.alloc(2 * INT_SIZE);
  return {
    peekDeadChild: () => {
      info.fill(0);
      const failed = waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT) !== 0;
      return failed ? 0 : info.readInt32LE(SI_PID_OFFSET);
    },
    reap: (pid) => waitpid(pid, null, WNOHANG) === pid,
    sendNow: (descriptor, data) => {
      const sent = send(descriptor, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL);
      return sent >= 0 ? sent : -koffi.errno();
    },
    becomeSubreaper: () => prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) === 0,
    openPipe: () => {
      if (pipe2(integers, O_CLOEXEC) !== 0) throw systemError('pipe2', koffi.errno());
      return { readEnd: integers.readInt32LE(0), writeEnd: integers.readInt32LE(INT_SIZE) };
    },
    unreadBytes: (descriptor) => {
      if (ioctl(descriptor, FIONREAD, integers) !== 0) throw systemError('ioctl', koffi.errno());
      return integers.readInt32LE(0);
    },
  };
}

function systemError(call: string, number: number): Error {
  const code = getSystemErrorName(-number);
  return Object.assign(new Error(`${call}: ${code}`), { code, syscall: call });
}

type WaitId = (idType: number, id: number, info: Buffer, options: number) => number;
type WaitPid = (pid: number, status: null, options: number) => number;
type Send = (descriptor: number, data: Buffer, length: number, flags: number) => number;
type Pipe2 = (ends: Buffer, flags: number) => number;
type Ioctl = (descriptor: number, request: number, argument: Buffer) => number;
type Prctl = (option: number, ...args: [number, number, number, number]) => number;
