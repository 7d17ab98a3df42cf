/** A reference population of one's own: measured from a series, kept, saved, opened again, and left again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { CARZERO, OUTPUT, carzero, root, violations } from './setup.mjs';
import { addOwnWords, builtPage, openMenu, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const COUNT = 52;
const NARROW = { width: 390, height: 844 };
const MODEL = join(root, 'models/default');
const built = builtPage({ micro: true });
const ward = join(built.work, 'ward');
const own = join(built.work, 'own.json');
/** @type {string[]} */ let paths;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(() => {
  carzero('phantom', '--random', String(COUNT), '--seed', '7', '--size', '224', '--out', ward);
  const names = readdirSync(ward, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
  paths = names.sort().map((name) => join(ward, name));
  carzero('reference', '--model', MODEL, '--population', 'my ward', '--out', own, ...paths);
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

const by = (/** @type {string} */ id) => page.getByTestId(id);
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const saved = async (/** @type {string} */ id) => {
  const [download] = await Promise.all([page.waitForEvent('download'), by(id).click()]);
  return readFileSync(await download.path(), 'utf8');
};
const open = async (path = '/') => {
  await page.goto(built.site.origin + path);
  await reached(page, 'ready');
};
/** Opens images, and waits until they are scored. @param {string[]} files @param {string} words */
async function scored(files, words) {
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await page.setInputFiles('[data-testid="file-input"]', files);
  await page.getByTestId('series-count').getByText(words).waitFor({ timeout: 240_000 });
}
/** The dialog, from the table. */
async function openDialog() {
  await by('series-population-open').click();
  await by('reference').waitFor();
}
const now = (/** @type {RegExp} */ words) => by('reference-now').getByText(words).waitFor({ timeout: 120_000 });
/** The exported JSON. */
async function exported() {
  await openMenu(page);
  await by('export-open').click();
  const all = JSON.parse(await saved('export-json'));
  await page.keyboard.press('Escape');
  return all;
}
/** @typedef {{image: string, scores: {prompt: string, logit: number, percentile: number | null}[]}} Image */
/** What the command line says of the same images. @param {string[]} more @returns {Image[]} */
const onCommandLine = (...more) =>
  execFileSync(CARZERO, ['score', '--model', MODEL, ...more, ...paths.slice(0, 4)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .map(({ image, findings }) => ({ image, scores: findings }));

/** Asserts that percentiles in the page's file are those of the command line. @param {Image[]} images @param {Image[]} others */
function assertSame(images, others) {
  let compared = 0;
  for (const { image, scores } of others) {
    const mine = images.find((each) => image.endsWith(each.image));
    for (const { prompt, percentile } of scores) {
      const score = mine?.scores.find((each) => each.prompt === prompt);
      if (!score) continue;
      compared++;
      const apart = Math.abs((score.percentile ?? NaN) - (percentile ?? NaN));
      assert.ok(apart < 0.2, `${image}, ${prompt}: ${score.percentile} and ${percentile}`);
    }
  }
  assert.ok(compared >= 16, `${compared} were compared`);
}

test('a series is measured, ranks all scores as the command line does, and is kept, saved and left again', async () => {
  await open();
  assert.match(await textOf(by('series-population')), /^$|ChestX-ray14/);
  await scored(paths, `Scored ${COUNT} of ${COUNT}`);
  assert.match(await textOf(by('series-population')), /Standing among: \d+ frontal chest radiographs of the NIH/);
  const shipped = await exported();
  await openDialog();
  await now(/Standing among: \d+ frontal chest radiographs/);
  assert.ok(await by('reference-back').isHidden(), 'it is the model’s own already');
  await screenshot('population-before');
  await by('reference-name').fill('my ward');
  await by('reference-start').click();
  await by('reference-doing').getByText(/of 52/).waitFor();
  await now(/Standing among: my ward \(52 images, not the model’s\)\./);
  assert.match(await textOf(by('reference-now')), /Wordings that were not measured on them have no percentile\./);
  assert.match(await textOf(by('reference-now')), /Uncertain zones stay those measured on the .*ChestX-ray14/);
  await screenshot('population-after');

  // The file has what the command line writes, and nothing of an image.
  const file = await saved('reference-save');
  const [mine, theirs] = [JSON.parse(file), JSON.parse(readFileSync(own, 'utf8'))];
  assert.deepEqual(Object.keys(mine).sort(), ['format', 'images', 'model', 'purpose', 'reference']);
  assert.deepEqual([mine.model, mine.images], [theirs.model, COUNT]);
  assert.doesNotMatch(file, /\.png|phantom/);
  for (const part of ['percentiles', 'cosines']) {
    const [one, two] = [mine.reference[part], theirs.reference[part]];
    assert.deepEqual(Object.keys(one).sort(), Object.keys(two).sort(), part);
    for (const [sentence, all] of Object.entries(one))
      all.forEach((/** @type {number} */ value, /** @type {number} */ i) =>
        assert.ok(Math.abs(value - two[sentence][i]) < 2e-3, `${part} of ${sentence}`),
      );
  }

  // Back to the model's, and back again.
  await by('reference-back').click();
  await now(/Standing among: \d+ frontal chest radiographs/);
  await page.getByRole('button', { name: 'Take “my ward” back' }).click();
  await now(/Standing among: my ward/);

  // Every percentile has changed, and says which images it is among.
  await page.keyboard.press('Escape');
  assert.match(await textOf(by('series-population')), /Standing among: my ward \(52 images, not the model’s\)/);
  const ranked = await exported();
  assert.equal(ranked.reference, 'my ward (own population of 52 images)');
  assert.notDeepEqual(ranked.images, shipped.images);
  const logits = (/** @type {{images: Image[]}} */ { images }) =>
    images.map(({ scores }) => scores.map(({ logit }) => logit));
  assert.deepEqual(logits(ranked), logits(shipped), 'scores stay');
  assertSame(ranked.images, onCommandLine('--population', own));
  const name = await textOf(page.getByTestId('series-row').first().getByRole('button').first());
  await page.getByTestId('series-row').first().getByRole('button').first().click();
  await reached(page, 'done');
  assert.match(await textOf(by('population')), /my ward \(52 images, not the model’s\)/, name);
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await screenshot(`population-panel-${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await addOwnWords(page, 'fluid around the lungs');
  await page.locator('[data-testid="score-row"][data-finding="fluid around the lungs"][data-kind]').waitFor();
  await reached(page, 'done');
  await page.getByTestId('detail').getByText('There is no reference for this wording').waitFor();
  await page.locator('[data-finding="Pleural Effusion"] .pick').click();
  await by('experiments-open').click();
  await page.getByText('Percentiles are among other images than the model’s now (my ward).').waitFor();
  await page.getByText('Not all wordings have a percentile among these reference images').waitFor();
  await page.keyboard.press('Escape');

  // A reload keeps it, another model does not use it, and one click ends it.
  await page.reload();
  await reached(page, 'ready');
  await page.setInputFiles('[data-testid="file-input"]', paths[0]);
  await reached(page, 'done');
  await by('population')
    .getByText(/my ward \(52 images, not the model’s\)/)
    .waitFor();
  await page.goto(`${built.site.origin}/?model=models/micro`);
  await reached(page, 'ready');
  await page.setInputFiles('[data-testid="file-input"]', paths[0]);
  await reached(page, 'done');
  assert.doesNotMatch(await textOf(by('population')), /my ward/);
  await open();
  await page.setInputFiles('[data-testid="file-input"]', paths[0]);
  await reached(page, 'done');
  await by('population-open').click();
  await by('reference-back').click();
  await now(/Standing among: \d+ frontal chest radiographs of the NIH/);
  assert.ok(await page.evaluate(() => document.activeElement?.id === 'reference-title'), 'the focus stays');
  await page.keyboard.press('Escape');
  await reached(page, 'done');
  assert.match(await textOf(by('population')), /ChestX-ray14/);
});

test('a file of the command line ranks, and is refused where it is broken, too small or of another model', async () => {
  await open();
  await scored(paths.slice(0, 4), 'Scored 4 of 4');
  await openDialog();
  await by('reference-what').getByText('The series has 4 images. A population needs at least 50.').waitFor();
  const give = (/** @type {string} */ text) =>
    page.setInputFiles('[data-testid="reference-file"]', {
      name: 'ward.json',
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    });
  const error = (/** @type {RegExp} */ words) => by('reference-error').getByText(words).waitFor();
  const text = readFileSync(own, 'utf8');
  await give('{}');
  await error(/This file is no reference population/);
  await give(text.replace(/"images":\d+/, '"images":49'));
  await error(/A reference population needs at least 50 images, not 49\. Add more images/);
  const { sha256 } = JSON.parse(text).model;
  await give(text.replace(sha256, 'f'.repeat(64)));
  await error(
    /measured with Compact CARZero .*\(f{12}\), and the model in use is Compact CARZero .*\. Open that model/,
  );
  await now(/ChestX-ray14/);
  await give(text);
  await now(/my ward \(52 images, not the model’s\)/);
  assert.equal(await textOf(by('reference-error')), '');
  await page.keyboard.press('Escape');
  assertSame((await exported()).images, onCommandLine('--population', own));

  await openMenu(page);
  await page.getByRole('button', { name: 'About' }).click();
  await by('forget-open').click();
  await by('forget-confirm').click();
  await page.locator('#forgotten-title').getByText('Nothing is stored.').waitFor();
  assert.equal(await page.evaluate(() => localStorage.length), 0);
});

test('labels of an evaluation give zones of their own', async () => {
  await open();
  const rows = paths.map((path, i) => `${path.split('/').at(-1)},${i % 2},${Number(i % 3 === 0)}`);
  writeFileSync(join(ward, 'labels.csv'), ['file,Pleural Effusion,Cardiomegaly', ...rows].join('\n'));
  await page.setInputFiles('[data-testid="file-input"]', paths);
  await by('evaluate-open').click();
  await page.setInputFiles('[data-testid="evaluate-files"]', join(ward, 'labels.csv'));
  await by('evaluate-rows').locator('tr').nth(1).waitFor();
  await by('evaluate-start').click();
  await by('evaluate-results').waitFor({ timeout: 240_000 });
  await by('evaluate-population').click();
  await by('reference-what')
    .getByText(/the labels of the evaluation give their own uncertain zones/)
    .waitFor();
  await by('reference-name').fill('labelled ward');
  await by('reference-start').click();
  await now(/labelled ward \(52 images, not the model’s\).*Uncertain zones are those of these images’ labels\./);
  const { validation } = JSON.parse(await saved('reference-save'));
  const { positives, negatives, undecided } = validation.findings['there is pleural effusion'];
  assert.deepEqual([positives, negatives, undecided.length], [26, 26, 2]);
});

test('axe-core finds nothing in the dialog, wide and narrow, in both languages', async () => {
  await start({ bypassCSP: true });
  await open();
  await scored(paths.slice(0, 2), 'Scored 2 of 2');
  await openDialog();
  await page.setInputFiles('[data-testid="reference-file"]', own);
  await now(/my ward/);
  for (const [colorScheme, viewport] of /** @type {const} */ ([
    ['light', { width: 1440, height: 900 }],
    ['dark', NARROW],
  ])) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    assert.deepEqual(await violations(page), [], colorScheme);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');
    await screenshot(`population-${viewport.width}`);
  }
  await page.keyboard.press('Escape');
  await openMenu(page);
  await by('language').click();
  await openDialog();
  assert.match(await textOf(page.locator('#reference-title')), /参照母集団/);
  await now(/my ward（52枚、モデル付属ではない画像）/);
  assert.deepEqual(await violations(page), [], 'in Japanese');
  await screenshot('population-390-ja');
  await page.setViewportSize({ width: 1440, height: 900 });
  await screenshot('population-1440-ja');
});
