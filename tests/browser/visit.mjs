/** What the page's tests begin with: Chromium on the built page, and a page that is watched. */
import { after, before } from 'node:test';
import { serve } from './server.mjs';
import { DIST, launch } from './setup.mjs';

/** Chromium and the built page, from before a file's tests until after them. */
export function builtPage() {
  /** @type {{browser?: import('playwright-core').Browser, site?: Awaited<ReturnType<typeof serve>>}} */ const built = {};
  before(async () => {
    built.browser = await launch();
    built.site = await serve({ '/': DIST });
  });
  after(async () => {
    await built.browser.close();
    await built.site.close();
  });
  return built;
}

/** A page in a context of its own, and what it throws. @param {import('playwright-core').Browser} browser @param {object} options Of the context */
export async function visit(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  return { context, page, problems };
}
