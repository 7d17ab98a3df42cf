/** The page in Firefox, and in WebKit, which Safari is made of: a visit there has the same results as in Chromium. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { serve } from '../browser/server.mjs';
import { DIST, MICRO, hostHeaders, scratch } from '../browser/setup.mjs';
import { BROWSERS, until } from './browsers.mjs';

const WEIGHTS = '/models/default/weights-01-of-01.safetensors';

/** Waits until a condition holds in the page, which may be loading. @param {import('./browsers.mjs').Page} page @param {(argument: any) => any} condition @param {any} [argument] */
const untilIn = (page, condition, argument) =>
  until(() => page.evaluate(condition, argument), `${condition}, ${argument}`);

const reached = (/** @type {import('./browsers.mjs').Page} */ page, /** @type {string} */ state) =>
  untilIn(page, (wanted) => document.documentElement.dataset.state === wanted, state);
const click = (/** @type {import('./browsers.mjs').Page} */ page, /** @type {string} */ selector) =>
  page.evaluate((found) => /** @type {HTMLElement} */ (document.querySelector(found)).click(), selector);
/** Findings and percentiles, in the order of the list. */
const rows = (/** @type {import('./browsers.mjs').Page} */ page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-testid="score-row"]')].map((row) => [
      row.getAttribute('data-finding'),
      row.querySelector('.value')?.textContent,
    ]),
  );

/** Drops files of the site on the page. @param {import('./browsers.mjs').Page} page @param {string[]} paths */
const drop = (page, paths) =>
  page.evaluate(async (wanted) => {
    const dataTransfer = new DataTransfer();
    for (const path of wanted)
      dataTransfer.items.add(new File([await (await fetch(path)).blob()], path.split('/').at(-1)));
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, paths);

/** What a person sees in a visit, and what went wrong. @param {string} name Of the browser */
async function visit(name) {
  const work = scratch();
  const site = await serve({ '/': DIST, '/images/': MICRO });
  Object.assign(site.headers, hostHeaders());
  const page = await BROWSERS[name](work.path);
  /** @type {Record<string, unknown>} */ const seen = {};
  try {
    await page.goto(site.origin);
    await reached(page, 'ready');
    await page.evaluate(() => {
      globalThis.problems = [];
      const note = (/** @type {string} */ type, /** @type {(event: any) => string} */ words) =>
        addEventListener(type, (event) => {
          globalThis.problems.push(`${type}: ${words(event)}`);
        });
      note('error', ({ message }) => message);
      note('unhandledrejection', ({ reason }) => reason);
      note('securitypolicyviolation', ({ violatedDirective, blockedURI }) => `${violatedDirective} ${blockedURI}`);
    });
    seen.isolated = await page.evaluate(() => crossOriginIsolated);

    await click(page, '[data-phantom="effusion"]');
    await reached(page, 'done');
    seen.drawing = await rows(page);

    await drop(page, ['images/img0.png']);
    await untilIn(page, () => document.querySelector('#sources')?.textContent.includes('img0.png'));
    await reached(page, 'done');
    seen.file = await rows(page);
    await untilIn(page, () => {
      /** @type {HTMLCanvasElement | null} */ const map = document.querySelector('[data-testid="map-canvas"]');
      const data = map?.getContext('2d')?.getImageData(0, 0, map.width, map.height).data;
      return data?.some((value, i) => i % 4 === 3 && value > 128);
    });

    await page.evaluate(() => {
      const input = /** @type {HTMLTextAreaElement} */ (document.querySelector('[data-testid="finding-input"]'));
      input.value = 'free air under the diaphragm';
      input.form?.requestSubmit();
    });
    await untilIn(page, () => document.querySelector('[data-testid="review-as-is"]')?.checkVisibility());
    await click(page, '[data-testid="review-as-is"]');
    await untilIn(
      page,
      (own) => Boolean(document.querySelector(`[data-finding="${own}"]:not([data-kind="unscored"])`)),
      'free air under the diaphragm',
    );
    await reached(page, 'done');
    seen.own = await rows(page);

    await click(page, '#why summary');
    await untilIn(page, () => document.querySelectorAll('.word').length);
    seen.words = await page.evaluate(() =>
      [...document.querySelectorAll('.word')].map(({ textContent }) => textContent),
    );
    await click(page, '[data-testid="contours-toggle"]');
    await untilIn(page, () => document.querySelectorAll('[data-testid="contours"] path[data-finding]').length === 5);

    await drop(page, ['images/img0.png', 'images/img1.png', 'images/img2.png']);
    await untilIn(page, () =>
      document.querySelector('[data-testid="series-count"]')?.textContent.includes('Scored 3 of 3'),
    );
    seen.series = await page.evaluate(() =>
      [...document.querySelectorAll('[data-testid="series-row"]')].map((row) =>
        [.../** @type {HTMLTableRowElement} */ (row).cells].map(({ textContent }) => textContent),
      ),
    );
    await click(page, '[data-testid="language"]');
    await untilIn(page, () => document.documentElement.lang === 'ja');
    seen.problems = await page.evaluate(() => globalThis.problems);

    await untilIn(page, async () => (await navigator.serviceWorker.ready).active?.state === 'activated');
    await untilIn(page, () => document.querySelector('[data-testid="offline"]')?.textContent);
    await site.close(); // and now without a network
    await page.goto(site.origin);
    await reached(page, 'ready');
    seen.downloads = site.requests.filter((path) => path === WEIGHTS).length;

    await click(page, '[data-testid="forget-confirm"]');
    await untilIn(page, () => document.querySelector('[data-testid="forgotten"]')?.matches('dialog[open]'));
    seen.kept = await page.evaluate(async () => [
      ...(await caches.keys()),
      ...(await navigator.serviceWorker.getRegistrations()),
      ...Object.keys(localStorage),
    ]);
  } finally {
    await page.close();
    await site.close();
    work.remove();
  }
  return seen;
}

/** @type {Awaited<ReturnType<typeof visit>>} */ let expected;
before(async () => {
  expected = await visit('Chromium');
});

for (const name of ['Firefox', 'WebKit']) {
  test(`${name}: scores, a file, own words, Why, contours, a series, Japanese, without a network, and forgotten`, async () => {
    assert.deepEqual(expected.problems, []);
    assert.equal(expected.isolated, true);
    assert.equal(expected.downloads, 1);
    assert.deepEqual(expected.kept, []);
    const seen = await visit(name);
    for (const [what, value] of Object.entries(expected)) assert.deepEqual(seen[what], value, what);
  });
}
