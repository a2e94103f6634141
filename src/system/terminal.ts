import { fstatSync } from 'node:fs';

/** The device numbers of terminals (devices.txt of the kernel): consoles and serial lines, /dev/tty, pseudo terminals. */
const TERMINALS = [4, 5, ...Array.from({ length: 8 }, (_, place) => 136 + place), 204];

/** Whether a terminal that this process has as a standard stream has hung up: it is one no more, but its file is. */
export function terminalHungUp(): boolean {
  const { isatty } = process.getBuiltinModule('node:tty');
  return [0, 1, 2].some((descriptor) => isTerminalFile(descriptor) && !isatty(descriptor));
}

function isTerminalFile(descriptor: number): boolean {
  try {
    const { rdev } = fstatSync(descriptor);
    // as major(3) of glibc reads it
    return TERMINALS.includes((rdev >> 8) & 0xfff);
  } catch {
    return false;
  }
}
