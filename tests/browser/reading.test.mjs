/** How a score is to be read: the uncertain zone. With the shipped model. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from './server.mjs';
import { DIST, OUTPUT, launch, violations } from './setup.mjs';

const CONFIG = JSON.parse(readFileSync(fileURLToPath(new URL('../../models/default/config.json', import.meta.url)), 'utf8'));

let browser;
let site;
let context;
let page;
/** @type {string[]} */ let problems;

before(async () => {
  browser = await launch();
  site = await serve({ '/': DIST });
});
after(async () => {
  await browser.close();
  await site.close();
});
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** Opens the page with a synthetic chest, scored. @param {object} [options] Of the browser's context */
async function start(options = {}) {
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(site.origin);
  await reach('ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
}

const reach = (/** @type {string} */ state) => page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout: 120_000 });
const row = (/** @type {string} */ finding) => page.locator(`[data-testid="score-row"][data-finding="${finding}"]`);
const zone = () => page.getByTestId('zone').textContent();

test('each finding says how to read its score, as measured; nothing is called a probability', async () => {
  await start();
  const { findings } = CONFIG.validation;
  const marked = [];
  for (const finding of CONFIG.presets[0].findings) {
    await row(finding).locator('.pick').click();
    await page.locator('#detail-name').getByText(finding, { exact: true }).waitFor();
    const { positives, negatives, undecided } = findings[`there is ${finding.toLowerCase()}`];
    const logit = Number((await page.locator('#detail-logit').textContent()).replace('−', '-'));
    const words = await zone();
    const [from, to] = undecided ?? [0, 0];
    const within = from < to && from <= logit && logit <= to;
    const expected = !undecided ? `too few validation images with it (${positives})`
      : from >= to ? 'No uncertain zone: images with it and without it hardly overlap'
      : within ? 'Uncertain: ' : logit > to ? 'Above the uncertain zone' : 'Below the uncertain zone';
    assert.ok(words.includes(expected), `${finding}: ${words}`);
    assert.match(words, new RegExp(`AUROC 0\\.\\d\\d \\(0\\.\\d\\d to [01]\\.\\d\\d\\), from ${positives} images with it and ${negatives} without\\.`));
    assert.doesNotMatch(words, /probab/i);
    assert.equal(await row(finding).locator('.track .unsure').isVisible(), within, finding);
    assert.equal(await page.locator('#chart .zone').count(), Number(from < to), finding);
    if (within) marked.push(finding);
  }
  assert.ok(marked.length, 'the example has at least one uncertain score');
  assert.match(await row(marked[0]).locator('.pick').textContent(), /percentile\s+uncertain/, 'also read out');
  const [from, to] = await row(marked[0]).locator('.zone').evaluate(({ style }) => [style.left, style.width].map(parseFloat));
  assert.ok(from > 0 && to > 0 && from + to < 100);

  await page.getByTestId('finding-input').fill('fluid where there should be none');
  await page.keyboard.press('Enter');
  await page.getByTestId('zone').getByText('No uncertain zone was measured for this wording.').waitFor();
  assert.equal(await page.locator('#chart .zone').count(), 0);
});

test('axe-core finds nothing, and nothing scrolls sideways, wide and narrow', async () => {
  for (const [colorScheme, width, height, locale] of [['light', 1280, 800, 'en-GB'], ['dark', 360, 740, 'ja-JP']]) {
    await start({ viewport: { width, height }, colorScheme, locale, bypassCSP: true });
    await page.screenshot({ path: join(OUTPUT, `zone-${width}.png`), fullPage: width < 821 });
    assert.deepEqual(await violations(page), [], colorScheme);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `no sideways scrolling at ${width}`);
    if (width === 1280) await context.close();
  }
});
