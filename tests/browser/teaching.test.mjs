/** Teaching mode: nothing is given away before the learner has spoken, then everything is compared. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { OUTPUT, violations } from './setup.mjs';
import { boxOf, builtPage, labelOf, openMenu, reached, textOf } from './visit.mjs';
import { drawing } from '../../www/core/derived.js';
import {
  allClear,
  distanceToBox,
  isClear,
  missingIn,
  overlapOf,
  placedOf,
  roundOf,
  shuffled,
  truthOfDrawing,
  withConfidence,
} from '../../www/core/round.js';
import { placeInMap } from '../../www/features/teaching/compare.js';
import { learn, noProgress } from '../../www/features/teaching/progress.js';
/** @import { BrowserContext, Page } from 'playwright-core' */

const built = builtPage();
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;

afterEach(() => context?.close());

const reach = (/** @type {string} */ state) => reached(page, state);
const shot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `teach-${name}.png`) });
const row = (/** @type {string} */ finding) => page.locator(`#teach-findings li[data-finding="${finding}"]`);
/** @param {string} finding @param {number} step */
const rate = (finding, step) => row(finding).locator(`input[value="${step}"]`).check();
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
    Math.random = () => 3 / 2 ** 31;
  });
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

test('a drawing can be changed, but not as a case of a round', () => {
  const drawn = /** @type {any} */ ({ picture: { source: { phantom: {} } }, wanted: null, redraw: null });
  assert.ok(drawing({ ...drawn, round: null }));
  assert.equal(drawing({ ...drawn, round: roundOf({ purpose: 'one' }) }), null);
  assert.equal(drawing({ ...drawn, round: roundOf({ purpose: 'study' }) }), null);
});

test('an answer needs a confidence, and a place for what is called present', () => {
  const findings = ['Hernia', 'Edema'];
  const round = roundOf({ purpose: 'one' });
  const missing = (/** @type {typeof round.answer} */ answer) => missingIn({ ...round, answer }, findings);
  assert.equal(missing(round.answer), 'guess');
  assert.equal(missing(withConfidence(round.answer, 'Hernia', 2)), '');
  assert.equal(missing(withConfidence(round.answer, 'Hernia', 3)), 'place');
  const marked = { ...round.answer, marks: { '': { x: 0.2, y: 0.3 } } };
  const taken = withConfidence(marked, 'Hernia', 4);
  assert.deepEqual(taken.marks, { Hernia: { x: 0.2, y: 0.3 } }, 'the place that was marked first is its own');
  assert.equal(missing(taken), '');
  assert.deepEqual(withConfidence(marked, 'Hernia', 1).marks, marked.marks);
  const study = { ...round, purpose: /** @type {const} */ ('study') };
  assert.equal(missingIn({ ...study, answer: taken }, findings), 'guess', 'a study asks for all');
  assert.equal(missingIn({ ...study, answer: allClear(findings) }, findings), '');
  assert.ok(isClear(allClear(findings), findings) && !isClear(taken, findings));
});

test('marks are scored by distance and overlap', () => {
  const box = { x: 0.4, y: 0.4, width: 0.2, height: 0.2 };
  assert.equal(overlapOf({ x: 0.5, y: 0.5 }, [box], 1), 1);
  assert.ok(Math.abs(overlapOf({ x: 0.4, y: 0.5 }, [box], 1) - 0.5) < 0.02);
  assert.equal(overlapOf({ x: 0.1, y: 0.1 }, [box], 1), 0);
  const truth = truthOfDrawing([{ finding: 'Lung Nodule', ...box }], ['Lung Nodule', 'Hernia']);
  assert.deepEqual([truth['Lung Nodule']?.length, truth.Hernia], [1, null]);
  const placed = (/** @type {number} */ x) =>
    placedOf({ confidence: {}, marks: { 'Lung Nodule': { x, y: 0.5 }, Hernia: { x, y: 0.5 } } }, truth, 1);
  assert.deepEqual(
    [0.5, 0.62, 0.7].map((x) => placed(x).map(({ finding, hit }) => [finding, hit])),
    [[['Lung Nodule', true]], [['Lung Nodule', true]], [['Lung Nodule', false]]],
  );
});

test('progress counts by finding, and eight right chests of ten are followed by harder ones', () => {
  const truth = { 'Lung Nodule': [], Hernia: null };
  const right = {
    confidence: { 'Lung Nodule': /** @type {const} */ (5), Hernia: /** @type {const} */ (2) },
    marks: {},
  };
  const wrong = { confidence: { Hernia: /** @type {const} */ (1) }, marks: {} };
  const after = (/** @type {number} */ good) =>
    Array.from({ length: 10 }, (_, i) => (i < good ? right : wrong)).reduce(
      (progress, answer) => learn(progress, answer, truth, [], true),
      { ...noProgress(), level: 2 },
    );
  assert.deepEqual(
    [0, 3, 4, 7, 8, 10].map((good) => after(good).level),
    [1, 1, 2, 2, 3, 3],
  );
  assert.deepEqual(after(7).findings['Lung Nodule'], { present: 10, found: 7, placed: 0, absent: 0, cleared: 0 });
  assert.deepEqual(after(7).findings.Hernia, { present: 0, found: 0, placed: 0, absent: 10, cleared: 10 });
  assert.deepEqual(after(2).right, [true, true, ...Array(8).fill(false)], 'a full ten is there to be summed up');
  assert.deepEqual(learn(after(2), right, truth, [], true).right, [true], 'and the next chest begins another');
  assert.equal(learn(noProgress(), right, truth, [], false).right.length, 0, 'own images have no level');
  const silent = learn(noProgress(), { confidence: {}, marks: {} }, truth, [], true).findings;
  assert.deepEqual(
    [silent['Lung Nodule']?.present, silent.Hernia],
    [1, undefined],
    'what nobody asked about is no success',
  );
});

test('an order is the seed’s', () => {
  const items = [...Array(20).keys()];
  assert.deepEqual(shuffled(items, 7), shuffled(items, 7));
  assert.notDeepEqual(shuffled(items, 7), shuffled(items, 8));
  assert.deepEqual(
    shuffled(items, 7).sort((a, b) => a - b),
    items,
  );
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
  await rate('Pleural Effusion', 5);
  await rate('Pneumothorax', 3);
  assert.equal(await reveal().isDisabled(), true, 'the place of the second is missing');
  await row('Pneumothorax').locator('.teach-name').click();
  await page.mouse.click(layers.x + 0.7 * layers.width, layers.y + 0.3 * layers.height);
  assert.equal(await page.getByTestId('marks').locator('span').count(), 1);
  await reveal().click();

  const outcome = page.getByTestId('teach-outcome');
  await outcome.getByText('Pleural Effusion').first().waitFor();
  assert.match(await textOf(outcome), /surely present/);
  assert.match(await textOf(outcome), /map for .* is stronger at your mark than in \d+% of what it saw/);
  assert.match(await textOf(outcome.locator('tr', { hasText: 'Pneumothorax' })), /possible.*percentile.*no/);
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
  await row('Cardiomegaly').locator('input').first().focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('4');
  assert.equal(await row('Cardiomegaly').locator('input[value="4"]').isChecked(), true);
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
  assert.equal(await row('Hernia').locator('input[value="1"]').isChecked(), true);
  await reveal().click();
  await page.getByTestId('teach-outcome').getByText('Not marked: Pleural Effusion').waitFor();
});

test('no answer is taken for a picture that the next one replaces', async () => {
  await start();
  await page.getByTestId('teach-clear').check();
  const hidden = await page.getByTestId('teach-surprise').evaluate(async (/** @type {HTMLElement} */ chance) => {
    chance.click();
    await Promise.resolve(); // the page is drawn at the end of the turn
    return document.querySelector('#teach-form')?.matches('[hidden]');
  });
  assert.equal(hidden, true);
  await page.locator('#teach-form:not([hidden])').waitFor();
  assert.equal(await page.getByTestId('teach-clear').isChecked(), false);
  await reach('done');
  await page.getByTestId('teach-clear').check();
  await reveal().click();
  await page.getByTestId('teach-outcome').waitFor();
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
