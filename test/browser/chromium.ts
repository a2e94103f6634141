import { existsSync } from 'node:fs';

import { afterAll, afterEach } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { eventually } from '../helpers/eventually.ts';
import { Program } from '../helpers/program.ts';
import type { Supervisor } from '../helpers/supervisor.ts';
import { workspace } from '../helpers/workspace.ts';

/** Where Debian's package `chromium` has it. */
const CHROMIUM = '/usr/bin/chromium';

/** What keeps it quiet on the network, and what it needs as root in a container. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let browser: Promise<Browser> | undefined;

afterEach(async () => {
  const contexts = (await browser)?.contexts() ?? [];
  await Promise.all(contexts.map((context) => context.close()));
});

afterAll(async () => {
  await (await browser)?.close();
});

/** What a page has complained about, and whom it has asked. */
export interface Record {
  readonly complaints: string[];
  readonly requests: string[];
}

/** A page of its own browser context. */
export interface Visit {
  readonly page: Page;
  readonly record: Record;
}

/** Opens the supervisor's page and waits until it shows so many workers. */
export async function visit(
  supervisor: Supervisor,
  workers: number,
  options: BrowserContextOptions | Visit = {},
): Promise<Visit> {
  const opened = 'page' in options ? options : await open(options);
  await opened.page.goto(await supervisor.url('/'));
  await opened.page.locator('[data-part="content"]:visible').waitFor();
  await eventually(async () => {
    const rows = await rowsOf(opened.page);
    if (rows.length !== workers) throw new Error(`expected ${workers} rows, found ${rows.length}`);
  });
  return opened;
}

/** An empty page, whose doings are recorded. */
export async function open(options: BrowserContextOptions = {}): Promise<Visit> {
  browser ??= chromium.launch({ executablePath: executable(), args: ARGUMENTS });
  return recorded(await (await (await browser).newContext(options)).newPage());
}

/** An empty page in a window whose tabs hide each other, as they do for users and not for Playwright. */
export async function openTab(): Promise<Visit> {
  const port = '--remote-debugging-port=0';
  const profile = `--user-data-dir=${workspace()}`;
  const command = [executable(), '--headless', ...ARGUMENTS, port, profile, 'about:blank'];
  const program = new Program(command, { cwd: '/', env: { PATH: process.env['PATH'] } });
  const address = await eventually(() => {
    const [, found] = /^DevTools listening on (\S+)/m.exec(program.stderr) ?? [];
    if (found === undefined) throw new Error(`expected an address, found: ${program.stderr}`);
    return found;
  });
  const [context] = (await chromium.connectOverCDP(address, { noDefaults: true })).contexts();
  const page = context?.pages()[0];
  if (page === undefined) throw new Error('the browser has no tab');
  return recorded(page);
}

function executable(): string {
  if (existsSync(CHROMIUM)) return CHROMIUM;
  throw new Error(`expected a browser at ${CHROMIUM}; install the Debian package chromium`);
}

function recorded(page: Page): Visit {
  const record: Record = { complaints: [], requests: [] };
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) record.complaints.push(message.text());
  });
  page.on('pageerror', (error) => record.complaints.push(String(error)));
  page.on('request', (request) => record.requests.push(request.url()));
  page.on('requestfailed', (request) => {
    record.complaints.push(`${request.url()}: ${String(request.failure()?.errorText)}`);
  });
  return { page, record };
}

/** The text of every row, cell by cell. */
export async function rowsOf(page: Page): Promise<readonly (readonly string[])[]> {
  return page
    .locator('tbody tr')
    .evaluateAll((rows) =>
      rows.map((row) =>
        [...row.children].map((cell) => cell.textContent.replace(/\s+/g, ' ').trim()),
      ),
    );
}

/** The text of a part of the page, as the markup names it. */
export async function textOf(page: Page, part: string): Promise<string> {
  return (await page.locator(`[data-part="${part}"]:visible`).first().textContent()) ?? '';
}
