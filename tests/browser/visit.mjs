/** What the page's tests begin with: Chromium on the built page, and a page that is watched. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { serve } from './server.mjs';
import { DIST, WWW, convertMicro, launch, scratch } from './setup.mjs';
/** @import { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

/** What a person chooses as files. @typedef {Parameters<Page['setInputFiles']>[1]} Files */

/**
 * Chromium, the built page and a temporary folder, from before a file's tests until after them; if asked with the micro
 * model, in `micro` of that folder and beside the page's own.
 *
 * @param {{micro?: boolean}} [options]
 */
export function builtPage({ micro = false } = {}) {
  const work = scratch();
  const built = /** @type {{work: string, browser: Browser, site: Site}} */ ({ work: work.path });
  const folder = join(work.path, 'micro');
  before(async () => {
    if (micro) convertMicro(folder, 'q8');
    built.browser = await launch();
    built.site = await serve({ '/': DIST, '/core/': join(WWW, 'core'), ...(micro && { '/models/micro/': folder }) });
  });
  after(async () => {
    await built.browser.close();
    await built.site.close();
    work.remove();
  });
  return built;
}

/** Waits until the page is in a state. @param {Page} page @param {string} state loading, ready, working, done or error */
export const reached = (page, state, timeout = 120_000) =>
  page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout });

/** A page in a context of its own, and what it throws. @param {Browser} browser @param {BrowserContextOptions} options Of the context */
export async function visit(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  return { context, page, problems };
}

/** Adds a finding in words that the page does not know. @param {Page} page @param {string} text */
export async function addOwnWords(page, text) {
  await page.getByTestId('finding-input').fill(text);
  await page.keyboard.press('Enter');
  await page.getByTestId('review-as-is').click();
}

/** On a phone most buttons of the page's head are in a menu. @param {Page} page */
export async function openMenu(page) {
  if (await page.getByTestId('menu-open').isVisible()) await page.getByTestId('menu-open').click();
}

/** All the text of an element, shown or not. @param {Locator} locator */
export const textOf = async (locator) => (await locator.textContent()) ?? '';

/** What an element is called. @param {Locator} locator */
export const labelOf = async (locator) => (await locator.getAttribute('aria-label')) ?? '';

/** Where an element lies on the page. @param {Locator} locator */
export async function boxOf(locator) {
  const box = await locator.boundingBox();
  assert.ok(box, `${locator} is not laid out`);
  return box;
}

/** The greys of a canvas at fractions of its width and height. @param {Locator} locator @param {[number, number][]} parts */
export const greysAt = (locator, parts) =>
  locator.evaluate((/** @type {HTMLCanvasElement} */ canvas, at) => {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    return at.map(
      ([x, y]) => context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data[0],
    );
  }, parts);

/** Begins to keep what the page writes on canvases. @param {Page} page */
export const recordTexts = (page) =>
  page.evaluate(() => {
    const { fillText } = CanvasRenderingContext2D.prototype;
    window.written = [];
    CanvasRenderingContext2D.prototype.fillText = function write(
      /** @type {Parameters<typeof fillText>} */ ...[text, ...place]
    ) {
      window.written.push({ text, colour: this.fillStyle });
      fillText.call(this, text, ...place);
    };
  });

/** All bytes of a canvas: red, green, blue and opacity. @param {Locator} locator */
export const pixelsOf = (locator) =>
  locator.evaluate((/** @type {HTMLCanvasElement} */ canvas) => {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
  });

/** Keeps what the worker is asked, and what it answers to an explanation. @param {Page} page */
export const recordWorker = (page) =>
  page.addInitScript(() => {
    globalThis.asked = [];
    globalThis.explained = [];
    const post = Worker.prototype.postMessage;
    const heard = new WeakSet();
    Worker.prototype.postMessage = function (message, ...rest) {
      const { id, type, payload } = message;
      globalThis.asked.push({ id, type, payload });
      if (!heard.has(this)) {
        heard.add(this);
        this.addEventListener('message', ({ data }) => {
          const call = globalThis.asked.find((each) => each.id === data.id);
          if (data.type === 'result' && call?.type === 'explain') globalThis.explained.push(data.value);
        });
      }
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
