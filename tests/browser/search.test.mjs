/** A series that is searched: by a sentence, and by likeness to an image. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { OUTPUT, carzero, root, violations } from './setup.mjs';
import { addOwnWords, builtPage, pixelsOf, reached, recordWorker, textOf, visit } from './visit.mjs';
import { LIKE, columnsOf, cosine } from '../../www/core/search.js';
import { rowsOnShow, seriesOf } from '../../www/core/table.js';
import { Kept } from '../../www/worker/kept.js';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */
/** @import { Files } from './visit.mjs' */

const MODEL = join(root, 'models/default');
const built = builtPage({ micro: true });
const folder = join(built.work, 'ward');
const NAMES = ['cardiomegaly', 'effusion', 'normal', 'pneumothorax'];
const images = NAMES.map((name) => join(folder, `${name}.png`));
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(() => {
  mkdirSync(folder);
  NAMES.forEach((name, i) => carzero('phantom', name, '--out', images[i]));
});
beforeEach(() => start());
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** @param {BrowserContextOptions} [options] Of the browser's context */
async function start(options = {}) {
  await context?.close();
  ({ context, page, problems } = await visit(built.browser, options));
}

/** @param {Files} files @param {string} [path] */
async function openSeries(files, path = '/') {
  await page.goto(built.site.origin + path);
  await reached(page, 'ready');
  await page.setInputFiles('[data-testid="file-input"]', files);
}
const scored = (/** @type {string} */ words) =>
  page.getByTestId('series-count').getByText(words).waitFor({ timeout: 120_000 });
const told = (/** @type {string | RegExp} */ words) =>
  page.getByTestId('search-live').getByText(words).waitFor({ state: 'attached', timeout: 30_000 });
const names = () => page.locator('[data-testid="series-row"] :is(.open, .failed-name)').allTextContents();
const row = (/** @type {string} */ name) => page.getByTestId('series-row').filter({ hasText: name });
const head = (/** @type {string} */ name) =>
  page.getByTestId('series-table').getByRole('columnheader', { name, exact: true });
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `search-${name}.png`) });
const noSidewaysScrolling = async () =>
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

/** @param {string} text */
async function search(text) {
  if (await page.getByTestId('search-text').isHidden()) await page.getByTestId('search-open').click();
  await page.getByTestId('search-text').fill(text);
  await page.keyboard.press('Enter');
}
/** How many times a file was decoded for the table so far. */
const decoded = () =>
  page.evaluate(
    () => globalThis.asked.filter(({ type, payload }) => type === 'assess' && !Object(payload).kept).length,
  );

test('typed words rank the images as the finding that they stand for, with its map on those in sight', async () => {
  await recordWorker(page);
  await openSeries(images);
  await scored('Scored 4 of 4');
  await page.getByTestId('search-open').click();
  assert.ok(await page.getByTestId('search-text').evaluate((input) => input === document.activeElement));
  await page.keyboard.type('胸水');
  await page.keyboard.press('Enter');
  await told('4 images ranked by Pleural Effusion (“胸水”), highest first.');
  assert.equal((await names())[0], 'effusion.png');
  const heads = page.locator('#series-heads th');
  assert.equal(await textOf(heads.nth(1)), 'Pleural Effusion', 'its column comes first');
  assert.equal(await heads.count(), 1 + 14, 'and is there once');
  assert.equal(await head('Pleural Effusion').getAttribute('aria-sort'), 'descending');
  await page.locator('.thumbnail[data-map]').nth(3).waitFor();
  const pixels = await pixelsOf(row('effusion.png').locator('canvas'));
  const coloured = pixels.filter((_, i) => i % 4 === 0 && Math.abs(pixels[i] - pixels[i + 2]) > 30).length;
  assert.ok(coloured > 50, `the map lies over it: ${coloured} coloured pixels`);
  await screenshot('text-1280');

  // Words that no list has: one that was learnt in other words, and one that was not.
  await search('hazy lung');
  await told('4 images ranked by hazy lung, highest first.');
  assert.equal(await heads.count(), 1 + 15);
  assert.match(await textOf(page.getByTestId('search-notes')), /near/i, 'near what it learnt');
  await search('a coin in the oesophagus');
  await told(/a coin in the oesophagus/);
  assert.equal(await row('normal.png').locator('td').first().getAttribute('data-kind'), 'unranked');
  assert.match(await textOf(row('normal.png').locator('td').first()), /never learnt/);
  assert.match(await textOf(page.getByTestId('search-notes')), /the order says nothing of them/);
  await search('no pneumothorax');
  await told(/There is no Pneumothorax/);
  assert.match(await textOf(page.getByTestId('search-notes')), /often misreads negation/);
  assert.equal(await decoded(), 4, 'every file was decoded once');

  await search('effusion and cardiomegaly');
  await page.getByTestId('search-error').getByText('This names 2 findings. Rank by one of them.').waitFor();
  await search('肺');
  await page
    .getByTestId('search-error')
    .getByText(/no word that the model can read/)
    .waitFor();
  assert.match(await textOf(page.getByTestId('search-told')), /no Pneumothorax/, 'a refusal leaves the order before');
});

test('a search ends as it began, by keys too, and other heads sort meanwhile', async () => {
  await openSeries(images);
  await scored('Scored 4 of 4');
  await head('Image').getByRole('button').click();
  await head('Image').getByRole('button').click();
  const before = await names();
  assert.deepEqual(before, images.map((path) => path.split('/').at(-1)).toReversed());
  await search('PTX');
  await told(/ranked by Pneumothorax \(“PTX”\)/);
  await search('');
  await page.waitForFunction(() => !document.querySelector('#search-told')?.textContent);
  assert.deepEqual(await names(), before);
  assert.equal(await head('Image').getAttribute('aria-sort'), 'descending');
  await search('PTX');
  await told(/Pneumothorax/);
  await head('Cardiomegaly').getByRole('button').click();
  assert.equal(await head('Cardiomegaly').getAttribute('aria-sort'), 'descending');
  await page.getByTestId('search-text').focus();
  await page.keyboard.press('Escape');
  await page.getByTestId('search-text').waitFor({ state: 'hidden' });
  assert.ok(await page.getByTestId('search-open').evaluate((button) => button === document.activeElement));
  assert.equal(await head('Cardiomegaly').getAttribute('aria-sort'), 'descending', 'what was sorted since stays');
  assert.equal(await page.locator('.thumbnail[data-map]').count(), 0);
});

test('images are ranked by their likeness to the open one, as the command line does', async () => {
  const twin = join(folder, 'twin of normal.png');
  copyFileSync(images[2], twin);
  await openSeries([images[0], twin, ...images.slice(1)]);
  await scored('Scored 5 of 5');
  await page.getByTestId('search-open').click();
  assert.ok(await page.getByTestId('search-like').isDisabled(), 'no image is open');
  await page.locator('.open', { hasText: /^normal\.png$/ }).click();
  await reached(page, 'done');
  await page.getByTestId('series-back').click();
  await page.getByTestId('search-like').click();
  await told('5 images ranked by likeness to normal.png, highest first.');
  assert.deepEqual(
    (await names()).slice(0, 2),
    ['normal.png', 'twin of normal.png'],
    'the image itself, then its copy',
  );
  assert.match(await textOf(page.getByTestId('search-notes')), /no likeness of diagnosis/);
  assert.equal(await head('Likeness').getAttribute('aria-sort'), 'descending');
  const shown = await page.locator('[data-testid="series-row"] td[data-kind="likeness"]').allTextContents();
  assert.equal(shown[0], '1.000');
  assert.ok(shown.every((text) => !text.includes('%')));
  assert.equal(await page.locator('.thumbnail[data-map]').count(), 0, 'there is no map of a likeness');
  await screenshot('like-1280');

  const lines = carzero('search', '--model', MODEL, '--like', images[2], '--format', 'json', folder).trim().split('\n');
  const native = lines.map((line) => JSON.parse(line));
  const nameOf = (/** @type {string} */ path) => path.split('/').at(-1) ?? '';
  assert.deepEqual(
    (await names()).slice(2),
    native.slice(2).map(({ image }) => nameOf(image)),
  );
  native.forEach(({ likeness }, i) =>
    assert.ok(Math.abs(likeness - Number(shown[i])) < 2e-3, `${likeness}, ${shown[i]}`),
  );

  await page.getByTestId('export-open').click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const exported = JSON.parse(readFileSync(await download.path(), 'utf8'));
  assert.deepEqual(exported.search, { like: 'normal.png' });
  exported.images.forEach((/** @type {any} */ { likeness }, /** @type {number} */ i) =>
    assert.equal(likeness.toFixed(3), shown[i]),
  );
});

test('another finding, and a search, are scored without the files once these were read', async () => {
  const own = join(built.work, 'gone');
  mkdirSync(own);
  const files = images.map((path) => join(own, path.split('/').at(-1) ?? ''));
  files.forEach((path, i) => copyFileSync(images[i], path));
  await openSeries(files);
  await scored('Scored 4 of 4');
  await page.getByRole('button', { name: 'Findings' }).click();
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await scored('Scored 4 of 4');
  for (const path of files) writeFileSync(path, 'gone'); // a browser reads no file that has changed
  await addOwnWords(page, 'a tortuous aorta');
  await head('a tortuous aorta').waitFor();
  await page.waitForFunction(
    () => document.querySelectorAll('[data-testid="series-row"] td:not([data-kind="unscored"])').length === 4 * 6,
  );
  await search('pneumonia');
  await told('4 images ranked by Pneumonia, highest first.');
  assert.equal(await page.locator('[data-testid="series-row"][data-state="failed"]').count(), 0);
});

test('a series that rests is searched, and scored for nothing else', async () => {
  await page.goto(`${built.site.origin}/?model=models/micro`);
  await reached(page, 'ready');
  // A worker that is held at its first image, so that a person has the time to pause.
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.type === 'assess' && !('release' in globalThis))
        return void (globalThis.release = () => Reflect.apply(post, this, [message, ...rest]));
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
  await page.setInputFiles('[data-testid="file-input"]', images);
  await page.getByTestId('series-run').click();
  await page.evaluate(() => globalThis.release());
  await scored('Paused at 1 of 4');
  await search('Edema');
  await told('4 images ranked by Pulmonary Edema (“Edema”), highest first.');
  await scored('Paused at 1 of 4, 3 in part');
  await page.getByTestId('series-run').click();
  await scored('Scored 4 of 4');
  await page.getByRole('button', { name: 'Findings' }).click();
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await scored('Scored 4 of 4');
  assert.equal(await page.locator('#series-heads th').count(), 1 + 5, 'Edema is one of them');
});

test('what leaves the page names the search, and has its column', async () => {
  await openSeries(images);
  await scored('Scored 4 of 4');
  await search('hazy lung');
  await told(/hazy lung/);
  await page.getByTestId('export-open').click();
  const save = async (/** @type {'csv' | 'json'} */ kind) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(`export-${kind}`).click()]);
    return readFileSync(await download.path(), 'utf8');
  };
  const { search: searched, images: all } = JSON.parse(await save('json'));
  assert.deepEqual(searched, { finding: 'hazy lung', typed: 'hazy lung' });
  assert.deepEqual(
    all.map((/** @type {any} */ { image }) => image),
    await names(),
    'in the order of the table',
  );
  assert.equal(all[0].scores[0].finding, 'hazy lung');
  const [columns, first] = (await save('csv')).split('\r\n').map((line) => line.split(','));
  assert.equal(first[columns.indexOf('search')], 'hazy lung');
  assert.equal(first[columns.indexOf('finding')], 'hazy lung');
  await page.keyboard.press('Escape');
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.match(await textOf(page.locator('#print')), /Ranked by: hazy lung\./);
});

test('while a case is read there is no search, and nothing of it', async () => {
  await openSeries(images);
  await scored('Scored 4 of 4');
  await search('effusion');
  await told(/Pleural Effusion/);
  await row('effusion.png').locator('.open').click();
  await reached(page, 'done');
  await page.getByTestId('teach-toggle').click();
  await page.getByTestId('teach-surprise').click();
  await page.getByTestId('teach-reveal').waitFor();
  assert.equal(await page.getByTestId('series').isVisible(), false);
  assert.equal(await page.getByTestId('series-back').isVisible(), false);
  assert.doesNotMatch(await page.locator('main').innerText(), /ranked by/i);
});

test('another model scores the sentence anew, and a likeness ends with its model', async () => {
  await openSeries(images);
  await scored('Scored 4 of 4');
  await search('effusion');
  await told(/Pleural Effusion/);
  await page.getByTestId('device-label').click();
  await page.setInputFiles('[data-testid="model-folder"]', join(built.work, 'micro'));
  await page.getByTestId('model-from').getByText('micro, on this device').waitFor({ state: 'attached' });
  await told('4 images ranked by Pleural Effusion (“effusion”), highest first.');
  await page
    .locator('[data-testid="series-row"] td[data-kind="unranked"]')
    .nth(4 * 14 - 1)
    .waitFor();
});

for (const [width, colorScheme, locale] of /** @type {const} */ ([
  [390, 'dark', 'en-GB'],
  [360, 'light', 'ja-JP'],
]))
  test(`on a phone of ${width} pixels, ${colorScheme}, in ${locale}`, async () => {
    await start({ viewport: { width, height: 740 }, colorScheme, locale, hasTouch: true, bypassCSP: true });
    await openSeries(images);
    await page.locator('.series[data-done]').waitFor({ timeout: 120_000 });
    await search('effusion');
    await told(/4/);
    await page.locator('.thumbnail[data-map]').first().waitFor();
    assert.equal((await names())[0], 'effusion.png');
    await noSidewaysScrolling();
    const buttons = await page
      .locator('.search button:visible')
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().height));
    assert.ok(
      buttons.every((height) => height >= 40),
      `large enough for a finger: ${buttons}`,
    );
    await screenshot(String(width));
    assert.deepEqual(await violations(page), []);
    await row('normal.png').locator('.open').click();
    await reached(page, 'done');
    await page.getByTestId('series-back').click();
    await page.getByTestId('search-like').click();
    await told(/normal\.png/);
    await noSidewaysScrolling();
    await screenshot(`like-${width}`);
    assert.deepEqual(await violations(page), []);
  });

test('the image itself comes first, equal ones stay in their order, and what is not encoded comes last', () => {
  const series = seriesOf(
    ['a', 'b', 'c', 'd', 'e'].map((name) => ({ file: new File([], name), name })),
    {},
  );
  const vectors = [[1, 1], [2, 0], null, [3, 0], [-1, 0]];
  const rows = series.rows.map((each, i) => ({ ...each, embedding: vectors[i] && Float32Array.from(vectors[i]) }));
  const { file } = rows[3].source;
  const embedding = Float32Array.of(3, 0);
  const found = { by: /** @type {const} */ ('image'), file, name: 'd', embedding, before: series.sort };
  const order = (/** @type {boolean} */ down) =>
    rowsOnShow({ ...series, rows, search: found, sort: { by: LIKE, down } }, [])
      .map(({ name }) => name)
      .join('');
  assert.equal(order(true), 'dbaec');
  assert.equal(order(false), 'eabdc');
  assert.equal(
    cosine(Float32Array.of(1, 2), Float32Array.of(2, 1)),
    cosine(Float32Array.of(2, 1), Float32Array.of(1, 2)),
  );
  assert.equal(cosine(Float32Array.of(0, 0), Float32Array.of(2, 1)), 0);
  const text = { by: /** @type {const} */ ('text'), finding: 'y', typed: 'y', before: series.sort };
  assert.deepEqual(columnsOf({ search: text }, ['x', 'y', 'z']), ['y', 'x', 'z']);
});

test('what is kept of images has a bound in bytes, and is let go with the series', () => {
  const kept = new Kept(100);
  const view = { x: 0, y: 0, width: 1, height: 1 };
  const encoding = () => ({ numbers: new Uint16Array(20), view }); // 40 bytes
  kept.keep(1, encoding());
  kept.keep(2, encoding());
  kept.keep(2, encoding());
  assert.ok(kept.hasRoom);
  kept.keep(3, encoding());
  assert.equal(kept.hasRoom, false);
  assert.deepEqual(
    [1, 2, 3].map((key) => Boolean(kept.get(key))),
    [true, true, false],
    'the first stay',
  );
  kept.clear();
  assert.equal(kept.get(1), undefined);
  kept.keep(3, encoding());
  assert.ok(kept.get(3) && kept.hasRoom);
});
