import type { Probe } from '../config/generated.ts';
import { expand } from '../core/command.ts';
import type { Environment } from '../core/command.ts';
import { portOf } from '../core/port.ts';

/** Where a probe connects to. */
export interface Address {
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

export interface ExecAction {
  readonly type: 'exec';
  /** The program and its arguments. */
  readonly command: readonly string[];
}

export interface HttpGetAction extends Address {
  readonly type: 'httpGet';
  readonly scheme: 'HTTP' | 'HTTPS';
  /** It starts with "/"; a query may follow. */
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

interface TcpSocketAction extends Address {
  readonly type: 'tcpSocket';
}

/** What a probe does for one process, without a reference in it. */
export type ProbeAction = ExecAction | HttpGetAction | TcpSocketAction;

/** What the configuration comes to for this process cannot be done. */
export interface Impossible {
  readonly type: 'impossible';
  /** Names the option, what was found and the remedy. */
  readonly message: string;
}

/** @param env - the worker's own, from which `$(NAME)` is expanded */
export function probeActionOf(probe: Probe, env: Environment): ProbeAction | Impossible {
  const { exec, httpGet, tcpSocket } = probe;
  if (exec !== undefined) {
    return { type: 'exec', command: exec.command.map((text) => expand(text, env)) };
  }
  if (httpGet !== undefined) return httpGetOf(httpGet, env);
  if (tcpSocket !== undefined) {
    const address = addressOf('tcpSocket', tcpSocket, env);
    return 'message' in address ? address : { type: 'tcpSocket', ...address };
  }
  return impossible('expected one of exec, httpGet and tcpSocket, found none');
}

function httpGetOf(
  httpGet: NonNullable<Probe['httpGet']>,
  env: Environment,
): HttpGetAction | Impossible {
  const address = addressOf('httpGet', httpGet, env);
  if ('message' in address) return address;
  const { scheme, httpHeaders } = httpGet;
  const path = expand(httpGet.path, env);
  return {
    type: 'httpGet',
    ...address,
    scheme,
    path: path.startsWith('/') ? path : `/${path}`,
    headers: httpHeaders.map(({ name, value }) => ({ name, value: expand(value, env) })),
  };
}

function addressOf(
  option: 'httpGet' | 'tcpSocket',
  given: { readonly host: string; readonly port: number | string },
  env: Environment,
): Address | Impossible {
  const host = expand(given.host, env);
  if (!/^[^\s/]+$/.test(host)) {
    return mismatch(`${option}.host`, 'a host name or an address', given.host, host);
  }
  const text = expand(String(given.port), env);
  const port = portOf(text);
  if (port === null) return mismatch(`${option}.port`, 'a port (1…65535)', given.port, text);
  return { host, port };
}

function mismatch(
  option: string,
  expected: string,
  written: number | string,
  found: string,
): Impossible {
  const source = found === written ? 'which names no variable of the worker' : `from "${written}"`;
  return impossible(
    `${option}: expected ${expected}, found "${found}", ${source}; set the variable in env, or PORT by portBase`,
  );
}

function impossible(message: string): Impossible {
  return { type: 'impossible', message };
}
