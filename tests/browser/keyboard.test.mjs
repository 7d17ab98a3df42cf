/** The main path without a pointer: an example, its findings, a finding of one's own, and the table of a series. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from './setup.mjs';
import { builtPage, reached, visit } from './visit.mjs';
/** @import { Page } from 'playwright-core' */

const built = builtPage();
/** What has the focus, in a word. @param {Page} page */
const focused = (page) =>
  page.evaluate(() => {
    const { id, dataset, className, tagName } = /** @type {HTMLElement} */ (document.activeElement);
    return id || dataset.phantom || dataset.value || className || tagName;
  });

/** The finding whose row has the focus. @param {Page} page */
const focusedFinding = (page) => page.locator('li:has(:focus)').getAttribute('data-finding');

/** Presses Tab until something has the focus, and says how often. @param {Page} page @param {string} wanted */
async function tabTo(page, wanted) {
  for (let count = 1; count < 60; count++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === wanted) return count;
  }
  throw new Error(`${wanted} was not reached`);
}

test('an example is opened, its list is one stop, and findings are chosen, removed, restored and added', async () => {
  const { context, page, problems } = await visit(built.browser, { bypassCSP: true, locale: 'en-GB' });
  await page.goto(built.site.origin);
  await reached(page, 'ready');
  await tabTo(page, 'effusion');
  await page.keyboard.press('Enter');
  await page.locator('[data-finding="Pleural Effusion"][data-selected]').waitFor();
  await reached(page, 'done');
  const row = (/** @type {string | null} */ finding) =>
    page.locator(`[data-testid="score-row"][data-finding="${finding}"]`);

  await tabTo(page, 'pick');
  assert.equal(await focusedFinding(page), 'Pleural Effusion');
  await page.keyboard.press('Tab');
  assert.notEqual(await focused(page), 'remove');
  assert.equal(await page.evaluate(() => Boolean(document.activeElement?.closest('#list'))), false, 'one stop');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  const second = await focusedFinding(page);
  await row(second).and(page.locator('[data-selected]')).waitFor();
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(page), 'remove');
  await page.keyboard.press('ArrowLeft');
  assert.equal(await focused(page), 'pick');
  await page.keyboard.press('ArrowRight');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Enter');
  await row(second).waitFor({ state: 'detached' });
  assert.equal(await page.getByTestId('score-row').count(), 13);
  assert.equal(await focused(page), 'pick', 'the focus goes on');

  await page.locator('#contours-toggle').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Space');
  assert.equal(await page.locator('.contour-check input:checked').count(), 4);
  await page.keyboard.press('Space');
  await page.getByTestId('contour-legend').getByText('5 contours at most: uncheck one to draw another.').waitFor();
  const lines = await page
    .locator('#contours g path')
    .evaluateAll((all) => all.map((path) => (path.classList.contains('halo') ? 'halo' : 'line')).join(' '));
  assert.match(lines, /^(halo )+line( line)+$/, 'the dark edge of one hides no other');

  await page.locator('#restore').focus();
  await page.keyboard.press('Enter');
  await row(second).waitFor();
  await page.getByTestId('finding-input').focus();
  await page.keyboard.type('scoliosis');
  await page.keyboard.press('Enter');
  await row('Scoliosis').and(page.locator('[data-unknown]')).waitFor();
  await page.locator('#export-open').focus();
  await page.keyboard.press('Enter');
  await page
    .getByTestId('share-link')
    .waitForFunction((/** @type {HTMLInputElement} */ link) => link.value.includes('#model='));
  assert.match(await page.getByTestId('share-link').inputValue(), /find=Scoliosis/, 'seen before it is copied');
  await page.keyboard.press('Escape');
  assert.deepEqual(problems, []);
  await context.close();
});
