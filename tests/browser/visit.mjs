/** What the page's tests begin with: Chromium on the built page, and a page that is watched. */
import { join } from 'node:path';
import { after, before } from 'node:test';
import { serve } from './server.mjs';
import { DIST, convertMicro, launch, scratch } from './setup.mjs';

/**
 * Chromium, the built page and a temporary folder, from before a file's tests until after them; if asked with the micro
 * model, in `micro` of that folder and beside the page's own.
 *
 * @param {{micro?: boolean}} [options]
 */
export function builtPage({ micro = false } = {}) {
  const work = scratch();
  /** @type {{work: string, browser?: import('playwright-core').Browser, site?: Awaited<ReturnType<typeof serve>>}} */ const built =
    { work: work.path };
  const folder = join(work.path, 'micro');
  before(async () => {
    if (micro) convertMicro(folder, 'q8');
    built.browser = await launch();
    built.site = await serve({ '/': DIST, ...(micro && { '/models/micro/': folder }) });
  });
  after(async () => {
    await built.browser.close();
    await built.site.close();
    work.remove();
  });
  return built;
}

/** Waits until the page is in a state. @param {import('playwright-core').Page} page @param {string} state loading, ready, working, done or error */
export const reached = (page, state, timeout = 120_000) =>
  page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout });

/** A page in a context of its own, and what it throws. @param {import('playwright-core').Browser} browser @param {object} options Of the context */
export async function visit(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  return { context, page, problems };
}

/** Adds a finding in words that the page does not know. @param {import('playwright-core').Page} page @param {string} text */
export async function addOwnWords(page, text) {
  await page.getByTestId('finding-input').fill(text);
  await page.keyboard.press('Enter');
  await page.getByTestId('review-as-is').click();
}

/** On a phone most buttons of the page's head are in a menu. @param {import('playwright-core').Page} page */
export async function openMenu(page) {
  if (await page.getByTestId('menu-open').isVisible()) await page.getByTestId('menu-open').click();
}
