/** The guided tour. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { OUTPUT, violations } from './setup.mjs';
import { boxOf, builtPage, reached, textOf } from './visit.mjs';
/** @import { BrowserContext, Page } from 'playwright-core' */

const TITLES = ['You name it', 'it stays here', 'not a probability', 'what it never saw', 'where it is fooled'];
const built = builtPage();
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;

afterEach(() => context?.close());

const reach = (/** @type {string} */ state) => reached(page, state);
const card = () => page.getByTestId('tour');

/** @param {number} width @param {number} height */
async function start(width, height) {
  context = await built.browser.newContext({
    viewport: { width, height },
    bypassCSP: true,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    serviceWorkers: 'block', // a service worker would answer what a test holds back
  });
  page = await context.newPage();
  await page.goto(built.site.origin);
  await reach('ready');
}

async function audit(/** @type {string} */ state) {
  const found = await violations(page);
  assert.deepEqual(found, [], state);
}

for (const [width, height] of [
  [1280, 800],
  [360, 740],
  [844, 390],
]) {
  test(`five steps at ${width} by ${height}, beside what they explain`, async () => {
    await start(width, height);
    await page.getByTestId('tour-invite').getByRole('button').click();
    for (const [step, title] of TITLES.entries()) {
      await card().getByText(title).waitFor();
      assert.match(await textOf(card()), new RegExp(`Step ${step + 1} of 5`));
      assert.equal(await page.evaluate(() => document.activeElement?.id), 'tour', 'the focus goes along');
      if (step === 0) await card().getByText('is sent as “There is Pneumothorax').waitFor();
      if (step >= 2) await reach('done'); // a synthetic chest was opened for it
      const [mark, ring] = [await boxOf(card()), await boxOf(page.locator('#tour-ring'))];
      assert.ok(
        mark.x >= 0 && mark.y >= 0 && mark.x + mark.width <= width && mark.y + mark.height <= height,
        `step ${step + 1} is on the screen`,
      );
      assert.ok(ring && ring.width > 30 && ring.height > 20, `step ${step + 1} points at something`);
      assert.ok(ring.y >= 0 && ring.y + ring.height <= height, `step ${step + 1} points at what is on the screen`);
      const over = Math.min(mark.x + mark.width, ring.x + ring.width) - Math.max(mark.x, ring.x);
      const under = Math.min(mark.y + mark.height, ring.y + ring.height) - Math.max(mark.y, ring.y);
      assert.ok(over <= 0 || under < 0.9 * ring.height, `step ${step + 1} does not hide what it points at`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await page.screenshot({ path: join(OUTPUT, `tour-${step + 1}-${width}.png`) });
      if (step % 2 === 0) await audit(`step ${step + 1}`);
      await page.getByTestId('tour-next').click();
    }
    await card().waitFor({ state: 'hidden' });
  });
}

test('Escape ends it, it is remembered, and can be taken again', async () => {
  await start(1280, 800);
  await page.getByTestId('tour-open').click();
  await card().waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // End and Back, which is off, come before Next
  await card().getByText('it stays here').waitFor();
  await page.getByTestId('finding-input').fill('the page stays usable');
  await page.keyboard.press('Escape');
  await card().waitFor({ state: 'hidden' });
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    'finding',
    'the focus stays where a person put it',
  );
  await page.reload();
  await reach('ready');
  assert.equal(await page.getByTestId('tour-invite').isVisible(), false);
  await page.locator('#about-open').click();
  await page.locator('#tour-again').click();
  await card().waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#tour-open:focus').waitFor();
});

test('without a model there is no tour', async () => {
  await start(1280, 800);
  let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(undefined);
  });
  await page.route('**/models/missing/**', async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${built.site.origin}/?model=models/missing`);
  await page.getByTestId('tour-open').click();
  await card().waitFor();
  release();
  await reach('error');
  await card().waitFor({ state: 'hidden' });
  for (const opener of ['#tour-open', '#tour-again']) assert.ok(await page.locator(opener).isDisabled(), opener);
  await page.getByText('Use the page’s own model').click();
  await reach('ready');
  await page.getByTestId('tour-open').click();
  await card().waitFor();
});
