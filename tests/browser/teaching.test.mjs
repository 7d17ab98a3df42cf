/** Teaching mode: nothing is given away before the learner has spoken, then everything is compared. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { OUTPUT, violations } from './setup.mjs';
import { boxOf, builtPage, labelOf, openMenu, reached, textOf } from './visit.mjs';
import { distanceToBox, missingIn, newRound, placeInMap } from '../../www/features/teaching/round.js';
/** @import { BrowserContext, Page } from 'playwright-core' */

const built = builtPage();
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;

afterEach(() => context?.close());

const reach = (/** @type {string} */ state) => reached(page, state);
const shot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `teach-${name}.png`) });
const box = (/** @type {string} */ finding) => page.locator(`#teach-findings li[data-finding="${finding}"]`);
const reveal = () => page.getByTestId('teach-reveal');

async function start(width = 1280, height = 800) {
  context = await built.browser.newContext({
    viewport: { width, height },
    bypassCSP: true,
    locale: 'en-GB',
    hasTouch: width < 500,
  });
  page = await context.newPage();
  await page.addInitScript(() => {
    Math.random = () => 0.2;
  }); // an effusion
  await page.goto(built.site.origin);
  await reach('ready');
  await openMenu(page);
  await page.getByTestId('teach-toggle').click();
  await page.getByTestId('teach-surprise').click();
  await reach('done');
}

/** @param {string} state */
async function audit(state) {
  const found = await violations(page);
  assert.deepEqual(found, [], state);
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `no sideways scrolling: ${state}`,
  );
}

test('a place against a map, and against what was drawn', () => {
  const map = Float32Array.from({ length: 16 }, (_, i) => i);
  const whole = { x: 0, y: 0, width: 1, height: 1 };
  assert.equal(placeInMap({ x: 0.9, y: 0.9 }, map, 4, whole, 1)?.share, 15 / 16);
  assert.equal(placeInMap({ x: 0.1, y: 0.1 }, map, 4, whole, 1)?.share, 0);
  const { distance } = placeInMap({ x: 0.875, y: 0.375 }, map, 4, whole, 2) ?? {};
  assert.ok(distance && Math.abs(distance - 1) < 1e-9, 'in widths, on a tall picture');
  assert.equal(
    placeInMap({ x: 0.1, y: 0.5 }, map, 4, { x: 0.25, y: 0, width: 0.5, height: 1 }, 1),
    null,
    'outside what the model saw',
  );
  assert.equal(distanceToBox({ x: 0.5, y: 0.5 }, { x: 0.4, y: 0.4, width: 0.2, height: 0.2 }, 1), 0);
  assert.ok(Math.abs(distanceToBox({ x: 0.1, y: 0.5 }, { x: 0.4, y: 0.4, width: 0.2, height: 0.2 }, 1) - 0.3) < 1e-9);
});

test('a round needs a place and a guess, or neither where nothing is seen', () => {
  const round = newRound(0);
  assert.equal(missingIn(round), 'place');
  assert.equal(missingIn({ ...round, mark: { x: 0, y: 0 } }), 'guess');
  assert.equal(missingIn({ ...round, mark: { x: 0, y: 0 }, guesses: { Hernia: 1 } }), '');
  assert.equal(missingIn({ ...round, clear: true }), '');
});

test('a round on the desktop: nothing is given away, then mark, guess, model and truth are compared', async () => {
  await start();
  const hidden = ['#list', '#map', '#detail', '#lab', '#truth', '#phantoms', '#controls'];
  for (const id of hidden) assert.equal(await page.locator(id).isVisible(), false, `${id} is hidden`);
  const told = await page.evaluate(() => document.documentElement.outerHTML);
  assert.doesNotMatch(told, /\d(st|nd|rd|th)</, 'no percentile anywhere in the page');
  assert.doesNotMatch(await textOf(page.locator('#live')), /percentile/);
  assert.equal(await reveal().isDisabled(), true);
  await shot('veiled-1280');
  await audit('veiled');

  const layers = await boxOf(page.locator('#layers'));
  await page.mouse.click(layers.x + 0.3 * layers.width, layers.y + 0.75 * layers.height);
  await page.getByTestId('mark-place').waitFor();
  assert.equal(await reveal().isDisabled(), true, 'a guess is missing');
  await box('Pleural Effusion').getByRole('checkbox').check();
  await box('Pleural Effusion').getByRole('combobox').selectOption('3');
  await box('Pneumothorax').getByRole('checkbox').check();
  await reveal().click();

  const outcome = page.getByTestId('teach-outcome');
  await outcome.getByText('was drawn').first().waitFor();
  assert.match(await textOf(outcome), /very sure/);
  assert.match(await textOf(outcome), /map for Pleural Effusion is stronger at your mark than in \d+% of what it saw/);
  assert.match(await textOf(outcome.locator('tr', { hasText: 'Pneumothorax' })), /fairly sure.*percentile.*no/);
  await page.getByTestId('truth').getByText('Pleural Effusion').waitFor();
  await page.getByTestId('map-canvas').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'teach-title');
  assert.match(await textOf(page.locator('#teach-title')), /Round 1/);
  assert.doesNotMatch(await textOf(outcome), /correct|right answer|grade|points|diagnos/i);
  await shot('revealed-1280');
  await audit('revealed');

  await page.getByTestId('teach-surprise').click();
  await page.getByText('Round 2: look first').waitFor();
  await reach('done');
  assert.equal(await page.getByTestId('mark-place').isVisible(), false);
  assert.equal(await page.locator('#list').isVisible(), false);
  await page.locator('#teach-end').click();
  await page.locator('#list').waitFor();
});

test('a round by keyboard on a phone’s width', async () => {
  await start(360, 740);
  await shot('veiled-360');
  await page.getByTestId('teach-keyboard').focus();
  await page.keyboard.press('Enter');
  await page.locator('#mark-place:focus').waitFor();
  const mark = page.getByTestId('mark-place');
  const before = await labelOf(mark);
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Shift+ArrowDown');
  await mark.waitForFunction((element, label) => element.getAttribute('aria-label') !== label, before);
  assert.match(await labelOf(mark), /from the left/);
  await box('Cardiomegaly').getByRole('checkbox').focus();
  await page.keyboard.press('Space');
  await audit('guessing');
  await reveal().focus();
  await page.keyboard.press('Enter');
  await page.locator('#teach-title:focus').waitFor();
  await page.locator('#teach-title').scrollIntoViewIfNeeded();
  await shot('revealed-360');
  await audit('revealed');
});

test('the view that nothing is abnormal needs no mark, and is compared, too', async () => {
  await start();
  await page.getByTestId('teach-clear').check();
  assert.equal(await box('Hernia').getByRole('checkbox').isDisabled(), true);
  await reveal().click();
  await page.getByTestId('teach-outcome').getByText('Drawn here: Pleural Effusion').waitFor();
});

test('what was told of the image on show is taken back when a round begins', async () => {
  context = await built.browser.newContext({ locale: 'en-GB' });
  page = await context.newPage();
  await page.goto(built.site.origin);
  await reach('ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
  const giveaways = /highest standing|percentile|\d(st|nd|rd|th)\b|drawn to show/i;
  const told = () => page.locator('body').ariaSnapshot(); // what a screen reader can reach, out of sight as well
  assert.match(await told(), giveaways);
  await page.getByTestId('teach-toggle').click();
  await page.locator('#teach-title').waitFor();
  assert.doesNotMatch(await told(), giveaways);
});
