// The status page in a real browser, as a person sees it: Debian's chromium, without the network. Keeps its pictures.
import { type Browser, chromium, type Page } from 'playwright-core';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const program = '/usr/bin/chromium';
const pictures = path.join(import.meta.dirname, '../../../.tidemark/screenshots');

/** Why there is nothing to look with; undefined: there is. */
export const noBrowser: string | undefined = existsSync(program)
  ? undefined
  : `the page is not looked at: there is no ${program}`;

export class StatusBrowser implements AsyncDisposable {
  /** What went wrong on any page, and what was asked of anybody but the sidecar. */
  readonly complaints: string[] = [];
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<StatusBrowser> {
    const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox'] });
    return new StatusBrowser(browser);
  }

  async open(url: string, colorScheme: 'light' | 'dark'): Promise<Page> {
    const context = await this.#browser.newContext({
      colorScheme,
      reducedMotion: 'reduce',
      viewport: { width: 1280, height: 900 },
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      const asked = request.url();
      if (!asked.startsWith(url) && !asked.startsWith('data:')) this.complaints.push(`asks ${asked}`);
    });
    await page.goto(url);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}
