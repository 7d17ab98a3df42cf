/** What a picture looks like to the model: warnings before the scores, and a picture with black and white exchanged. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { serve } from './server.mjs';
import { DIST, MICRO, OUTPUT, carzero, convertMicro, launch, scratch, violations } from './setup.mjs';
import { reached, textOf } from './visit.mjs';
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Files } from './visit.mjs' */
/** @import { Site } from './server.mjs' */

const work = scratch();
const film = join(work.path, 'film.png');
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {Page} */ let page;

before(async () => {
  carzero('phantom', 'normal', '--out', film);
  convertMicro(join(work.path, 'micro'), 'q8');
  browser = await launch();
  site = await serve({ '/': DIST, '/models/micro/': join(work.path, 'micro') });
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, bypassCSP: true });
}); // for axe
afterEach(() => page.close());

const reach = (/** @type {string} */ state) => reached(page, state);
const open = async (path = '/') => {
  await page.goto(site.origin + path);
  await reach('ready');
};
const warnings = () => page.getByTestId('warnings');
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const choose = (/** @type {Files} */ files) => page.setInputFiles('[data-testid="file-input"]', files);
const scores = async () => {
  await page.getByTestId('export-open').click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-csv').click()]);
  await page.keyboard.press('Escape');
  return readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
};

/** A page of text. */
async function letter() {
  const data = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(600, 800);
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
    context.fillStyle = 'white';
    context.fillRect(0, 0, 600, 800);
    context.fillStyle = 'black';
    context.font = '16px serif';
    for (let y = 60; y < 760; y += 24)
      context.fillText('Dear colleague, thank you for sending us this patient, who was seen', 50, y, 500);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  return { name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from(data) };
}

/** The film with black and white exchanged. */
async function negative() {
  const data = await page.evaluate(
    async (film) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${film}`)).blob());
      const canvas = new OffscreenCanvas(image.width, image.height);
      const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
      context.drawImage(image, 0, 0);
      const pixels = context.getImageData(0, 0, image.width, image.height);
      pixels.data.forEach((value, i) => {
        if (i % 4 < 3) pixels.data[i] = 255 - value;
      });
      context.putImageData(pixels, 0, 0);
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
    },
    readFileSync(film, 'base64'),
  );
  return { name: 'negative.png', mimeType: 'image/png', buffer: Buffer.from(data) };
}

test('a page of text is warned of before its scores, and marked in the table and in what is exported', async () => {
  await open();
  const image = await letter();
  await choose(image);
  await warnings().getByText('does not look like a frontal chest radiograph').waitFor();
  await reach('done');
  assert.equal(await page.getByTestId('exchange').isVisible(), false);
  assert.deepEqual(await violations(page), []);
  await screenshot('looks-1280');
  await page.setViewportSize({ width: 360, height: 740 });
  await warnings().scrollIntoViewIfNeeded();
  await screenshot('looks-360');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
  await page.setViewportSize({ width: 1280, height: 800 });

  await choose([image, { ...image, name: 'second.png' }]);
  await page.getByTestId('series-count').getByText('Scored 2 of 2').waitFor({ timeout: 120_000 });
  assert.equal(await page.locator('[data-testid="series-row"] .warned').count(), 2);
  const [heads, first] = await scores();
  assert.equal(first[heads.indexOf('verdict')], 'unfamiliar');
  assert.match(first[heads.indexOf('warnings')], /unfamiliar/);
});

test('a picture that looks inverted is exchanged for the model and the viewer, and back', async () => {
  await open();
  await choose(film);
  await reach('done');
  assert.equal(await textOf(warnings()), '');
  const logits = (await scores()).map((row) => row[4]);

  const exchange = page.getByTestId('exchange');
  await choose(await negative());
  await warnings().getByText('This looks inverted').waitFor();
  await reach('done');
  await screenshot('looks-inverted-1280');
  assert.deepEqual(await violations(page), []);
  await exchange.press('Enter');
  await warnings().getByText('Shown and scored with black and white exchanged.').waitFor();
  await reach('done');
  await screenshot('looks-exchanged-1280');
  // Sums are made in another order where findings are scored in other batches.
  const [heads, ...exchangedRows] = await scores();
  const exchanged = ['', ...exchangedRows.map((row) => row[heads.indexOf('logit')])];
  assert.match(exchangedRows[0][heads.indexOf('warnings')], /^negative/);
  assert.equal(exchanged.length, logits.length);
  for (const [i, logit] of exchanged.slice(1).entries()) {
    assert.ok(
      Math.abs(Number(logit) - Number(logits[i + 1])) < 1e-4,
      `the model saw the film: ${logit}, not ${logits[i + 1]}`,
    );
  }

  await exchange.press('Enter');
  await warnings().getByText('This looks inverted').waitFor();
  await reach('done');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'exchange', 'the focus stays');

  // In a series the table has the scores of what was exchanged.
  const inverted = await negative();
  await choose([{ ...inverted, name: 'first.png' }, inverted]);
  const counted = page.getByTestId('series-count').getByText('Scored 2 of 2');
  await counted.waitFor({ timeout: 120_000 });
  await page.locator('[data-testid="series-row"] .open').first().click();
  await warnings().getByText('This looks inverted').waitFor();
  await exchange.click();
  await warnings().getByText('Shown and scored with black and white exchanged.').waitFor();
  await page.getByTestId('series-back').click();
  await counted.waitFor();
  const [head, ...rows] = await scores();
  const of = (/** @type {string} */ image) => rows.filter((row) => row[head.indexOf('image')] === image);
  assert.match(of('first.png')[0][head.indexOf('warnings')], /^negative/);
  assert.match(of('negative.png')[0][head.indexOf('warnings')], /inverted/);
  for (const [i, row] of of('first.png').entries())
    assert.ok(Math.abs(Number(row[head.indexOf('logit')]) - Number(logits[i + 1])) < 1e-4);
});

test('a drawing is called one, and a model that does not say it says nothing', async () => {
  await open();
  await page.locator('#phantoms button').first().click();
  await reach('done');
  assert.equal(await textOf(warnings()), 'This is a drawing: how the model scores it says little of real radiographs.');
  await open('/?model=models/micro');
  await choose(join(MICRO, 'img0.png'));
  await reach('done');
  assert.equal(await textOf(warnings()), '');
});

test('a TIFF file is read, and a DICOM file’s notes, facts and reasons are Japanese where the page is', async () => {
  await page.close();
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: 'ja-JP' });
  await open();
  const [width, height] = [64, 64];
  const pixels = Buffer.from(Array.from({ length: width * height }, (_, i) => (i % width) * 4));
  const entries = [
    [256, 4, width],
    [257, 4, height],
    [258, 3, 8],
    [259, 3, 1],
    [262, 3, 1],
    [273, 4, 8],
    [277, 3, 1],
    [278, 4, height],
    [279, 4, pixels.length],
  ];
  const directory = Buffer.alloc(2 + 12 * entries.length + 4);
  directory.writeUInt16LE(entries.length, 0);
  entries.forEach(([tag, type, value], i) => {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(1, 6 + 12 * i);
    directory.writeUInt32LE(value, 10 + 12 * i);
  });
  const head = Buffer.from([0x49, 0x49, 42, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(8 + pixels.length, 4);
  await choose({ name: 'film.tif', mimeType: '', buffer: Buffer.concat([head, pixels, directory]) });
  await page.getByText('64 × 64').waitFor();
  await reach('done');

  await choose({ name: 'side', mimeType: '', buffer: dicom({ view: 'LL', secret: 'x' }) });
  await warnings().getByText('側面像').waitFor();
  assert.match(await textOf(page.locator('#image-note')), /ファイルのウィンドウで表示（中心2048、幅4096）/);
  assert.match(await textOf(page.getByTestId('facts')), /16ビット中12ビット、符号なし/);
  const cut = dicom({ view: 'LL', secret: 'x' });
  for (const [buffer, said] of /** @type {const} */ ([
    [cut.subarray(0, 2000), /読み込めません[^]*（[^A-Za-z]+）/],
    [Buffer.from('PK\x03\x04aaaaaaaa'), /ZIP形式の圧縮ファイル/],
  ])) {
    await choose({ name: 'cut', mimeType: '', buffer });
    await page.getByTestId('error-message').getByText(said).waitFor();
    await page.locator('#dismiss').click();
  }
});
