/** How a score is to be read: the uncertain zone, contours beside and in a figure, and names in Japanese. With the shipped model. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { STYLES } from '../../www/core/viewport/contours.js';
import { OUTPUT, violations } from './setup.mjs';
import { addOwnWords, builtPage, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const CONFIG = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../models/default/config.json', import.meta.url)), 'utf8'),
);
const JAPANESE = /[ぁ-んァ-ヶ一-龠]/;

const built = builtPage();
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
  await page.goto(built.site.origin);
  await reach('ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
}

const reach = (/** @type {string} */ state) => reached(page, state);
const row = (/** @type {string} */ finding) => page.locator(`[data-testid="score-row"][data-finding="${finding}"]`);
const zone = () => textOf(page.getByTestId('zone'));

test('each finding says how to read its score, as measured; nothing is called a probability', async () => {
  await start();
  const { findings } = CONFIG.validation;
  const marked = [];
  for (const finding of CONFIG.presets[0].findings) {
    await row(finding).locator('.pick').click();
    await page.locator('#detail-name').getByText(finding, { exact: true }).waitFor();
    const { positives, negatives, undecided } = findings[`there is ${finding.toLowerCase()}`];
    const logit = Number((await textOf(page.locator('#detail-logit'))).replace('−', '-'));
    const words = await zone();
    const [from, to] = undecided ?? [0, 0];
    const within = from < to && from <= logit && logit <= to;
    const expected = !undecided
      ? `too few validation images with it (${positives})`
      : from >= to
        ? 'No uncertain zone: nine in ten images with it stand higher'
        : within
          ? 'Uncertain: '
          : logit > to
            ? 'Above the uncertain zone'
            : 'Below the uncertain zone';
    assert.ok(words.includes(expected), `${finding}: ${words}`);
    assert.match(
      words,
      new RegExp(
        `AUROC 0\\.\\d\\d \\(0\\.\\d\\d to [01]\\.\\d\\d\\)\\. Images with it: ${positives}, without: ${negatives}\\.`,
      ),
    );
    assert.doesNotMatch(words, /probab/i);
    assert.equal(await row(finding).locator('.track .unsure').isVisible(), within, finding);
    assert.equal(await page.locator('#chart .zone').count(), Number(from < to), finding);
    if (within) marked.push(finding);
  }
  assert.ok(marked.length, 'the example has at least one uncertain score');
  assert.match(await textOf(row(marked[0]).locator('.pick')), /percentile\s+uncertain/, 'also read out');
  const [from, to] = await row(marked[0])
    .locator('.zone')
    .evaluate(({ style }) => [style.left, style.width].map(parseFloat));
  assert.ok(from > 0 && to > 0 && from + to < 100);

  await addOwnWords(page, 'fluid around the lungs');
  await page.getByTestId('zone').getByText('No uncertain zone was measured for this wording.').waitFor();
  assert.equal(await page.locator('#chart .zone').count(), 0);
});

test('contours are drawn on image B too, and follow it', async () => {
  await start();
  await page.getByTestId('contours-toggle').check();
  await page.getByTestId('compare-toggle').click();
  await page.locator('[data-phantom="pneumothorax"]').click();
  await reach('done');
  const lines = (/** @type {string} */ id) =>
    page
      .getByTestId(id)
      .locator('path[data-finding]')
      .evaluateAll((all) => Object.fromEntries(all.map((path) => [path.dataset.finding, path.getAttribute('d')])));
  await page.getByTestId('beside-contours').locator('path[data-finding]').first().waitFor();
  const [a, b] = [await lines('contours'), await lines('beside-contours')];
  const shared = Object.keys(a).filter((finding) => finding in b);
  assert.ok(shared.length >= 3, 'the same findings');
  assert.ok(
    shared.every((finding) => a[finding] !== b[finding]),
    'each from its own picture',
  );
  const drift = () =>
    page.evaluate(() => {
      const [map, line] = ['#beside-map', '#beside-contours path[data-finding]'].map((selector) =>
        /** @type {Element} */ (document.querySelector(selector)).getBoundingClientRect(),
      );
      return { part: (line.left - map.left) / map.width, wide: map.width };
    });
  const before = await drift();
  await page.keyboard.press('+');
  await page
    .locator('#beside-map')
    .waitForFunction((map, wide) => map.getBoundingClientRect().width > 1.1 * wide, before.wide);
  assert.ok(Math.abs((await drift()).part - before.part) < 0.01);
  await page.screenshot({ path: join(OUTPUT, 'beside-contours.png') });
  await page.getByTestId('contours-toggle').uncheck();
  assert.ok(await page.getByTestId('beside-contours').isHidden());
});

test('the exported figure has the contours, with their names and standings', async () => {
  await start();
  /** How many pixels of the figure have a contour's colour, and which colours are in its legend: the picture above is as high as wide. */
  async function figure() {
    await page.getByTestId('export-open').click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-png').click()]);
    await page.keyboard.press('Escape');
    const path = await download.path();
    const data = readFileSync(path);
    await download.saveAs(join(OUTPUT, 'figure-contours.png'));
    return page.evaluate(
      async ({ base64, colours }) => {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
        const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
        context.drawImage(bitmap, 0, 0);
        const { data: rgba } = context.getImageData(0, 0, bitmap.width, bitmap.height);
        const wanted = colours.map((colour) => parseInt(colour.slice(1), 16));
        const counts = wanted.map(() => 0);
        const legend = new Set();
        for (let i = 0; i < rgba.length; i += 4) {
          const at = wanted.indexOf((rgba[i] << 16) | (rgba[i + 1] << 8) | rgba[i + 2]);
          if (at >= 0) counts[at]++;
          if (at >= 0 && i / 4 > bitmap.width ** 2) legend.add(at);
        }
        return { counts, named: legend.size };
      },
      { base64: data.toString('base64'), colours: STYLES.map(({ colour }) => colour) },
    );
  }
  await page.getByTestId('map-toggle').uncheck(); // the map's colours are not to be taken for a contour's
  const without = await figure();
  assert.deepEqual(without.counts, [0, 0, 0, 0, 0]);
  await page.getByTestId('contours-toggle').check();
  await page.getByTestId('contours').locator('path[data-finding]').first().waitFor();
  const figured = await figure();
  assert.ok(
    figured.counts.every((count) => count > 5),
    String(figured.counts),
  );
  assert.equal(figured.named, STYLES.length, 'with a legend');
});

test('every finding of the page has a Japanese name beside its prompt, which completes what is typed', async () => {
  await start({ locale: 'ja-JP' });
  await page.getByTestId('finding-input').pressSequentially('胸膜');
  await page.getByTestId('suggestions').getByText('Pleural Thickening', { exact: true }).waitFor();
  assert.ok((await page.getByTestId('suggestions').locator('li').allTextContents()).every((text) => /胸膜/.test(text)));
  await page.getByTestId('finding-input').fill('');
  await page.getByTestId('finding-input').pressSequentially('pleural pl');
  await page.getByTestId('suggestions').locator('li').first().getByText('胸膜プラーク', { exact: true }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('#detail-sentence').getByText('There is Pleural Plaques').waitFor();
  assert.match(
    await textOf(row('Pleural Plaques').locator('.name')),
    /^胸膜プラーク\s+Pleural Plaques\s+胸膜肥厚に近い・未検証$/,
  );
  for (const { id, findings } of CONFIG.presets) {
    await page.getByTestId('preset-select').selectOption(id);
    const names = await page
      .getByTestId('score-row')
      .evaluateAll((all) =>
        all.map(
          (each) => /** @type {const} */ ([each.dataset.finding, each.querySelector('.name')?.textContent ?? '']),
        ),
      );
    const shown = new Map(names);
    for (const finding of findings) {
      const name = shown.get(finding) ?? '';
      assert.ok(JAPANESE.test(name), finding);
      assert.ok(name.includes(` ${finding}`), `${finding}: its prompt stays on show`);
    }
  }
  await page.screenshot({ path: join(OUTPUT, 'ja-padchest-1280.png') });
});

test('axe-core finds nothing, and nothing scrolls sideways, wide and narrow', async () => {
  for (const [colorScheme, width, height, locale] of /** @type {const} */ ([
    ['light', 1280, 800, 'en-GB'],
    ['dark', 360, 740, 'ja-JP'],
  ])) {
    await start({ viewport: { width, height }, colorScheme, locale, bypassCSP: true });
    await page.screenshot({ path: join(OUTPUT, `zone-${width}.png`), fullPage: width < 821 });
    assert.deepEqual(await violations(page), [], colorScheme);
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `no sideways scrolling at ${width}`,
    );
    if (width === 1280) await context.close();
  }
});
