import fc from 'fast-check';

import { damagedBytes } from './bytes.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT', 'PATCH'];
const MORE_METHODS = ['PRI', 'QUERY', 'M-SEARCH', 'get', '', 'G ET', 'X'.repeat(9000), 'GET\0'];
const TARGETS = [
  '/',
  '/livez',
  '/healthz',
  '/readyz',
  '/metrics',
  '/status',
  '*',
  '',
  '//',
  '/%zz',
];
const MORE_TARGETS = [
  'http://a/livez',
  'http://',
  'https://[::1/metrics',
  'a:1',
  '/../../etc/passwd',
  '/metrics?a=b#c',
  '/\ud800',
  '/\xff',
  `/${'x'.repeat(20_000)}`,
];
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.1 ',
  'http/1.1',
  'HTTP/9.9',
  '',
];
const HEADERS = [
  'Host: localhost',
  'Host: localhost',
  'Host: localhost',
  'Host:',
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Upgrade: websocket',
  'Upgrade: h2c',
  'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
  'Expect: 100-continue',
  'Expect: the unexpected',
  'Accept: application/openmetrics-text',
  'Accept: ;;q=,,;=;q=NaN',
  'X-Prometheus-Scrape-Timeout-Seconds: -1e999',
  'X-Prometheus-Scrape-Timeout-Seconds: 1e-300',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: -1',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 99999999999999999999',
  'Content-Length : 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding:\tchunked',
  'Transfer-Encoding : chunked',
  ' folded',
  ': none',
  'none',
  'A: \0',
  'A: \x7f\xff',
  `A: ${'x'.repeat(20_000)}`,
  'A: b\r\n'.repeat(3000),
];
const BODIES = [
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n',
  '5;a=b\r\nhello\r\n',
  'ffffffffffffffff\r\nhello',
  'ffffffffffffffffff\r\n',
  '-1\r\n',
  '0x5\r\nhello\r\n',
  '5\nhello\n0\n\n',
  '0\r\n\r\nGET /status HTTP/1.1\r\nHost: a\r\n\r\n',
  'x'.repeat(100_000),
];

const request = fc
  .tuple(
    fc.constantFrom('GET', 'GET', 'GET', ...METHODS, ...MORE_METHODS),
    fc.constantFrom(...TARGETS, ...MORE_TARGETS),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', ...VERSIONS),
    fc.array(fc.constantFrom(...HEADERS), { maxLength: 4 }),
    fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r'),
    fc.constantFrom('', '', ...BODIES),
  )
  .map(([method, target, version, headers, end, body]) => {
    const head = [`${method} ${target} ${version}`, ...headers, '', ''].join(end);
    return Buffer.from(`${head}${body}`, 'latin1');
  });

const OTHERS = [
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
  '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
  '\r\n\r\n\r\n',
  'GET /metrics\r\n',
  'SSH-2.0-OpenSSH_9.2\r\n',
];

/** One request, several at once, damaged ones, and what is none. */
export const requests: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: request },
  { weight: 2, arbitrary: fc.array(request, { maxLength: 5 }).map((all) => Buffer.concat(all)) },
  { weight: 2, arbitrary: damagedBytes(request) },
  { weight: 1, arbitrary: fc.constantFrom(...OTHERS).map((text) => Buffer.from(text, 'latin1')) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
);
