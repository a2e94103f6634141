import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';

import type { StatusDocument } from '../../src/observe/status.ts';
import { eventually } from '../helpers/eventually.ts';
import { Supervisor, worker } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';
import { open, openTab, rowsOf, textOf, visit } from './chromium.ts';

/** The columns of the table. */
const [WORKER, STATE, PID, , RESTARTS, LAST_EXIT, MEMORY, CPU] = [0, 1, 2, 3, 4, 5, 6, 7];

/** Three workers, of which the second has crashed and waits for a minute. */
async function withCrash(): Promise<Supervisor> {
  const supervisor = Supervisor.start({
    workers: 3,
    command: worker('--only=1', '--exit=7'),
    reloadDelay: 60,
  });
  await supervisor.logged(/exited/);
  return supervisor;
}

async function twoMore(page: Page): Promise<void> {
  for (let count = 0; count < 2; count += 1) {
    await page.waitForResponse((response) => response.url().endsWith('/status'));
  }
}

describe('the page', () => {
  test('shows every worker, complains of nothing and asks nobody else', async () => {
    const supervisor = Supervisor.start({ workers: 3, command: worker() });
    await supervisor.ready(3);
    const { page, record } = await visit(supervisor, 3);
    await eventually(async () => {
      const rows = await rowsOf(page);
      expect(rows.map((row) => row[WORKER])).toEqual(['0', '1', '2']);
      expect(rows.map((row) => row[STATE])).toEqual(['running', 'running', 'running']);
      expect(rows.map((row) => row[PID])).toEqual(
        [0, 1, 2].map((index) => String(supervisor.pidOf(index))),
      );
      expect(rows.map((row) => row[MEMORY]).join()).toMatch(/^(\d+\.?\d* MiB,?){3}$/);
      expect(rows.map((row) => row[CPU]).join()).toMatch(/^(\d+(\.\d)?%,?){3}$/);
    });
    expect(await page.title()).toBe('3/3 ready · container-supervisor');
    expect(await textOf(page, 'ready')).toBe('3 of 3');
    expect(await textOf(page, 'connection')).toBe('Live');
    expect(record.complaints).toEqual([]);
    const { origin } = new URL(await supervisor.url());
    const asked = record.requests.filter((url) => !url.startsWith('data:'));
    expect(new Set(asked)).toEqual(new Set([`${origin}/`, `${origin}/status`]));
  });

  test('shows a killed worker without a reload, in the same row', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker() });
    await supervisor.ready(2);
    const { page, record } = await visit(supervisor, 2);
    await page.evaluate(() => {
      Object.assign(window, { loaded: 'once' });
      document.querySelectorAll('tbody tr')[1]?.setAttribute('data-marked', '');
    });
    process.kill(supervisor.pidOf(1), 'SIGKILL');
    await supervisor.ready(3);
    await eventually(async () => {
      const [calm, killed] = await rowsOf(page);
      expect(killed?.[PID]).toBe(String(supervisor.pidOf(1)));
      expect(killed?.[RESTARTS]).toBe('1 1 signal');
      expect(killed?.[LAST_EXIT]).toMatch(/^code 137, SIGKILL (just now|\d+ s ago)$/);
      expect(calm?.[RESTARTS]).toBe('0');
      expect(await textOf(page, 'restarts')).toBe('1');
    });
    expect(await page.evaluate(() => 'loaded' in window)).toBe(true);
    expect(await page.locator('tbody tr').nth(1).getAttribute('data-marked')).toBe('');
    expect(await textOf(page, 'announcement')).toBe(
      'Worker 1 has ended (SIGKILL) and has been replaced. 2 of 2 ready.',
    );
    expect(record.complaints).toEqual([]);
  });

  test('shows a worker and its replacement side by side, and rows that come and go', async () => {
    const name = 'supervisor.config.json';
    const config = { metrics: { port: 0 }, workers: 2, command: worker(), reloadDelay: 0.05 };
    const cwd = workspace({ [name]: config });
    const supervisor = new Supervisor(cwd);
    const reload = (changes: object): void => {
      const env = { GREETING: 'hello' };
      const rollout = { maxSurge: 1, maxUnavailable: 0 };
      writeFileSync(join(cwd, name), JSON.stringify({ ...config, env, rollout, ...changes }));
      supervisor.kill('SIGHUP');
    };
    await supervisor.ready(2);
    const pids = [0, 1].map((index) => supervisor.pidOf(index));
    const { page, record } = await visit(supervisor, 2);
    await page.evaluate(() => {
      for (const row of document.querySelectorAll('tbody tr')) {
        const index = row.querySelector('th')?.textContent ?? '';
        row.setAttribute('data-marked', index);
      }
    });
    const marks = (): Promise<readonly (string | null)[]> =>
      page.evaluate(() =>
        [...document.querySelectorAll('tbody tr')].map((row) => row.getAttribute('data-marked')),
      );
    const shown = async (): Promise<readonly (readonly (string | undefined)[])[]> =>
      (await rowsOf(page)).map((row) => [row[WORKER], row[STATE], row[PID]]);
    // no replacement is ready for an hour, so that the rollout stays where it is
    reload({ minReadySeconds: 3600 });
    await eventually(async () => {
      expect(await shown()).toEqual([
        ['0', 'running being replaced', String(pids[0])],
        ['0', 'running not ready it has not lived for 3600 s yet', String(supervisor.pidOf(0))],
        ['1', 'running', String(pids[1])],
      ]);
    });
    expect(supervisor.pidOf(0)).not.toBe(pids[0]);
    expect(await marks()).toEqual([null, '0', '1']);
    expect(await page.title()).toBe('2/2 ready · container-supervisor');
    reload({ workers: 3 });
    await supervisor.logged(/^Rolling restart: finished/);
    await eventually(async () => {
      expect(await shown()).toEqual(
        [0, 1, 2].map((index) => [`${index}`, 'running', `${supervisor.pidOf(index)}`]),
      );
    });
    expect(await marks()).toEqual(['0', '1', null]);
    reload({ workers: 1 });
    await eventually(async () => {
      expect(await shown()).toEqual([['0', 'running', String(supervisor.pidOf(0))]]);
    });
    expect(record.complaints).toEqual([]);
  });

  test('counts down to the next start of a worker in backoff', async () => {
    const { page } = await visit(await withCrash(), 3);
    const left = async (): Promise<number> => {
      const state = (await rowsOf(page))[1]?.[STATE] ?? '';
      expect(state).toMatch(/^backoff next start in \d+\.\d s$/);
      return parseFloat(state.replace(/\D*/, ''));
    };
    const first = await left();
    await eventually(async () => {
      expect(await left()).toBeLessThan(first);
    });
    const [, crashed] = await rowsOf(page);
    expect(crashed?.[PID]).toBe('–');
    expect(crashed?.[LAST_EXIT]).toMatch(/^code 7 \d+ s ago$/);
    expect(await textOf(page, 'ready-detail')).toBe('1 backoff');
    expect(await page.title()).toBe('2/3 ready · container-supervisor');
  });

  test('shows what a worker says of itself as text, in one line of its cell', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker() });
    await supervisor.ready(2);
    const { page, record } = await open({ viewport: { width: 1200, height: 844 } });
    const markup = '<b>3</b> of 10 loaded & <img src="x"> ';
    await page.route('**/status', async (route) => {
      const document = JSON.parse((await supervisor.get('/status')).body) as StatusDocument;
      const [first, ...others] = document.workers;
      const told = { ...first, statusText: markup.repeat(5) };
      await route.fulfill({ json: { ...document, workers: [told, ...others] } });
    });
    await visit(supervisor, 2, { page, record });
    const told = page.locator('tbody [data-part="told"]').first();
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 844 });
      expect(await told.textContent()).toBe(markup.repeat(5));
      expect(await told.getAttribute('title')).toBe(markup.repeat(5));
      expect(await told.locator('*').count()).toBe(0);
      const [one, other] = await page
        .locator('tbody tr')
        .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height));
      expect(Math.abs((one ?? 0) - (other ?? 0))).toBeLessThan(width === 1200 ? 1 : 25);
      const fits = await told.evaluate(
        (element) =>
          element.getBoundingClientRect().right <=
          (element.parentElement?.getBoundingClientRect().right ?? 0),
      );
      expect(fits).toBe(true);
    }
    expect(record.complaints).toEqual([]);
  });

  test('says when nobody answers, keeps the last data, and recovers by itself', async () => {
    const command = worker('--stop-takes=2500');
    const first = Supervisor.start({ workers: 1, command });
    await first.ready(1);
    const { page } = await visit(first, 1);
    first.kill('SIGTERM');
    await eventually(async () => {
      expect(await textOf(page, 'state')).toBe('Stopping');
      expect((await rowsOf(page))[0]?.[STATE]).toBe('stopping');
    });
    await first.ended;
    await eventually(async () => {
      expect(await textOf(page, 'lost')).toMatch(
        /^Not answering since \d\d:\d\d:\d\d \(no connection\)\. Below is how it stood at \d\d:\d\d:\d\d\.$/,
      );
    });
    expect(await rowsOf(page)).toHaveLength(1);
    expect(await page.title()).toBe('not answering · container-supervisor');
    expect(await textOf(page, 'announcement')).toBe('The supervisor does not answer.');

    const port = Number(new URL(await first.url()).port);
    const second = Supervisor.start({ workers: 2, command: worker(), metrics: { port } });
    await second.ready(2);
    await eventually(async () => {
      expect(await textOf(page, 'connection')).toBe('Live');
      expect(await textOf(page, 'state-detail')).toBe(`pid ${second.pid}`);
      expect(await rowsOf(page)).toHaveLength(2);
    });
    expect(await page.locator('[data-part="lost"]').isVisible()).toBe(false);
  });

  test('is right without workers', async () => {
    const { page } = await visit(Supervisor.start({ workers: 0, command: worker() }), 0);
    expect(await textOf(page, 'empty')).toBe('No workers are wanted.');
    expect(await textOf(page, 'ready')).toBe('0 of 0');
    expect(await page.locator('table').isVisible()).toBe(false);
  });

  test.each([
    ['paused', async (page: Page) => page.getByRole('button', { name: 'Pause' }).click()],
    ['not seen', async (page: Page) => (await page.context().newPage()).bringToFront()],
  ])('asks nothing while it is %s, and at once afterwards', async (_, leave) => {
    const supervisor = Supervisor.start({ command: worker(), reloadDelay: 2.5 });
    const { page, record } = await visit(supervisor, 1, await openTab());
    const asked = (): number => record.requests.filter((url) => url.endsWith('/status')).length;
    await leave(page);
    const before = asked();
    // the second restart comes 2.5 s after the first: time enough for two questions
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(2);
    process.kill(supervisor.pidOf(0), 'SIGKILL');
    await supervisor.ready(3);
    expect(asked()).toBe(before);
    expect((await rowsOf(page))[0]?.[RESTARTS]).toBe('0');
    await page.bringToFront();
    const pause = page.locator('[aria-pressed="true"]');
    if ((await pause.count()) > 0) await pause.click();
    await eventually(async () => {
      expect((await rowsOf(page))[0]?.[RESTARTS]).toBe('2 2 signal');
    });
  });

  test('says without scripts where the status is', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const { page } = await open({ javaScriptEnabled: false });
    await page.goto(await supervisor.url('/'));
    expect(await page.locator('noscript').textContent()).toContain('/status');
    await page.locator('noscript').getByRole('link').click();
    expect(page.url()).toBe(await supervisor.url('/status'));
  });
});

interface Violated {
  readonly violated: readonly string[];
}

describe('whom it lets in', () => {
  test('its policy allows its own script and style alone', async () => {
    const supervisor = Supervisor.start({ command: worker() });
    const { headers } = await fetch(await supervisor.url('/'));
    const hash = "'sha256-[A-Za-z0-9+/]{43}='";
    expect(headers.get('content-security-policy')).toMatch(
      new RegExp(
        `^default-src 'none'; script-src ${hash}; style-src ${hash}; connect-src 'self'; img-src data:; ` +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
          "require-trusted-types-for 'script'; trusted-types 'none'$",
      ),
    );
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  });

  test('no script or style that is slipped into the document counts', async () => {
    const { page, record } = await open();
    await page.route('**/', async (route) => {
      const response = await route.fetch();
      const added = '<script>window.ran = true</script><style>main { display: none }</style>';
      const body = (await response.text()).replace('</body>', `${added}</body>`);
      await route.fulfill({ response, body });
    });
    await page.goto(await Supervisor.start({ command: worker() }).url('/'));
    await page.locator('tbody tr:visible').waitFor();
    expect(await page.evaluate(() => 'ran' in window)).toBe(false);
    expect(record.complaints).toEqual([
      expect.stringMatching(/^Executing inline script violates.*'script-src/),
      expect.stringMatching(/^Applying inline style violates.*'style-src/),
    ]);
  });

  test('its script can ask nobody else, and make no markup of a text', async () => {
    const { page } = await visit(Supervisor.start({ command: worker() }), 1);
    await page.evaluate(async () => {
      const violated: string[] = [];
      Object.assign(window, { violated });
      document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
        violated.push(effectiveDirective);
      });
      await fetch('http://127.0.0.2:1/').catch(() => undefined);
      try {
        document.body.innerHTML = '<b>text</b>';
      } catch {
        // told by the event
      }
    });
    await eventually(async () => {
      const violated = await page.evaluate(() => (window as unknown as Violated).violated);
      expect(violated).toEqual(['connect-src', 'require-trusted-types-for']);
    });
    expect(await page.locator('tbody tr').isVisible()).toBe(true);
  });

  test('no value of an environment variable is shown', async () => {
    const secret = 'a-value-that-is-secret';
    const supervisor = Supervisor.start(
      { command: worker(), env: { TOKEN: secret } },
      { env: { INHERITED: secret } },
    );
    const { page } = await visit(supervisor, 1);
    expect((await supervisor.get('/')).body).not.toContain(secret);
    expect((await supervisor.get('/status')).body).not.toContain(secret);
    expect(await page.content()).not.toContain(secret);
  });
});

describe('everybody can use it', () => {
  const require = createRequire(import.meta.url);
  const source = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

  /** What is wrong by WCAG 2.2 AA and good practice, and what could not be decided. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(source);
    const { violations: wrong, incomplete } = await page.evaluate(async () => {
      const { axe: loaded } = window as unknown as { axe: typeof axe };
      return loaded.run({ resultTypes: ['violations', 'incomplete'] });
    });
    return [...wrong, ...incomplete].map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`,
    );
  }

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    test.each([
      ['a table', 1200],
      ['cards', 390],
    ])('axe finds nothing wrong with %s, contrast included', async (_, width) => {
      const supervisor = await withCrash();
      const viewport = { width, height: 844 };
      const options = { bypassCSP: true, reducedMotion: 'reduce', colorScheme, viewport } as const;
      const { page } = await visit(supervisor, 3, options);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Pause' }).click();
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Pause' }).click();
      await supervisor.stop();
      await page.locator('[data-part="lost"]:visible').waitFor();
      expect(await violations(page)).toEqual([]);
    });
  });

  test('no window is scrolled sideways, and none hides anything', async () => {
    const { page } = await visit(await withCrash(), 3);
    for (const width of [320, 390, 700, 992, 993, 1024, 1920]) {
      await page.setViewportSize({ width, height: 844 });
      const edge = await page.evaluate(() =>
        Math.max(
          document.documentElement.scrollWidth,
          ...[...document.querySelectorAll('main span, main dd, main svg')].map(
            (element) => element.getBoundingClientRect().right,
          ),
        ),
      );
      expect({ width, fits: edge <= width }).toEqual({ width, fits: true });
    }
  });

  test('the keyboard reaches what can be used, and one sees where it is', async () => {
    const { page } = await visit(Supervisor.start({ command: worker() }), 1);
    const focused = (): Promise<readonly string[]> =>
      page.evaluate(() => {
        const element = document.activeElement ?? document.body;
        return [element.textContent, getComputedStyle(element).outlineStyle];
      });
    await page.keyboard.press('Tab');
    expect(await focused()).toEqual(['Pause', 'solid']);
    await page.keyboard.press('Space');
    expect(await textOf(page, 'connection')).toMatch(/^Paused/);
    await page.keyboard.press('Space');
    await page.keyboard.press('Tab');
    expect(await focused()).toEqual(['JSON', 'solid']);
    await twoMore(page);
    expect(await focused()).toEqual(['JSON', 'solid']);
  });

  test('what has not changed is not touched, so that a reader keeps its place', async () => {
    const { page } = await visit(Supervisor.start({ workers: 2, command: worker() }), 2);
    await twoMore(page);
    await page.evaluate(() => {
      const counts = { rows: 0, announcements: 0 };
      new MutationObserver(() => (counts.rows += 1)).observe(
        document.querySelector('tbody') ?? document,
        { childList: true },
      );
      new MutationObserver(() => (counts.announcements += 1)).observe(
        document.querySelector('[role="status"]') ?? document,
        { childList: true, characterData: true, subtree: true },
      );
      Object.assign(window, { counts });
    });
    await twoMore(page);
    expect(await page.evaluate(() => (window as unknown as { counts: unknown }).counts)).toEqual({
      rows: 0,
      announcements: 0,
    });
  });

  test('its table is one for assistive technology, as a table and as cards', async () => {
    const supervisor = Supervisor.start({ workers: 2, command: worker() });
    const { page } = await visit(supervisor, 2);
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 844 });
      const table = page.getByRole('table', { name: 'Workers' });
      expect(await table.getByRole('columnheader').count()).toBe(8);
      expect(await table.getByRole('row').count()).toBe(3);
      expect(await table.getByRole('rowheader').allTextContents()).toEqual(['0', '1']);
      expect(await table.getByRole('img', { name: /^last minute: .*MiB/ }).count()).toBe(2);
    }
  });
});
