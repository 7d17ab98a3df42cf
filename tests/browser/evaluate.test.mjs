/** Evaluate: a folder with a table of labels becomes figures, equal to those of `carzero evaluate`. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, before, beforeEach, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { DIST, MICRO, OUTPUT, carzero, matchOf, violations } from './setup.mjs';
import { boxOf, builtPage, openMenu, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const NARROW = { width: 360, height: 740 };
const built = builtPage({ micro: true });
const ward = join(built.work, 'ward 7');
const small = join(built.work, 'small');
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

/** Ten images of five patients, with what they show: 1 is present, 0 absent. */
const SHOWN = Array.from({ length: 10 }, (_, i) => ({
  file: `scan-${i}.png`,
  example: ['effusion', 'normal', 'pneumothorax', 'normal', 'cardiomegaly'][i % 5],
}));
const is = (/** @type {string} */ example, /** @type {string} */ name) => (example === name ? '1' : '0');

before(() => {
  for (const folder of [ward, small]) mkdirSync(folder);
  for (const { file, example } of SHOWN) carzero('phantom', example, '--size', '320', '--out', join(ward, file));
  const rows = SHOWN.map(({ file, example }, i) =>
    [
      `elsewhere/${file}`,
      `p${Math.floor(i / 2)}`,
      i < 5 ? 'PA' : 'AP',
      is(example, 'effusion'),
      is(example, 'pneumothorax'),
      is(example, 'cardiomegaly'),
      '0',
      i % 2,
    ].join(),
  );
  rows.push('elsewhere/gone.png,p9,PA,1,0,0,0,1');
  const header = 'file,patient_id,view,Effusion,pneumothorax,Cardiomegaly,Hernia,zebra stripes';
  writeFileSync(join(ward, 'labels.csv'), [header, ...rows].join('\n'));
  writeFileSync(
    join(ward, 'boxes.csv'),
    'path,finding,x,y,w,h\nscan-0.png,Effusion,0,160,160,160\nscan-5.png,effusion,0,0,320,320\nscan-2.png,Mass,0,0,9,9\n',
  );
  writeFileSync(join(ward, 'notes.txt'), 'left out');
  for (const i of [0, 1, 2, 3, 4, 5])
    writeFileSync(join(small, `im${i}.png`), readFileSync(join(MICRO, `img${i % 3}.png`)));
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

const open = async (path = '/') => {
  await page.goto(built.site.origin + path);
  await reached(page, 'ready');
};
const by = (/** @type {string} */ id) => page.getByTestId(id);
const drop = (/** @type {string} */ folder) => page.setInputFiles('[data-testid="folder-input"]', folder);
const measured = () => by('evaluate-results').waitFor({ timeout: 240_000 });
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const saved = async (/** @type {string} */ id) => {
  const [download] = await Promise.all([page.waitForEvent('download'), by(id).click()]);
  return readFileSync(await download.path(), 'utf8');
};
/** A table for the images of `small`. @param {string} text @param {string} [name] */
const giveTable = (text, name = 'labels.csv') =>
  page.setInputFiles('[data-testid="evaluate-files"]', { name, mimeType: 'text/csv', buffer: Buffer.from(text) });
const error = (/** @type {RegExp} */ words) => by('evaluate-error').getByText(words).waitFor();
const noSidewaysScrolling = async () =>
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

test('a folder with a table is understood, measured as the command line does, and looked into', async () => {
  await open();
  await drop(ward);
  await by('evaluation').waitFor();
  assert.equal(await textOf(page.getByTestId('series-count')), 'Not begun: 0 of 10');
  await by('evaluate-matched').getByText('10 of 10 images have a row.').waitFor();
  assert.equal(
    await textOf(by('evaluate-matched')),
    'Read as a column for each finding. 10 of 10 images have a row. They are of 5 patients. 2 images have boxes. Boxes of Mass are left out: no column of labels has that name. 1 row has no image. Results will also be shown by view.',
  );
  assert.equal(await by('evaluate-key').inputValue(), 'file');
  assert.equal(await by('evaluate-patient').inputValue(), 'patient_id');
  const rows = by('evaluate-rows').locator('tr');
  await rows.first().waitFor();
  assert.deepEqual(await rows.first().locator('th, td').allTextContents(), [' Effusion', '', '2', '8', '0']);
  assert.equal(await rows.first().locator('[data-wording]').inputValue(), 'Pleural Effusion');
  const boxes = rows.getByRole('checkbox');
  const checked = await boxes.evaluateAll((all) => all.map((box) => box instanceof HTMLInputElement && box.checked));
  assert.deepEqual(checked, [true, true, true, false, false], 'neither of one class, nor what nobody knows');
  await boxes.nth(3).check(); // Hernia, which no image has
  await screenshot('evaluate-table');

  await by('evaluate-start').click();
  await measured();
  assert.ok(await page.evaluate(() => document.activeElement?.id === 'evaluate-figures-title'), 'told where it ends');
  assert.match(await textOf(by('evaluate-summary')), /^10 images of 5 patients\./);
  assert.equal(await by('evaluate-population').isVisible(), false, 'ten images are too few to rank among');
  assert.equal(await textOf(by('evaluate-left')), 'Hernia is left out: no image has it.');
  assert.equal(await by('evaluate-slices').locator('tbody tr').count(), 2);
  assert.match(await textOf(by('evaluate-notes')), /these very images/);
  const pointing = by('evaluate-localisation').locator('tbody tr');
  assert.equal(await pointing.count(), 2, 'the mean, and one finding');
  assert.match(await textOf(pointing.nth(1)), /^Effusion2|^Pleural Effusion2/);
  await screenshot('evaluate-results');

  // Equal to the command line, to the last digit.
  await by('evaluate-names').check();
  writeFileSync(join(built.work, 'scores.csv'), await saved('evaluate-scores'));
  const { report, model } = JSON.parse(await saved('evaluate-json'));
  assert.match(model.sha256, /^[0-9a-f]{64}$/);
  const paths = ['--predictions', join(built.work, 'scores.csv'), '--labels', join(ward, 'labels.csv')];
  const same = ['--key', 'file', '--patient', 'patient_id', '--slice', 'view', '--resamples', '2000'];
  const thresholds = Object.fromEntries(
    report.findings.map((/** @type {{name: string, threshold: number}} */ each) => [each.name, each.threshold]),
  );
  writeFileSync(join(built.work, 'thresholds.json'), JSON.stringify(thresholds));
  carzero('evaluate', ...paths, ...same, '--thresholds', join(built.work, 'thresholds.json'), '--out', built.work);
  const own = JSON.parse(readFileSync(join(built.work, 'report.json'), 'utf8'));
  for (const part of ['macros', 'findings', 'slices', 'top_k'])
    assert.deepEqual(defined(report[part]), defined(own[part]), part);

  // Compared with the same scores, negated.
  const reversed = readFileSync(join(built.work, 'scores.csv'), 'utf8').replace(
    /,(-?[\d.e-]+)/g,
    (_all, /** @type {string} */ logit) => `,${-Number(logit)}`,
  );
  await page.setInputFiles('[data-testid="evaluate-other"]', {
    name: 'other.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(reversed),
  });
  const differences = by('evaluate-comparison').locator('tbody tr');
  await differences.first().waitFor();
  assert.equal(await differences.count(), 4, 'the mean, and three findings');
  assert.match(await textOf(differences.nth(1)), /^Pleural Effusion1\.0000\.0001\.000/);

  // Other scores that cannot be compared: the reason is shown where the file was chosen, and names it.
  await page.setInputFiles('[data-testid="evaluate-other"]', {
    name: 'in other words.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('image,airspace disease\nnobody.png,1\n'),
  });
  const refused = by('evaluate-other-error');
  await refused.getByText('in other words.csv').waitFor();
  const { y } = await boxOf(refused);
  assert.ok(y > 0 && y < 800, `in view: ${y}`);
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'evaluate-other');
  assert.equal(await textOf(by('evaluate-error')), '');

  // Compared with the model's other head, from the experiment that asks for it; the finding and its threshold stay.
  await by('evaluate-finding').selectOption('Cardiomegaly');
  const initial = await textOf(page.locator('#evaluate-value'));
  await by('evaluate-slider').press('Home');
  await page.locator('#evaluate-value').filter({ hasNotText: initial }).waitFor();
  await by('evaluate-decision').getByText('Sensitivity 100').waitFor();
  const threshold = await textOf(page.locator('#evaluate-value'));
  await by('evaluate-cosine').click();
  await page.locator('#evaluate-compared').getByText('cosine').waitFor();
  await by('evaluate-decision').getByText('Sensitivity 100').waitFor();
  assert.equal(await by('evaluate-finding').inputValue(), 'Cardiomegaly');
  assert.equal(await textOf(page.locator('#evaluate-value')), threshold);
  await by('evaluate-finding').selectOption('Pleural Effusion');
  const files = SHOWN.map(({ file }) => join(ward, file));
  const prompts = ['Pleural Effusion', 'Pneumothorax', 'Cardiomegaly'].flatMap((name) => [
    '--prompt',
    `There is ${name}`,
  ]);
  const scored = carzero('score', '--model', join(DIST, 'models/default'), '--format', 'csv', ...prompts, ...files);
  writeFileSync(join(built.work, 'cosines.csv'), scored.replaceAll('There is Pleural', 'There is'));
  const cosines = ['--predictions', join(built.work, 'cosines.csv'), '--score', 'cosine'];
  carzero('evaluate', ...cosines, '--labels', join(ward, 'labels.csv'), '--key', 'file', '--out', built.work);
  const byCosine = JSON.parse(readFileSync(join(built.work, 'report.json'), 'utf8')).findings;
  const compared = await by('evaluate-comparison').locator('tbody td:nth-of-type(2)').allTextContents();
  assert.deepEqual(
    compared.slice(1),
    byCosine.map((/** @type {{auroc: {value: number}}} */ each) => each.auroc.value.toFixed(3)),
  );

  // The threshold is moved by keyboard, and the images behind a count are opened.
  const slider = by('evaluate-slider');
  await slider.focus();
  await page.keyboard.press('End');
  await by('evaluate-decision').getByText('specificity 100').waitFor();
  await by('evaluate-matrix').locator('[data-cell="tp"]').click();
  const image = by('evaluate-images').getByRole('button').first();
  const shown = await image.getAttribute('title');
  await image.click();
  await by('evaluation').waitFor({ state: 'hidden' });
  await reached(page, 'done');
  await page.getByText(`${shown} · 320`).waitFor();
  assert.equal(await textOf(page.locator('#detail-name')), 'Pleural Effusion', 'its map is on show');
  const focused = (/** @type {string} */ selector) => page.locator(`${selector}:focus`).waitFor();
  await focused('#evaluate-back');
  await page.keyboard.press('Enter');
  await by('evaluate-results').waitFor();
  await focused(`[data-image="${shown}"]`);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const sheet = page.locator('#print');
  const grounds = await sheet
    .locator('#evaluate-figures th')
    .evaluateAll((all) => [...new Set(all.map((each) => getComputedStyle(each).backgroundColor))]);
  assert.deepEqual(grounds, ['rgb(255, 255, 255)'], 'findings are named on light paper, whatever the screen is');
  assert.ok(await sheet.locator('#evaluate-figures').isVisible(), 'the evaluation is what is printed');
  assert.match(await sheet.innerText(), /not for diagnosis/);
  assert.ok(await sheet.locator('#evaluate-images').isHidden(), 'no file is named');
  const cut = await sheet
    .locator('.evaluate-scroll')
    .evaluateAll((all) => all.some((each) => each.scrollHeight > each.clientHeight + 1));
  assert.equal(cut, false, 'tables are whole');
  assert.match(await sheet.innerText(), /Finding\s+Pleural Effusion\s/, 'whose curves these are');
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await page.pdf({ path: join(OUTPUT, 'evaluate-print.pdf'), format: 'A4' });
  await page.emulateMedia({ media: 'screen', colorScheme: null });
  for (const width of [1440, 768, 390]) {
    await page.setViewportSize({ width, height: 2400 }); // all of the dialog
    await screenshot(`evaluate-${width}`);
    await noSidewaysScrolling();
  }

  // The experiment that compares the two heads on one image leads here.
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.keyboard.press('Escape');
  await by('experiments-open').click();
  await by('heads-series').click();
  await by('evaluate-results').waitFor();
});

/** A value without its nulls, which the command line's JSON has and the module leaves out. @param {any} value @returns {any} */
function defined(value) {
  if (Array.isArray(value)) return value.map(defined);
  if (!value || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, each]) => each !== null && each !== undefined);
  return Object.fromEntries(kept.map(([name, each]) => [name, defined(each)]));
}

const LABELS = 'scan,Pneumonia,Edema\nim0.png,1,0\nim1.png,0,1\nim2.png,0,1\nim3.png,1,0\nim4.png,0,1\nim5.png,1,0\n';

/** The series of the micro model, with the dialog open. */
async function openSmall() {
  await open('/?model=models/micro');
  await drop(small);
  await by('evaluate-open').click();
  await by('evaluation').waitFor();
}

test('what is wrong with a table is said, and can be corrected', async () => {
  await openSmall();
  await giveTable('name,Pneumonia\nx,1\ny,0\n');
  await error(/No column of labels\.csv names these images\./);
  await by('evaluate-key').selectOption('name');
  await error(/None of these images is in labels\.csv/);
  await giveTable('scan,Pneumonia\nim0.png,1\nim1.png,0\nim0.png,0\n');
  await error(/two truths for one image: .*0\.png.* is on line 2 and on line 4/);
  await giveTable(`${LABELS}im0.png,1,0\n`.replaceAll(/,1(?=[,\n])/g, ',Yes').replaceAll(/,0(?=[,\n])/g, ',no'));
  await by('evaluate-matched').getByText('1 row is doubled with the same labels, and taken once.').waitFor();
  await by('evaluate-rows').locator('tr').nth(1).waitFor();
  await giveTable('scan,Pneumonia,likely,remark\nim0.png,あり,0.9,good\nim1.png,なし,0.1,bad\n');
  await by('evaluate-matched').getByText('and no, or empty: likely (“0.9”), remark (“good”).').waitFor();
  await giveTable('scan,who,Pneumonia\nim0.png,a,1\nim1.png,a,0\nim2.png,a,0\nim3.png,b,0\nim4.png,b,1\n');
  await by('evaluate-matched').getByText('5 of 6').waitFor();
  await by('evaluate-key').selectOption('who');
  await error(/The column “who” of labels\.csv may not name the images/);
  await giveTable('scan,who\nim0.png,me\nim1.png,you\n');
  await error(/There is no finding to measure/);
  await giveTable('scan,Pneumonia,pneumonia\nim0.png,1,1\nim1.png,0,0\n');
  await error(/two columns for one finding: “Pneumonia” and “pneumonia”/);
  await giveTable('\u0000\u0001\u0000');
  await error(/labels\.csv is no table that can be read/);
  await giveTable('scan,Pneumonia\n');
  await error(/no rows below its header/);
  await giveTable(`${LABELS.replaceAll('Pneumonia', 'zebra').replaceAll('Edema', 'stripes')}`);
  await by('evaluate-rows').getByText('The page does not know this name').first().waitFor();
  assert.ok(await by('evaluate-start').isDisabled(), 'nothing is chosen that nobody knows');
  await by('evaluate-rows').locator('[data-wording="zebra"]').fill('airspace opacity');
  await page.keyboard.press('Tab');
  assert.ok(await by('evaluate-rows').locator('[value="zebra"]').isChecked(), 'in other words it is scored');
  assert.ok(await by('evaluate-start').isEnabled());
  await giveTable('scan,Pneumonia\nim0.png,1\nim1.png,1\n');
  await by('evaluate-matched').getByText('No column can be measured').waitFor();
  await by('evaluate-rows').getByRole('checkbox').check();
  await by('evaluate-start').click();
  await error(/There is no finding to measure: no image is without the finding \(Pneumonia\)\./);
  await giveTable(LABELS);
  await by('evaluate-matched').getByText('6 of 6 images have a row.').waitFor();
  assert.equal(await textOf(by('evaluate-error')), '');

  await page.keyboard.press('Escape');
  const twins = [0, 1].map(() => ({
    name: 'twin.png',
    mimeType: 'image/png',
    buffer: readFileSync(join(MICRO, 'img0.png')),
  }));
  await page.setInputFiles('[data-testid="file-input"]', twins);
  await by('evaluate-open').click();
  await giveTable('scan,Pneumonia\ntwin.png,1\n');
  await error(/Two of these images are called twin\.png/);
});

test('it pauses, is cancelled, goes on after a reload, and all is forgotten', async () => {
  await open('/?model=models/micro');
  const count = 14;
  const many = join(built.work, 'many');
  mkdirSync(many);
  const files = Array.from({ length: count }, (_, i) => join(many, `im${i}.png`));
  files.forEach((file, i) => writeFileSync(file, readFileSync(join(MICRO, `img${i % 3}.png`))));
  const lines = files.map((_, i) => `im${i}.png,${i % 2},${(i + 1) % 2}\n`);
  const labels = `scan,Pneumonia,Edema\n${lines.join('')}`;
  const begin = async () => {
    await drop(many);
    await by('evaluate-open').click();
    await giveTable(labels);
    await by('evaluate-rows').locator('tr').first().waitFor();
  };
  // A worker that is held at its fourth image.
  const hold = (/** @type {number} */ at) =>
    page.evaluate((at) => {
      const post = Worker.prototype.postMessage;
      globalThis.assessed = 0;
      Worker.prototype.postMessage = function (message, ...rest) {
        if (message.type === 'assess' && ++globalThis.assessed === at)
          return void (globalThis.release = () => Reflect.apply(post, this, [message, ...rest]));
        return Reflect.apply(post, this, [message, ...rest]);
      };
    }, at);
  await page.getByTestId('preset-select').selectOption('chexpert5');
  const table = join(built.work, 'labels.csv');
  writeFileSync(table, labels);
  // Opened with their table, so that nothing is scored before: images scored for another list would be scored at once.
  await page.setInputFiles('[data-testid="file-input"]', [...files, table]);
  await by('evaluate-rows').locator('tr').first().waitFor();
  await hold(4);
  await by('evaluate-start').click();
  await by('evaluate-doing')
    .getByText(/^Scoring [1-3] of 14/)
    .waitFor();
  await by('evaluate-pause').click();
  await page.evaluate(() => globalThis.release());
  await by('evaluate-pause').getByText('Continue').waitFor();
  const paused = by('evaluate-doing').getByText(/^Paused at [4-7] of 14/); // images that were asked for together
  await paused.waitFor();
  const done = Number(matchOf(await textOf(paused), /at (\d)/)[1]);
  await by('evaluate-cancel').click();
  await by('evaluate-work').waitFor({ state: 'hidden' });

  await page.reload();
  await reached(page, 'ready');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await hold(0);
  await begin();
  await page.getByTestId('series-count').getByText(`Scored ${count} of ${count}`).waitFor({ state: 'attached' });
  await by('evaluate-start').click();
  await measured();
  const assessed = await page.evaluate(() => globalThis.assessed);
  assert.equal(assessed, count + count - done, 'those that were scored come back');
  const stored = await page.evaluate(async () => {
    const answered = (/** @type {IDBRequest} */ request) =>
      new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
    const database = await answered(indexedDB.open('carzero-scores'));
    const rows = database.transaction('rows').objectStore('rows');
    const [all, keys] = await Promise.all([answered(rows.getAll()), answered(rows.getAllKeys())]);
    database.close();
    return { fields: all.map((/** @type {object} */ row) => Object.keys(row).sort().join()), keys };
  });
  assert.equal(stored.keys.length, count);
  assert.ok(
    stored.keys.every((/** @type {string} */ key) => /^[0-9a-f]{64}$/.test(key)),
    'no name of a file',
  );
  assert.deepEqual([...new Set(stored.fields)], ['groups,height,marks,verdict,warnings,width'], 'no image');

  await page.keyboard.press('Escape');
  await openMenu(page);
  await page.getByRole('button', { name: 'About' }).click();
  await by('forget-open').click();
  await by('forget-confirm').click();
  await page.locator('#forgotten-title').getByText('Nothing is stored.').waitFor();
  assert.deepEqual(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name)), []);
});

test('results are shown by what DICOM files tell and the table does not, and nothing else of a person is kept', async () => {
  await open('/?model=models/micro');
  const SECRET = 'POLONIUS^DR';
  const files = Array.from({ length: 12 }, (_, i) => ({
    name: `im${i}.dcm`,
    mimeType: 'application/dicom',
    buffer: dicom({ view: i % 2 ? 'AP' : 'PA', sex: i < 6 ? 'F' : 'M', age: i < 5 ? '029Y' : '071Y', secret: SECRET }),
  }));
  await page.setInputFiles('[data-testid="file-input"]', files);
  await by('evaluate-open').click();
  // The table has a column of sexes, which is used instead of the files' own.
  const rows = files.map(({ name }, i) => `${name},${i % 3 ? 'w' : 'm'},${Number(i % 4 === 0)}`);
  await giveTable(['scan,sex,Pneumonia', ...rows].join('\n'));
  await by('evaluate-rows').locator('tr').first().waitFor();
  await by('evaluate-start').click();
  await measured();
  const parts = by('evaluate-slices').locator('tbody th');
  assert.deepEqual(await parts.allTextContents(), [
    'sex: w',
    'View (DICOM): AP',
    'View (DICOM): PA',
    'Age (DICOM): 65+',
    'Age (DICOM): 18–39',
  ]);
  const kept = await page.evaluate(async () => {
    const answered = (/** @type {IDBRequest} */ request) =>
      new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
    const database = await answered(indexedDB.open('carzero-scores'));
    const rows = await answered(database.transaction('rows').objectStore('rows').getAll());
    database.close();
    return rows.map((/** @type {import('../../www/core/kept-scores.js').Kept} */ row) => row.groups);
  });
  const own = [...new Set(kept.map((/** @type {object} */ groups) => JSON.stringify(groups)))].sort();
  assert.deepEqual(own, [
    '{"view":"AP","sex":"F","age":"18–39"}',
    '{"view":"AP","sex":"F","age":"65+"}',
    '{"view":"AP","sex":"M","age":"65+"}',
    '{"view":"PA","sex":"F","age":"18–39"}',
    '{"view":"PA","sex":"M","age":"65+"}',
  ]);
  for (const id of ['evaluate-json', 'evaluate-csv', 'evaluate-report', 'evaluate-scores'])
    assert.doesNotMatch(await saved(id), /POLONIUS|029Y|071Y/);
});

test('measuring is cancelled, and begun again', async () => {
  await openSmall();
  await giveTable(
    'Image Index,Finding Labels,Patient ID\nim0.png,Effusion|Mass,1\nim1.png,No Finding,1\nim2.png,Mass,2\nim3.png,No Finding,3\n',
  );
  await by('evaluate-matched').getByText('Read as ChestX-ray14’s table. 4 of 6 images have a row.').waitFor();
  await by('evaluate-rows').locator('tr').first().waitFor();
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.type !== 'evaluate') return Reflect.apply(post, this, [message, ...rest]);
      Worker.prototype.postMessage = post; // held once
    };
  });
  await by('evaluate-start').click();
  await by('evaluate-doing').getByText('Measuring: 0%').waitFor();
  await by('evaluate-cancel').click();
  await by('evaluate-start').click();
  await measured();
  assert.equal(await by('evaluate-figures').locator('[data-finding]').count(), 2);
  assert.match(await textOf(by('evaluate-summary')), /^4 images of 3 patients\./);
});

test('the module is small, and fetched when it is needed', async () => {
  const packed = gzipSync(readFileSync(join(DIST, 'carzero-evaluate_bg.wasm')), { level: 9 });
  assert.ok(packed.length <= 300_000, `${packed.length} bytes`);
  /** @type {string[]} */ const fetched = [];
  page.on('request', (request) => fetched.push(request.url()));
  await openSmall();
  assert.deepEqual(
    fetched.filter((url) => url.includes('carzero-evaluate')),
    [],
  );
  await giveTable(LABELS);
  await by('evaluate-rows').locator('tr').first().waitFor();
});

test('without room scores stay in memory, and this is said', async () => {
  await openSmall();
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await giveTable(LABELS);
  await by('evaluate-rows').locator('tr').first().waitFor();
  const said = page.waitForFunction(() =>
    document.querySelector('#evaluate-doing')?.textContent?.includes('There is no room to keep scores'),
  );
  await by('evaluate-start').click();
  await Promise.all([said, measured()]);
});

test('a report names no file, and needs no other', async () => {
  await openSmall();
  /** @type {string[]} */ const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await giveTable(LABELS, 'ward of Dr Polonius.csv');
  await by('evaluate-rows').locator('tr').first().waitFor();
  await by('evaluate-start').click();
  await measured();
  const [html, json, figures, scores] = [
    await saved('evaluate-report'),
    await saved('evaluate-json'),
    await saved('evaluate-csv'),
    await saved('evaluate-scores'),
  ];
  assert.deepEqual(complaints, [], 'nothing falls under the policy');
  for (const text of [html, json, figures, scores]) assert.doesNotMatch(text, /\.png|Polonius/);
  assert.match(html, /For teaching and research, not for diagnosis\./);
  assert.doesNotMatch(html, /<script|src=|href=/);
  assert.match(html, /<dd[^>]*>CPU<\/dd>/, 'the device in words');
  assert.match(figures, /^finding,positives,negatives,unknown,threshold,auroc,auroc_low,auroc_high/);
  assert.match(scores, /^image,Pneumonia,Edema\r\n1,-?[\d.e-]+,/);
  const sheet = await context.newPage();
  await sheet.setContent(html);
  assert.equal(await sheet.locator('svg').count(), 6, 'three for each finding');
  await sheet.screenshot({ path: join(OUTPUT, 'evaluate-report.png'), fullPage: true });
  await sheet.close();
});

test('axe-core finds nothing, and nothing scrolls sideways, wide and narrow, in both languages', async () => {
  await start({ bypassCSP: true });
  await openSmall();
  await giveTable(LABELS);
  await by('evaluate-rows').locator('tr').first().waitFor();
  assert.deepEqual(await violations(page), [], 'the table');
  await page.setViewportSize(NARROW);
  assert.deepEqual(await violations(page), [], 'the narrow table');
  const scrolls = await page
    .locator('.evaluate-findings')
    .evaluate(({ parentElement: box }) => box && box.scrollWidth > box.clientWidth);
  assert.equal(scrolls, false, 'nothing of the table is beyond the edge');
  await screenshot('evaluate-table-narrow');
  await by('evaluate-start').click();
  await measured();
  await by('evaluate-matrix').locator('[data-cell="tn"]').click();
  for (const [colorScheme, viewport] of /** @type {const} */ ([
    ['light', { width: 1440, height: 900 }],
    ['dark', NARROW],
  ])) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    assert.deepEqual(await violations(page), [], colorScheme);
    await noSidewaysScrolling();
  }
  await page.keyboard.press('Escape');
  await openMenu(page);
  await by('language').click();
  await page.keyboard.press('Escape');
  await by('evaluate-open').click();
  assert.match(await textOf(page.locator('#evaluation-title')), /評価/);
});
