/** Why a finding scores as it does, and several findings as contours. With the shipped model: its words are real. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { ALL, meanOf } from '../../www/core/explanation.js';
import { OUTPUT, matchOf, violations } from './setup.mjs';
import { addOwnWords, boxOf, builtPage, labelOf, reached, recordWorker, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const built = builtPage();
/** A palette with the opacities of the program's: fully opaque from 0.6 on. */
const RAMP = Array.from({ length: 1024 }, (_, i) =>
  i % 4 < 3 ? 0 : Math.round(255 * Math.min(1, (i >> 2) / 255 / 0.6)),
);
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** Opens the page with a synthetic chest, scored. @param {BrowserContextOptions} [options] Of the browser's context */
async function start(options = {}) {
  ({ context, page, problems } = await visit(built.browser, options));
  await recordWorker(page);
  await page.goto(built.site.origin);
  await reach('ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
}

const reach = (/** @type {string} */ state) => reached(page, state);
const asked = (/** @type {string} */ type) =>
  page.evaluate((name) => globalThis.asked.filter((call) => call.type === name).length, type);
const words = () => page.getByTestId('why-words').getByRole('button');
const rows = () => page.getByTestId('score-row');
const text = (/** @type {string} */ id) => textOf(page.getByTestId(id));
async function openWhy() {
  await page.getByTestId('why').locator('summary').click();
  await words().first().waitFor();
}

/** The newest explanation. */
async function explained() {
  const explanation = await page.evaluate(() => globalThis.explained.at(-1));
  assert.ok(explanation);
  return explanation;
}

/** Waits until the map over the picture is drawn from these values. A canvas keeps opacities exactly, but not colours. @param {Float32Array} values */
const mapped = (values) =>
  page.locator('#map').waitForFunction(
    async (/** @type {HTMLCanvasElement} */ canvas, { map, ramp }) => {
      const { paintMap } = await import('/core/viewport/heatmap.js');
      const { rgba, size } = paintMap(Float32Array.from(map), Uint8ClampedArray.from(ramp));
      if (canvas.hidden || canvas.width !== size) return false;
      const data = canvas.getContext('2d')?.getImageData(0, 0, size, size).data;
      return rgba.every((value, i) => i % 4 < 3 || value === data?.[i]);
    },
    { map: [...values], ramp: RAMP },
  );

/** @param {{wordPatches: Float32Array, words: string[]}} explanation @param {number} word */
function mapOf({ wordPatches, words: all }, word) {
  const size = wordPatches.length / all.length;
  return wordPatches.slice(word * size, (word + 1) * size);
}

const shareOf = (/** @type {string} */ name) => Number(matchOf(name, /([\d.]+)%/)[1]) / 100;

test('an explanation is asked for while Why is open, once for each finding, and after all scores', async () => {
  await start();
  assert.equal(await asked('explain'), 0);
  await openWhy();
  assert.equal(await asked('explain'), 1);
  await rows().nth(3).locator('.pick').click();
  await page.waitForFunction(() => globalThis.explained.length === 2);
  await rows().nth(0).locator('.pick').click();
  await words().first().waitFor();
  assert.equal(await asked('explain'), 2, 'the first one was kept');

  await addOwnWords(page, 'a coin in the oesophagus');
  await page.waitForFunction(() => globalThis.explained.length === 3);
  const order = await page.evaluate(() =>
    globalThis.asked.map(({ type }) => type).filter((type) => type === 'score' || type === 'explain'),
  );
  assert.deepEqual(order.slice(-2), ['score', 'explain']);
  assert.ok((await words().allTextContents()).some((word) => word.startsWith('coin')));

  await page.getByTestId('why').locator('summary').click();
  await rows().nth(5).locator('.pick').click();
  await rows().nth(6).locator('.pick').click();
  await reach('done');
  assert.equal(await asked('explain'), 3, 'closed, nothing is asked');
});

test('words carry the image’s attention; pointing at one, or its focus, shows where it would look', async () => {
  await start();
  await openWhy();
  const explanation = await explained();
  const weights = meanOf(explanation.attendedWords, explanation, { layer: ALL, head: ALL });
  assert.deepEqual(await words().locator('span:first-child:not(.word-bar span)').allTextContents(), explanation.words);
  const bars = await words().evaluateAll((all) =>
    all.map((word) => ({
      name: word.getAttribute('aria-label') ?? '',
      height: word.querySelector('.word-bar span')?.getBoundingClientRect().height ?? NaN,
    })),
  );
  const most = Math.max(...weights);
  bars.forEach(({ name, height }, i) => {
    assert.ok(name.startsWith(`${explanation.words[i]} `) && name.endsWith('of the image’s attention'), name);
    assert.ok(weights[i] < 0.0005 || Math.abs(shareOf(name) - weights[i]) < 0.006, `${name}: ${weights[i]}`);
    assert.ok(Math.abs(height - (14 * weights[i]) / most) < 0.6, `${name}: ${height} px`);
  });

  const own = meanOf(explanation.patches, explanation, { layer: ALL, head: ALL });
  await mapped(own);
  const usual = await text('map-text');
  const viewport = await page.getByTestId('viewport').boundingBox();
  await words().nth(1).hover();
  await mapped(mapOf(explanation, 1));
  assert.deepEqual(await page.getByTestId('viewport').boundingBox(), viewport, 'nothing jumps');
  assert.equal(
    await text('map-text'),
    `Where the word “${explanation.words[1]}” alone would look; not part of the score.`,
  );
  assert.equal(
    await text('why-patch'),
    `The map shows where the word “${explanation.words[1]}” alone would look; not part of the score.`,
  );
  assert.match(await labelOf(page.getByTestId('map-canvas')), /alone would look, not part of the score/);
  await page.getByTestId('detail').locator('h3').hover();
  await mapped(own);
  assert.equal(await text('map-text'), usual);

  await words().nth(1).focus();
  await page.keyboard.press('Tab');
  await mapped(mapOf(explanation, 2));
  await page.keyboard.press('Enter'); // the word's map stays
  assert.equal(await words().nth(2).getAttribute('aria-pressed'), 'true');
  await page.getByTestId('why-layer').focus();
  await mapped(mapOf(explanation, 2));
  await words().nth(2).click();
  await mapped(own);
  assert.equal(await words().nth(2).getAttribute('aria-pressed'), 'false');
});

test('pointing at a patch says how much each word would look there, however the picture lies', async () => {
  await start();
  await openWhy();
  const explanation = await explained();
  const side = Math.sqrt(explanation.wordPatches.length / explanation.words.length);
  const box = await boxOf(page.locator('#map'));
  /** Moves the mouse to a point of the map on show, in fractions of it. @param {number} x @param {number} y */
  const pointAt = (x, y) => page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  const check = async (/** @type {number} */ row, /** @type {number} */ column) => {
    await page
      .getByTestId('why-patch')
      .getByText(`row ${row + 1}, column ${column + 1} of ${side}`)
      .waitFor();
    const names = await words().evaluateAll((all) => all.map((word) => word.getAttribute('aria-label') ?? ''));
    names.forEach((name, word) => {
      const weight = mapOf(explanation, word)[row * side + column];
      assert.match(name, /of its own attention lies on this patch$/);
      assert.ok(weight < 0.0005 || Math.abs(shareOf(name) - weight) < 0.006, `${name}: ${weight}`);
    });
  };
  await pointAt(2.5 / side, 4.5 / side);
  await check(4, 2);
  const outline = await boxOf(page.getByTestId('patch').locator('rect').last());
  assert.ok(
    Math.abs(outline.x - (box.x + (2 * box.width) / side)) < 2 &&
      Math.abs(outline.y - (box.y + (4 * box.height) / side)) < 2,
    'it is outlined',
  );
  await page.keyboard.press('h'); // left to right
  await pointAt(2.6 / side, 4.6 / side);
  await check(4, side - 3);
  await page.getByTestId('detail').locator('h3').hover();
  await page.getByTestId('why-patch').getByText('Point at a word').waitFor();
  assert.match(await labelOf(words().first()), /of the image’s attention$/);
  assert.equal(await page.getByTestId('patch').locator('rect').count(), 0);

  await page.keyboard.press('h');
  await page.getByTestId('tools').getByRole('button', { name: 'Magnifier' }).click();
  await page.getByTestId('viewport').focus();
  await page.keyboard.press('ArrowRight'); // the cursor appears in the middle
  await page
    .getByTestId('why-patch')
    .getByText(/Patch in row \d+, column \d+/)
    .waitFor();
  assert.equal(await page.getByTestId('why-patch').getAttribute('aria-live'), 'polite');
});

test('one layer, one head, or their mean, which is the finding’s own map', async () => {
  await start();
  await openWhy();
  const explanation = await explained();
  const { layers, heads, patches } = explanation;
  await mapped(meanOf(patches, explanation, { layer: ALL, head: ALL }));
  assert.equal(await page.getByTestId('why-layer').locator('option').count(), layers + 1);
  assert.equal(await page.getByTestId('why-head').locator('option').count(), heads + 1);
  await page.getByTestId('why-layer').selectOption(String(layers - 1));
  await mapped(meanOf(patches, explanation, { layer: layers - 1, head: ALL }));
  assert.match(await text('map-text'), new RegExp(`layer ${layers}, all heads`));
  await page.getByTestId('why-head').selectOption('0');
  await mapped(meanOf(patches, explanation, { layer: layers - 1, head: 0 }));
  assert.ok((await labelOf(page.getByTestId('map-canvas'))).endsWith(`attention, layer ${layers}, head 1`));
  const weights = meanOf(explanation.attendedWords, explanation, { layer: layers - 1, head: 0 });
  assert.ok(Math.abs(shareOf(await labelOf(words().nth(0))) - weights[0]) < 0.006, 'the words follow');
  await page.getByTestId('why-layer').selectOption(String(ALL));
  await page.getByTestId('why-head').selectOption(String(ALL));
  await mapped(meanOf(patches, explanation, { layer: ALL, head: ALL }));
});

test('up to five findings as contours, which follow the picture', async () => {
  await start();
  await page.getByTestId('contours-toggle').check();
  const lines = () => page.getByTestId('contours').locator('path[data-finding]');
  const drawn = () =>
    lines().evaluateAll((all) =>
      Object.fromEntries(all.map((path) => [path.dataset.finding, path.getAttribute('stroke')])),
    );
  const ranking = await rows().evaluateAll((all) => all.map((row) => row.dataset.finding ?? ''));
  await lines().first().waitFor();
  const first = await drawn();
  assert.deepEqual(Object.keys(first).sort(), ranking.slice(0, 5).sort(), 'the best five');
  assert.equal(new Set(Object.values(first)).size, 5);
  const legend = await page.getByTestId('contour-legend').locator('li').allTextContents();
  assert.equal(legend.length, 5);
  for (const finding of ranking.slice(0, 5)) {
    assert.ok(legend.some((name) => name.endsWith(` ${finding}`)));
    assert.ok(
      (await page.getByTestId('contours').locator('text').allTextContents()).some((name) =>
        name.endsWith(` ${finding}`),
      ),
    );
  }
  assert.match(
    await text('contour-legend'),
    /half-way between the median and the highest value of its own map of attention/,
  );

  const check = (/** @type {string} */ finding) =>
    page.getByRole('checkbox', { name: `Contour of ${finding}`, exact: true });
  assert.ok(await check(ranking[7]).isDisabled(), 'five are enough');
  await check(ranking[1]).uncheck();
  await check(ranking[7]).check();
  const second = await drawn();
  assert.ok(!(ranking[1] in second));
  assert.equal(second[ranking[7]], first[ranking[1]], 'it has the free colour');
  for (const finding of [ranking[0], ranking[2], ranking[3], ranking[4]])
    assert.equal(second[finding], first[finding], 'the others keep theirs');

  /** Where a line lies, in fractions of the map's box on show. */
  const place = () =>
    page.evaluate(() => {
      const [map, line] = ['#map', '#contours path[data-finding]'].map((selector) =>
        /** @type {Element} */ (document.querySelector(selector)).getBoundingClientRect(),
      );
      return {
        left: (line.left - map.left) / map.width,
        right: (map.right - line.right) / map.width,
        top: (line.top - map.top) / map.height,
        bottom: (map.bottom - line.bottom) / map.height,
        wide: map.width,
      };
    });
  const near = (/** @type {Record<string, number>} */ one, /** @type {Record<string, number>} */ two) => {
    for (const name of Object.keys(two))
      assert.ok(Math.abs(one[name] - two[name]) < 0.01, `${name}: ${one[name]} and ${two[name]}`);
  };
  const before = await place();
  await page.keyboard.press('+');
  await page
    .locator('#map')
    .waitForFunction((map, width) => map.getBoundingClientRect().width > 1.1 * width, before.wide);
  const { wide: _, ...sides } = before;
  near(await place(), sides);
  await page.keyboard.press('r');
  near(await place(), { left: before.bottom, top: before.left, right: before.top, bottom: before.right });
  await page.keyboard.press('h');
  near(await place(), { right: before.bottom, top: before.left, left: before.top, bottom: before.right });

  await page.getByTestId('contours-toggle').uncheck();
  assert.ok(await page.getByTestId('contours').isHidden());
  assert.ok(await page.getByTestId('contour-legend').isHidden());
});

test('axe-core finds nothing, and nothing scrolls sideways, wide and narrow', async () => {
  for (const [colorScheme, width, height] of /** @type {const} */ ([
    ['light', 1280, 800],
    ['dark', 360, 740],
  ])) {
    await start({ viewport: { width, height }, colorScheme, bypassCSP: true });
    await page.getByTestId('contours-toggle').check();
    await openWhy();
    await words().nth(1).click();
    await page.getByTestId('map-text').getByText('alone would look').waitFor();
    await page.screenshot({ path: join(OUTPUT, `why-${width}.png`), fullPage: width < 821 });
    const found = await violations(page);
    assert.deepEqual(found, [], `${colorScheme}, ${width} px`);
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `no sideways scrolling at ${width}`,
    );
    if (width === 1280) await context.close();
  }
});
