// The examples that wrap an image, run as they stand: configuration, commands, user, volumes, ports, sysctls.
import { test } from '@jest/globals';

import { example } from '../helpers/manifests.ts';
import { expectGracefulStop, HTTPD, NGINX } from '../helpers/wrapped.ts';

test.each([
  { file: 'wrap-nginx.yaml', ...NGINX },
  { file: 'wrap-httpd.yaml', ...HTTPD },
])(
  '$file: $stopSignal lets a request in flight finish, and ends it with status 0',
  async ({ file, ...wrapped }) => {
    await expectGracefulStop(example(file), wrapped);
  },
  60_000,
);
