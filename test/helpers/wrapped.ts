import { expect } from '@jest/globals';

import { eventually } from './eventually.ts';
import type { Manifest } from './manifests.ts';
import type { Pid1 } from './pid-namespace.ts';
import { inNetworkOf, Pod } from './pod.ts';
import type { Image } from './pod.ts';
import type { Program } from './program.ts';

/** An image, the port of its server, and the STOPSIGNAL that it has. */
export interface Wrapped {
  readonly image: Image;
  readonly port: number;
  readonly stopSignal: NodeJS.Signals;
}

/** More than the buffers between a server and a client that does not read take. */
const LARGE = 32 * 2 ** 20;

/** Stands in for nginxinc/nginx-unprivileged: this machine's nginx with the image's paths. */
const NGINX: Wrapped = {
  port: 8080,
  stopSignal: 'SIGQUIT',
  image: {
    '/docker-entrypoint.sh': '#!/bin/sh\nexec "$@"\n',
    '/usr/share/nginx/html/large': 'x'.repeat(LARGE),
    '/etc/nginx/nginx.conf': `
    pid /tmp/nginx.pid;
    error_log /tmp/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path /tmp/client;
      proxy_temp_path /tmp/proxy;
      fastcgi_temp_path /tmp/fastcgi;
      uwsgi_temp_path /tmp/uwsgi;
      scgi_temp_path /tmp/scgi;
      server { listen 8080; root /usr/share/nginx/html; }
    }`,
  },
};

/** Stands in for httpd. */
const HTTPD: Wrapped = {
  port: 80,
  stopSignal: 'SIGWINCH',
  image: {
    '/usr/local/bin/httpd-foreground':
      '#!/bin/sh\nexec apache2 -D FOREGROUND -f /usr/local/apache2/conf/httpd.conf\n',
    '/usr/local/apache2/htdocs/large': 'x'.repeat(LARGE),
    '/usr/local/apache2/conf/httpd.conf': `
    ServerRoot /usr/local/apache2
    ServerName localhost
    Listen 80
    PidFile logs/httpd.pid
    ErrorLog logs/error_log
    LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
    LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
    DocumentRoot /usr/local/apache2/htdocs`,
  },
};

/** What the tests wrap. */
export const WRAPPED = { nginx: NGINX, httpd: HTTPD } as const;

/** Asks for the large file, reads its first bytes, and the rest when it gets a line on standard input. */
const download = (port: number): string => `
  const ask = () => require('node:http').get('http://127.0.0.1:${port}/large', (response) => {
    let bytes = 0;
    response.once('readable', () => console.log('begun', response.statusCode));
    process.stdin.once('data', () => {
      response.on('data', (chunk) => (bytes += chunk.length));
      response.on('close', () => { console.log('bytes', bytes); process.exit(); });
    });
  }).on('error', ({ code }) => code === 'ECONNREFUSED' ? setTimeout(ask, 50) : console.log(code));
  ask();`;

async function printed(program: Program, text: string): Promise<void> {
  await eventually(() => {
    expect(program.stdout + program.stderr).toContain(text);
  });
}

/** The end of a request at that port, by its error or its status. */
async function ask(supervisor: Pid1, port: number, path: string): Promise<string> {
  const script = `fetch('http://127.0.0.1:${port}${path}').then(
    async (response) => console.log(response.status, await response.text()),
    ({ cause }) => console.log(cause.code));`;
  const program = inNetworkOf(supervisor, script);
  await program.ended;
  return program.stdout;
}

/**
 * Runs the pod that wraps this image, and sends its supervisor the image's STOPSIGNAL while a response is on
 * its way: nobody new gets in, the response is whole, and everything ends with status 0.
 */
export async function expectGracefulStop(
  objects: readonly Manifest[],
  { image, port, stopSignal }: Wrapped,
): Promise<void> {
  const pod = new Pod(objects);
  pod.initialise();
  const supervisor = pod.start(image);
  await supervisor.logged(/^Started child process/);
  const client = inNetworkOf(supervisor, download(port));
  await printed(client, 'begun 200');
  expect(await ask(supervisor, 9464, '/livez')).toMatch(/^200/);
  expect(await ask(supervisor, 9464, '/readyz')).toMatch(/^200/);

  supervisor.kill(stopSignal);
  await supervisor.logged(/^Stopping child process/);
  await eventually(async () => {
    expect(await ask(supervisor, port, '/large')).toBe('ECONNREFUSED\n');
  });
  expect(supervisor.linesLike(/exited with/)).toEqual([]);
  client.child.stdin?.write('go on\n');
  await printed(client, `bytes ${LARGE}`);

  expect(await supervisor.ended).toEqual({ code: 0, signal: null });
  expect(supervisor.linesLike(/exited with/)).toMatchObject([{ exitCode: 0, reason: 'stopped' }]);
  expect(supervisor.messages()).toContain('Started parent process [1]');
  expect(supervisor.linesLike(/^Killing/)).toEqual([]);
  expect(supervisor.log.filter(({ level }) => level === 'warn')).toEqual([]);
}
