/** Many images: the table, what goes out of it, and two images side by side. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from './server.mjs';
import { DIST, MICRO, OUTPUT, carzero, convertMicro, launch, scratch } from './setup.mjs';

const NARROW = { width: 360, height: 740 };
const work = scratch();
const folder = join(work.path, 'ward 7');
const broken = join(folder, '=2+3.png');
const images = ['effusion', 'normal', 'pneumothorax'].map((name) => join(folder, `${name}.png`));
let browser;
let site;
let context;
let page;
/** @type {string[]} */ let problems;

before(async () => {
  mkdirSync(folder);
  carzero('phantom', 'effusion', '--out', images[0]);
  carzero('phantom', 'normal', '--out', images[1]);
  carzero('phantom', 'pneumothorax', '--out', images[2]);
  writeFileSync(broken, 'no image');
  writeFileSync(join(folder, '.hidden'), 'left out');
  writeFileSync(join(folder, 'notes.txt'), 'left out');
  convertMicro(join(work.path, 'micro'), 'q8');
  browser = await launch();
  site = await serve({ '/': DIST, '/models/micro/': join(work.path, 'micro') });
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
});
beforeEach(() => start());
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** @param {object} [options] Of the browser's context */
async function start(options = {}) {
  await context?.close();
  context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
}

const open = async (path = '/') => {
  await page.goto(site.origin + path);
  await reach('ready');
};
const reach = (/** @type {string} */ state) => page.locator(`html[data-state="${state}"]`).waitFor({ state: 'attached', timeout: 120_000 });
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const choose = (/** @type {string | string[]} */ files) => page.setInputFiles('[data-testid="file-input"]', files);
const counts = (/** @type {string} */ words) => page.getByTestId('series-count').getByText(words).waitFor({ timeout: 120_000 });
const names = () => page.locator('[data-testid="series-row"] :is(.open, .failed-name)').allTextContents();
const row = (/** @type {string} */ name) => page.getByTestId('series-row').filter({ hasText: name });
const head = (/** @type {string} */ name) => page.getByTestId('series-table').getByRole('columnheader', { name, exact: true });
const noSidewaysScrolling = async () => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

/** A light or dark page that axe-core can look at. @param {string} state */
async function audit(state) {
  await page.evaluate(readFileSync(fileURLToPath(import.meta.resolve('axe-core')), 'utf8'));
  const found = await page.evaluate(async () => (await globalThis.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
  assert.deepEqual(found, [], state);
}

test('a folder becomes a table, which can be sorted, filtered, opened and come back to', async () => {
  await open();
  await page.setInputFiles('[data-testid="folder-input"]', folder);
  await counts('Scored 3 of 4, 1 not read');
  assert.deepEqual(await names(), ['=2+3.png', 'effusion.png', 'normal.png', 'pneumothorax.png'], 'what is hidden or no image stays out');
  assert.match(await row('=2+3.png').textContent(), /Not read: .+/);
  assert.equal(await row('effusion.png').locator('td[data-kind="ranked"]').count(), 14);
  await screenshot('series-1280');

  await head('Image').getByRole('button').click();
  assert.equal(await head('Image').getAttribute('aria-sort'), 'ascending');
  await head('Pleural Effusion').getByRole('button').click();
  assert.equal(await head('Pleural Effusion').getAttribute('aria-sort'), 'descending');
  const standings = await page.locator('[data-testid="series-row"][data-state="done"] td:nth-child(4) .fill').evaluateAll((all) => all.map((fill) => parseFloat(fill.style.width)));
  assert.deepEqual(standings, standings.toSorted((a, b) => b - a));
  assert.deepEqual((await names()).at(-1), '=2+3.png', 'what has no score comes last');

  await page.getByTestId('series-name').fill('NORM');
  assert.deepEqual(await names(), ['normal.png']);
  await page.getByTestId('series-name').fill('');
  await page.getByTestId('series-finding').selectOption('Pleural Effusion');
  const least = Math.min(...standings);
  await page.getByTestId('series-above').fill(String(Math.floor(least + 1)));
  assert.equal((await names()).length, standings.filter((standing) => standing > Math.floor(least + 1)).length);
  await page.getByTestId('series-above').fill('');

  await row('normal.png').getByRole('button').focus();
  await page.keyboard.press('Enter');
  await page.getByTestId('series').waitFor({ state: 'hidden' });
  await reach('done');
  await page.getByText('normal.png · 1024').waitFor();
  const all = await names();
  const after = all[all.indexOf('normal.png') + 1];
  if (after !== '=2+3.png') {
    await page.getByTestId('series-next').click();
    await page.getByText(`${after} · 1024`).waitFor();
    await reach('done');
  }
  await page.getByTestId('series-back').click();
  await page.getByTestId('series').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.className), 'open', 'the focus is where it was');
  await page.setViewportSize(NARROW);
  await screenshot('series-360');
  await noSidewaysScrolling();
});

test('a series that is cancelled rests, goes on, and follows the list of findings', async () => {
  await open('/?model=models/micro');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  // A worker that is held at its second image, so that a person has the time to cancel.
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    let assessed = 0;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.type === 'assess' && ++assessed === 2) return void (globalThis.release = () => post.call(this, message, ...rest));
      return post.call(this, message, ...rest);
    };
  });
  const files = Array.from({ length: 6 }, (_, i) => ({ name: `patient ${i + 1}.png`, mimeType: 'image/png', buffer: readFileSync(join(MICRO, `img${i % 3}.png`)) }));
  await choose(files);
  await counts('Scoring 1 of 6');
  assert.equal(await page.locator('[data-testid="series-row"][data-state="done"]').count(), 1, 'results come row by row');
  await page.getByTestId('series-run').click();
  await page.evaluate(() => globalThis.release());
  await counts('Cancelled at 2 of 6');
  assert.equal(await page.locator('[data-testid="series-row"][data-state="waiting"]').count(), 4);
  await page.getByTestId('series-run').click();
  await counts('Scored 6 of 6');
  assert.equal(await row('patient 1.png').locator('td[data-kind="unranked"]').count(), 5, 'logits where there is no reference');

  await page.getByRole('button', { name: 'Findings' }).click();
  await page.getByTestId('finding-input').fill('a coin in the oesophagus');
  await page.keyboard.press('Enter');
  await head('a coin in the oesophagus').waitFor();
  await counts('Scored 6 of 6');
  assert.equal(await row('patient 6.png').locator('td[data-kind="unranked"]').count(), 6);
  await screenshot('series-findings-1280');

  await page.getByTestId('series-close').click();
  await page.getByTestId('series').waitFor({ state: 'hidden' });
  await choose(join(MICRO, 'img0.png'));
  await reach('done');
});
