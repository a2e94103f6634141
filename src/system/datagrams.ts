import { closeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';

import { loadKoffi } from './koffi.ts';

/** Unix datagram sockets, which Node has none of. */
export interface Datagrams {
  /**
   * Opens a socket that no child inherits, on an address of the abstract namespace (unix(7)).
   *
   * @throws an error with the system's code, such as EMFILE
   */
  open(address: string): DatagramSocket;
}

export interface DatagramSocket {
  /** One datagram, without waiting; null if there is none. */
  receive(): Datagram | null;
  /** Is called in a turn of the event loop of its own, again and again while there is something to receive. */
  onReadable(listener: () => void): void;
  close(): void;
}

interface Datagram {
  /** What is longer than 4096 bytes is cut off. */
  readonly data: Buffer;
  /** The sender as this process sees it; 0 where it is of another PID namespace. */
  readonly pid: number;
}

// from the headers of Linux, the same on every architecture that koffi is built for
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o200_0000;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const MSG_DONTWAIT = 0x40;
/** Bytes of a datagram; those of sd_notify(3) are shorter. */
const LONGEST = 4096;

/**
 * Binds what is needed of the C library by koffi.
 *
 * @throws if koffi cannot be had on this platform
 */
export async function bindDatagrams(): Promise<Datagrams> {
  const koffi = await loadKoffi();
  const library = koffi.load(null);
  const vector = koffi.struct({ base: 'uint8_t *', length: 'size_t' });
  const message = koffi.struct({
    name: 'void *',
    nameLength: 'unsigned int',
    vectors: koffi.pointer(vector),
    vectorsLength: 'size_t',
    control: 'uint8_t *',
    controlLength: 'size_t',
    flags: 'int',
  });
  const messagePointer = koffi.inout(koffi.pointer(message));
  const calls: Calls = {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, uint8_t *, unsigned int)'),
    setsockopt: library.func('int setsockopt(int, int, int, uint8_t *, unsigned int)'),
    recvmsg: library.func('recvmsg', 'long', ['int', messagePointer, 'int']),
    poll: (descriptor, listener) => koffi.node.poll(descriptor, READABLE, listener),
    errno: () => koffi.errno(),
  };
  const receive = receiverOf(calls, koffi.sizeof('size_t'));
  return { open: (address) => openSocket(calls, receive, address) };
}

function openSocket(calls: Calls, receive: Receive, address: string): DatagramSocket {
  const check = (call: string, result: number): number => {
    if (result >= 0) return result;
    const code = getSystemErrorName(-calls.errno());
    throw Object.assign(new Error(`${call}: ${code}`), { code, syscall: call });
  };
  const name = Buffer.from(`${String.fromCharCode(AF_UNIX)}\0\0${address}`, 'latin1');
  const type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  const descriptor = check('socket', calls.socket(AF_UNIX, type, 0));
  try {
    check('setsockopt', calls.setsockopt(descriptor, SOL_SOCKET, SO_PASSCRED, ONE, ONE.length));
    check('bind', calls.bind(descriptor, name, name.length));
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
  let poll: PollHandle | undefined;
  return {
    receive: () => receive(descriptor),
    onReadable: (listener) => {
      poll = calls.poll(descriptor, listener);
    },
    close: () => {
      poll?.close();
      closeSync(descriptor);
    },
  };
}

type Receive = (descriptor: number) => Datagram | null;

/** @param word - bytes of a size_t */
function receiverOf({ recvmsg }: Calls, word: number): Receive {
  const data = Buffer.alloc(LONGEST);
  // struct cmsghdr, then struct ucred, which begins with the pid. There is no room for descriptors: the kernel closes
  // those that somebody sends
  const pidOffset = word + 8;
  const control = Buffer.alloc(pidOffset + 16);
  const vectors = [{ base: data, length: LONGEST }];
  const empty = { name: null, nameLength: 0, vectors, vectorsLength: 1, control, flags: 0 };
  return (descriptor) => {
    control.fill(0);
    const length = recvmsg(descriptor, { ...empty, controlLength: control.length }, MSG_DONTWAIT);
    if (length < 0) return null;
    return { data: Buffer.from(data.subarray(0, length)), pid: control.readInt32LE(pidOffset) };
  };
}

const READABLE = { readable: true, writable: false, disconnect: false };

/** An int that is 1. */
const ONE = Buffer.from(Int32Array.of(1).buffer);

interface PollHandle {
  close(): void;
}

interface Calls {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (descriptor: number, address: Buffer, length: number) => number;
  readonly setsockopt: (
    descriptor: number,
    level: number,
    name: number,
    value: Buffer,
    size: number,
  ) => number;
  readonly recvmsg: (descriptor: number, message: object, flags: number) => number;
  readonly poll: (descriptor: number, listener: () => void) => PollHandle;
  readonly errno: () => number;
}
