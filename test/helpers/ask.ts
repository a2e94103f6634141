import { request } from '../../src/control/client.ts';
import type { Answer, Request } from '../../src/control/protocol.ts';

/** Asks a supervisor, by its control socket, and leaves no connection behind. */
export async function ask(path: string, asked: Request): Promise<Answer> {
  const { answer, connection } = await request(path, asked);
  connection.destroy();
  return answer;
}
