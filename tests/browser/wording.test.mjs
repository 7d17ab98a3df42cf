/** Words that the model never learnt stand apart, without a rank; words near something that it learnt say so. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { addOwnWords, builtPage, reached, recordTexts, visit } from './visit.mjs';

const built = builtPage();
/** The cells of a line of CSV. @param {string} line */
const fields = (line) => [...line.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, cell]) => cell);

test('words that the model never learnt have no standing, on the page and in what leaves it', async () => {
  const { context, page, problems } = await visit(built.browser, {});
  await page.goto(`${built.site.origin}/?device=cpu`);
  await reached(page, 'ready');
  await page.getByTestId('phantom-button').first().click();
  await reached(page, 'done');
  const rows = page.getByTestId('score-row');
  const learnt = await rows.count();
  for (const words of ['asdfgh', 'fluid around the lungs', 'no pneumothorax']) await addOwnWords(page, words);
  for (const words of ['fluid around the lungs', 'no pneumothorax'])
    await page.locator(`[data-finding="${words}"][data-kind="ranked"]`).waitFor();
  await reached(page, 'done');

  assert.equal(await rows.count(), learnt + 3);
  const last = rows.last();
  assert.match(await last.innerText(), /asdfgh\s+never learnt/);
  assert.equal(await page.locator('[data-unknown]').count(), 1, 'all others are ranked');
  const related = page.locator('[data-finding="fluid around the lungs"]');
  assert.match(await related.innerText(), /near Pleural Effusion, untested/);
  assert.match(await page.locator('[data-finding="no pneumothorax"]').innerText(), /negation, often misread/);

  await last.locator('.pick').click();
  const detail = page.locator('#detail');
  assert.match(await detail.innerText(), /learnt nothing near enough to these words/);
  assert.match(await detail.locator('#detail-logit').innerText(), /\d/, 'the score itself is a click away');

  await page.getByTestId('export-open').click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-csv').click()]);
  const [head, ...lines] = readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
    .map(fields);
  const cell = (/** @type {string} */ finding, /** @type {string} */ column) =>
    lines.find((line) => line[head.indexOf('finding')] === finding)?.[head.indexOf(column)];
  assert.deepEqual(
    ['percentile', 'wording', 'related'].map((column) => cell('asdfgh', column)),
    ['', 'unknown', ''],
  );
  assert.deepEqual(
    ['wording', 'related'].map((column) => cell('fluid around the lungs', column)),
    ['related', 'Pleural Effusion'],
  );
  assert.equal(cell('Pneumothorax', 'wording'), 'learnt');
  assert.deepEqual(
    ['Pneumothorax', 'no pneumothorax'].map((finding) => cell(finding, 'negated')),
    ['', 'yes'],
  );

  await recordTexts(page);
  await Promise.all([page.waitForEvent('download'), page.getByTestId('export-png').click()]);
  const written = await page.evaluate(() => window.written);
  const amber = written.filter(({ colour }) => colour === '#e0a93c').map(({ text }) => text);
  assert.match(amber.join(' '), /never learnt these words/, 'as a warning');

  await page.keyboard.press('Escape');
  await page.getByTestId('compare-toggle').click();
  await page.getByTestId('phantom-button').nth(1).click();
  const differing = (/** @type {string} */ finding) =>
    page.getByTestId('difference-row').filter({ has: page.locator(`[data-finding="${finding}"]`) });
  await differing('asdfgh').getByText('never learnt').waitFor();
  assert.match(await differing('fluid around the lungs').innerText(), /near Pleural Effusion, untested/);
  await page.getByTestId('compare-toggle').click();

  const order = await rows.evaluateAll((all) => all.map((row) => /** @type {HTMLElement} */ (row).dataset.finding));
  assert.deepEqual(order.slice(-2), ['no pneumothorax', 'asdfgh'], 'a negation leads no list');
  await page.locator('[data-finding="asdfgh"] .pick').click();
  await page.locator('#map-text', { hasText: 'never learnt these words' }).waitFor();

  await page.locator('#clear').focus();
  await page.keyboard.press('Enter');
  await page.locator('#restore:focus').waitFor();
  await page.locator('#live', { hasText: 'No finding is asked for' }).waitFor({ state: 'attached' });
  assert.deepEqual(problems, []);
  await context.close();
});
