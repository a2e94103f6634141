// A client that keeps its connection, as Prometheus does.
import { Agent, get } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

/** The port that a supervisor's log names; null where it has none. */
export function portOf(run) {
  const port = /"port":(\d+)/.exec(run.log())?.[1];
  return port === undefined ? null : Number(port);
}

export function request(port, path) {
  return new Promise((resolve, reject) => {
    get({ agent, host: '127.0.0.1', port, path }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => (body += text));
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
