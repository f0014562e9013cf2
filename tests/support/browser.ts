// A real browser for the tests: the Chromium that comes with the npm packages, started once for a file of tests.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium as driver } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { PATIENCE_MS } from './bounded.ts';
import { chromiumPath } from './chromium.ts';
import type { Cleaner } from './cleanup.ts';

export const DESKTOP = { width: 1280, height: 800 };
export const PHONE = { width: 390, height: 844 };

/** The sizes and themes in which every view is looked at. */
export const SHAPES = [
  { size: DESKTOP, colorScheme: 'light' },
  { size: DESKTOP, colorScheme: 'dark' },
  { size: PHONE, colorScheme: 'light' },
  { size: PHONE, colorScheme: 'dark' },
] as const;

export interface View {
  readonly size?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
  readonly scale?: number;
  readonly locale?: string;
}

/** Starts the browser; it is ended after the tests. With `env` it gets that environment alone, beside what a program needs to run. */
export async function startBrowser(
  t: Cleaner,
  env?: Readonly<Record<string, string>>,
): Promise<Browser> {
  const browser = await driver.launch({
    executablePath: await chromiumPath(),
    // Not the arguments of the package: they put everything into one process and switch web security off.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
    headless: true,
    ...(env === undefined ? {} : { env: { ...runnable(), ...env } }),
  });
  t.after(() => browser.close());
  return browser;
}

/** What the browser needs of this process's environment to run at all. */
function runnable(): Record<string, string> {
  const needed = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'FONTCONFIG_PATH'];
  return Object.fromEntries(
    needed.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A page of its own, which keeps what the browser complains about: errors, refused resources, breaches of the policy. */
export class Window {
  readonly page: Page;
  readonly complaints: string[] = [];
  readonly requested: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.requested.push(request.url()));
  }

  /** Fails where something is wider than the window. */
  async fits(what: string): Promise<void> {
    const overflow = await this.page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.equal(overflow, 0, what);
  }

  /** Fails where the browser complained, or something came from another place than the service at `base`. */
  quiet(base: string): void {
    assert.deepEqual(this.complaints, []);
    const foreign = this.requested.filter(
      (url) => !/^(data|blob):/.test(url) && !url.startsWith(base),
    );
    assert.deepEqual(foreign, []);
  }

  /** Fails with each violation that axe finds on the page as it is now. */
  async accessible(what: string): Promise<void> {
    await this.page.evaluate(axe.source);
    const found = (await this.page.evaluate(
      'axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, any }) => html.slice(0, 160) + (any[0]?.message ?? "")).join(" | ")}`))',
    )) as string[];
    assert.deepEqual(found, [], what);
  }
}

/** Opens a window on an address; it is closed after the test. */
export async function openWindow(
  t: Cleaner,
  browser: Browser,
  url: string,
  view: View = {},
): Promise<Window> {
  const context: BrowserContext = await browser.newContext({
    viewport: view.size ?? DESKTOP,
    colorScheme: view.colorScheme ?? 'light',
    deviceScaleFactor: view.scale ?? 1,
    reducedMotion: 'reduce',
    locale: view.locale ?? 'en-GB',
    timezoneId: 'Asia/Kolkata',
  });
  t.after(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  const window = new Window(await context.newPage());
  await window.page.goto(url);
  return window;
}
