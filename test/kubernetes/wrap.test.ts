// The examples that wrap an image, run as they stand: configuration, commands, user, volumes, ports, sysctls.
import { test } from '@jest/globals';

import { example } from '../helpers/manifests.ts';
import { expectGracefulStop, WRAPPED } from '../helpers/wrapped.ts';

test.each(['nginx', 'httpd'] as const)(
  '%s: the image’s STOPSIGNAL lets a request in flight finish, and ends it with status 0',
  async (name) => {
    await expectGracefulStop(example(`wrap-${name}.yaml`), WRAPPED[name]);
  },
  60_000,
);
