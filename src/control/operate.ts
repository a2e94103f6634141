import { statusTable } from './status-table.ts';
import { NobodyThere, request } from './client.ts';
import type { Answer, Request } from './protocol.ts';

/** The exit status where the supervisor has refused or aborted it, or may not be asked. */
const REFUSED = 1;

/** The exit status where no supervisor answers. */
const NOBODY_THERE = 3;

/**
 * Asks the supervisor, and prints what it says: on standard output what is done, on standard error what is
 * not.
 *
 * @param json - whether a status is printed as JSON
 * @returns the exit status
 */
export async function operate(path: string, asked: Request, json: boolean): Promise<number> {
  let answer: Answer;
  try {
    ({ answer } = await request(path, asked));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return error instanceof NobodyThere ? NOBODY_THERE : REFUSED;
  }
  if ('status' in answer) {
    const { status } = answer;
    process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : statusTable(status));
    return 0;
  }
  const isDone = answer.outcome === 'done';
  (isDone ? process.stdout : process.stderr).write(`${answer.message}\n`);
  return isDone ? 0 : REFUSED;
}
