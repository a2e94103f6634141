/** What a worker has told of itself; what it has not told of is absent. */
export interface Notification {
  /** READY=1, or a line on its descriptor (true); STOPPING=1 (false). */
  readonly ready?: boolean;
  /** WATCHDOG=1 (ping), WATCHDOG=trigger. */
  readonly watchdog?: 'ping' | 'trigger';
  /** STATUS=, as one line. */
  readonly status?: string;
}

/** Characters of a status; the rest is cut off. */
const LONGEST_STATUS = 256;

/**
 * One datagram of systemd's protocol (sd_notify(3)): assignments, one a line. Others than these are for a service
 * manager that keeps descriptors or follows another main process, and change nothing here.
 */
export function parseNotification(datagram: string): Notification {
  return Object.assign({}, ...datagram.split('\n').map(parseAssignment)) as Notification;
}

function parseAssignment(line: string): Notification {
  switch (line) {
    case 'READY=1':
      return { ready: true };
    case 'STOPPING=1':
      return { ready: false };
    case 'WATCHDOG=1':
      return { watchdog: 'ping' };
    case 'WATCHDOG=trigger':
      return { watchdog: 'trigger' };
    default:
      return line.startsWith('STATUS=') ? { status: statusOf(line.slice('STATUS='.length)) } : {};
  }
}

function statusOf(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, LONGEST_STATUS);
}
