/** Many images: the table, what goes out of it, and two images side by side. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { DIST, MICRO, OUTPUT, carzero, violations } from './setup.mjs';
import {
  addOwnWords,
  boxOf,
  builtPage,
  greysAt,
  openMenu,
  pixelsOf,
  reached,
  recordTexts,
  textOf,
  visit,
} from './visit.mjs';
/** @import { Files } from './visit.mjs' */
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const NARROW = { width: 360, height: 740 };
const built = builtPage({ micro: true });
const folder = join(built.work, 'ward 7');
const broken = join(folder, '=2+3.png');
const images = ['effusion', 'normal', 'pneumothorax'].map((name) => join(folder, `${name}.png`));
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(() => {
  mkdirSync(folder);
  carzero('phantom', 'effusion', '--out', images[0]);
  carzero('phantom', 'normal', '--out', images[1]);
  carzero('phantom', 'pneumothorax', '--out', images[2]);
  writeFileSync(broken, 'no image');
  writeFileSync(join(folder, '.hidden'), 'left out');
  writeFileSync(join(folder, 'notes.txt'), 'left out');
  writeFileSync(join(folder, 'results'), 'no picture begins so');
  for (const name of ['Thumbs.db', 'desktop.ini']) writeFileSync(join(folder, name), 'left out');
  writeFileSync(join(folder, 'DICOMDIR'), 'a disc’s table of contents: left out');
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
  await reach('ready');
};
const reach = (/** @type {string} */ state) => reached(page, state);
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const choose = (/** @type {Files} */ files) => page.setInputFiles('[data-testid="file-input"]', files);
const counts = (/** @type {string} */ words) =>
  page.getByTestId('series-count').getByText(words).waitFor({ timeout: 120_000 });
const names = () => page.locator('[data-testid="series-row"] :is(.open, .failed-name)').allTextContents();
const row = (/** @type {string} */ name) => page.getByTestId('series-row').filter({ hasText: name });
const head = (/** @type {string} */ name) =>
  page.getByTestId('series-table').getByRole('columnheader', { name, exact: true });
const noSidewaysScrolling = async () =>
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

/** Asserts that axe-core finds nothing on the page, light or dark. @param {string} state */
async function audit(state) {
  const found = await violations(page);
  assert.deepEqual(found, [], state);
}

test('a folder becomes a table, which can be sorted, filtered, opened and come back to', async () => {
  await open();
  await page.setInputFiles('[data-testid="folder-input"]', folder);
  await counts('Scored 3 of 4, 1 not read');
  assert.deepEqual(
    await names(),
    ['=2+3.png', 'effusion.png', 'normal.png', 'pneumothorax.png'],
    'what is hidden or no image stays out',
  );
  assert.equal(await textOf(page.getByTestId('series-left')), '2 files are not images: 1 TXT, 1 of unknown kind.');
  assert.match(await textOf(row('=2+3.png')), /Not read: .+/);
  assert.equal(await row('effusion.png').locator('td[data-kind="ranked"]').count(), 14);
  await screenshot('series-1280');

  await head('Image').getByRole('button').click();
  assert.equal(await head('Image').getAttribute('aria-sort'), 'ascending');
  await head('Pleural Effusion').getByRole('button').click();
  assert.equal(await head('Pleural Effusion').getAttribute('aria-sort'), 'descending');
  const standings = await page
    .locator('[data-testid="series-row"][data-state="done"] td:nth-child(4) .fill')
    .evaluateAll((all) => all.map((fill) => parseFloat(fill.style.width)));
  assert.deepEqual(
    standings,
    standings.toSorted((a, b) => b - a),
  );
  assert.deepEqual((await names()).at(-1), '=2+3.png', 'what has no score comes last');

  await page.getByTestId('series-name').fill('NORM');
  assert.deepEqual(await names(), ['normal.png']);
  await page.getByTestId('series-name').fill('');
  await page.getByTestId('series-finding').selectOption('Pleural Effusion');
  const least = Math.min(...standings);
  await page.getByTestId('series-above').fill(String(Math.floor(least + 1)));
  assert.equal((await names()).length, standings.filter((standing) => standing > Math.floor(least + 1)).length);
  await page.getByTestId('series-above').fill('150');
  assert.ok(await page.getByTestId('series-above').evaluate((input) => input.matches(':invalid')), 'it is marked');
  await page.getByTestId('series-above').fill('99.5');
  assert.equal((await names()).length, standings.filter((standing) => standing > 99.5).length);
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
  assert.ok(await page.evaluate(() => document.activeElement?.classList.contains('open')), 'the focus is where it was');
  await page.setViewportSize(NARROW);
  await screenshot('series-360');
  await noSidewaysScrolling();
});

test('a folder is dropped with the folders in it, and a DICOM file of another view is marked', async () => {
  const ward = join(built.work, 'dropped');
  mkdirSync(join(ward, 'inner'), { recursive: true });
  copyFileSync(images[1], join(ward, 'normal.png'));
  writeFileSync(join(ward, 'inner', 'IM000001'), dicom({ view: 'LL', secret: 'ZQXJWV^KPYB' }));
  writeFileSync(join(ward, '.DS_Store'), 'left out');
  await open();
  const session = await context.newCDPSession(page); // a real drop: the page cannot make a folder
  const data = { items: [], files: [ward], dragOperationsMask: 1 };
  for (const type of /** @type {const} */ (['dragEnter', 'dragOver', 'drop']))
    await session.send('Input.dispatchDragEvent', { type, x: 300, y: 400, data });
  await counts('Scored 2 of 2');
  assert.deepEqual(await names(), ['inner/IM000001', 'normal.png']);
  assert.match(await textOf(row('IM000001').locator('.warned')), /Warning: .*lateral/i);
  assert.doesNotMatch(await textOf(row('normal.png')), /The file says/);
  await row('IM000001').locator('.warned').click();
  await page.getByTestId('series-caution').getByText('The file says that this is a lateral view').waitFor();
  assert.ok(await page.getByTestId('series').isVisible(), 'the image stays closed');
  await page.keyboard.press('Escape');
  assert.doesNotMatch(await page.content(), /ZQXJWV|KPYB/);
  await screenshot('series-dicom-1280');
});

test('on a phone, upright or on its side, images are in view, and why one was not read', async () => {
  await start({ hasTouch: true, viewport: { width: 844, height: 390 } });
  await open('/?model=models/micro');
  const copies = Array.from({ length: 5 }, (_, i) => ({
    name: `${i}.png`,
    mimeType: 'image/png',
    buffer: readFileSync(i ? join(MICRO, 'img0.png') : broken),
  }));
  await page.setInputFiles('[data-testid="file-input"]', copies);
  await counts('Scored 4 of 5, 1 not read');
  const within = (/** @type {string} */ selector) =>
    page.locator(selector).evaluateAll((all) => {
      const scroll = document.querySelector('#series-scroll')?.getBoundingClientRect();
      if (!scroll) return 0;
      return all.filter((element) => {
        const { top, bottom, left, right } = element.getBoundingClientRect();
        return top >= scroll.top && bottom <= Math.min(scroll.bottom, innerHeight) && left >= 0 && right <= innerWidth;
      }).length;
    });
  assert.ok((await within('.series-row > th')) >= 4, 'four images at least');
  assert.equal(await within('.series-row .error'), 1);
  await screenshot('series-844');
  await page.setViewportSize(NARROW);
  assert.equal(await within('.series-row .error'), 1, 'wrapped');
  await noSidewaysScrolling();
});

/** A disc: its table of contents lists two of three images, and a report. @param {string} path */
function writeDisc(path) {
  const record = (/** @type {string} */ type, /** @type {string} */ name) =>
    Buffer.concat(
      /** @type {const} */ ([
        [0x1430, type],
        [0x1500, name],
      ]).map(([element, text]) => {
        const value = Buffer.from(text.length % 2 ? `${text} ` : text);
        const head = Buffer.from([4, 0, 0, 0, 0x43, 0x53, value.length, 0]);
        head.writeUInt16LE(element, 2);
        return Buffer.concat([head, value]);
      }),
    );
  mkdirSync(join(path, 'IMAGES'), { recursive: true });
  writeFileSync(
    join(path, 'DICOMDIR'),
    Buffer.concat([
      Buffer.alloc(128),
      Buffer.from('DICM'),
      record('PATIENT', ''),
      record('IMAGE', 'IMAGES\\IM000001'),
      record('IMAGE', 'IMAGES\\IM000002'),
      record('SR DOCUMENT', 'IMAGES\\SR000001'),
    ]),
  );
  for (const [name, view] of [
    ['IM000001', 'PA'],
    ['IM000002', 'PA'],
    ['VIEWER', 'LL'],
  ])
    writeFileSync(join(path, 'IMAGES', name), dicom({ view, secret: 'x' }));
  for (const name of ['SR000001', 'read me.pdf', 'all.zip', 'notes.txt', 'more.txt'])
    writeFileSync(join(path, 'IMAGES', name), 'no image');
}

test('a disc’s table of contents is followed, and what is no image is counted, with advice', async () => {
  const disc = join(built.work, 'disc');
  writeDisc(disc);
  await open('/?model=models/micro');
  await page.setInputFiles('[data-testid="folder-input"]', disc);
  await counts('Scored 2 of 2');
  assert.deepEqual(await page.locator('[data-testid="series-row"] .open').allTextContents(), [
    'IMAGES/IM000001',
    'IMAGES/IM000002',
  ]);
  assert.equal(
    await textOf(page.getByTestId('series-left')),
    '6 files are not images: 2 TXT, 2 of unknown kind, 1 PDF, 1 ZIP. Unpack archives to open what is in them. Of a PDF document, save the picture in it as PNG.',
  );
  const other = join(built.work, 'papers');
  mkdirSync(other);
  writeFileSync(join(other, 'letter.pdf'), '%PDF-1.7');
  await page.setInputFiles('[data-testid="folder-input"]', other);
  await page
    .getByTestId('error-message')
    .getByText('There is no image in this folder. 1 file is not an image: 1 PDF.')
    .waitFor();
});

test('a series that is cancelled rests, goes on, and follows the list of findings', async () => {
  await open('/?model=models/micro');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  // A worker that is held at its second image, so that a person has the time to cancel.
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    let assessed = 0;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.type === 'assess' && ++assessed === 2)
        return void (globalThis.release = () => Reflect.apply(post, this, [message, ...rest]));
      return Reflect.apply(post, this, [message, ...rest]);
    };
  });
  const files = Array.from({ length: 6 }, (_, i) => ({
    name: `ward 3, patient ${i + 1}, chest PA.png`,
    mimeType: 'image/png',
    buffer: readFileSync(join(MICRO, `img${i % 3}.png`)),
  }));
  await choose(files);
  await counts('Scoring 1 of 6');
  assert.equal(
    await page.locator('[data-testid="series-row"][data-state="done"]').count(),
    1,
    'results come row by row',
  );
  await page.getByTestId('series-run').click();
  await page.evaluate(() => globalThis.release());
  await counts('Paused at 2 of 6');
  assert.equal(await page.locator('[data-testid="series-row"][data-state="waiting"]').count(), 4);
  await page.getByRole('button', { name: 'Findings' }).click();
  await addOwnWords(page, 'a coin in the oesophagus');
  await counts('Paused at 0 of 6, 2 in part');
  assert.equal(await textOf(page.getByTestId('series-run')), 'Continue', 'it has begun');
  await page.getByRole('button', { name: 'Remove a coin in the oesophagus' }).click();
  await counts('Paused at 2 of 6');
  await page.getByRole('button', { name: 'Findings' }).click();
  await page.getByTestId('series-run').click();
  await counts('Scored 6 of 6');
  assert.equal(
    await row('patient 1,').locator('td[data-kind="unranked"]').count(),
    5,
    'logits where there is no reference',
  );

  await page.getByRole('button', { name: 'Findings' }).click();
  await addOwnWords(page, 'a coin in the oesophagus');
  await head('a coin in the oesophagus').waitFor();
  await counts('Scored 6 of 6');
  assert.equal(await row('patient 6,').locator('td[data-kind="unranked"]').count(), 6);
  await screenshot('series-findings-1280');
  await page.setViewportSize(NARROW);
  const cut = await page
    .locator('[data-testid="series-row"] .open')
    .evaluateAll(
      (all) =>
        all.filter((name) => name.scrollHeight > name.clientHeight + 1 || name.scrollWidth > name.clientWidth + 1)
          .length,
    );
  assert.equal(cut, 0, 'names that differ in the middle are told apart on a phone, too');
  await page.setViewportSize({ width: 1280, height: 800 });

  await page.getByTestId('series-close').click();
  await page.getByTestId('series').waitFor({ state: 'hidden' });
  await choose(join(MICRO, 'img0.png'));
  await reach('done');
});

/** Saves from the export card. @param {'csv' | 'json' | 'png'} kind @returns {Promise<Buffer>} */
async function exported(kind) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(`export-${kind}`).click()]);
  assert.match(
    download.suggestedFilename(),
    new RegExp(`^carzero-[a-z]+\\.${kind}$`),
    'the name tells nothing of the image',
  );
  return readFileSync(await download.path());
}

/** RFC 4180, read back. @param {string} text */
function readCsv(text) {
  /** @type {string[][]} */ const rows = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') rows.push([]);
  }
  rows.pop();
  return rows;
}

test('scores are exported as CSV and JSON, of the series and of the image, and a figure as PNG', async () => {
  await open();
  await choose([broken, images[0], images[1]]);
  await counts('Scored 2 of 3');
  await page.getByTestId('export-open').click();
  const [columns, ...rows] = readCsv(String(await exported('csv')));
  assert.deepEqual(columns, [
    'image',
    'side',
    'finding',
    'prompt',
    'logit',
    'i2t',
    't2i',
    'percentile',
    'wording',
    'related',
    'negated',
    'zone',
    'verdict',
    'warnings',
    'error',
    'search',
    'likeness',
    'model',
    'version',
    'sha256',
    'reference',
    'note',
  ]);
  const of = (/** @type {string[]} */ row, /** @type {string} */ column) => row[columns.indexOf(column)];
  assert.equal(rows.length, 1 + 2 * 14);
  assert.ok(rows.every((each) => each.length === columns.length));
  assert.equal(rows[0][0], "'=2+3.png", 'no formula for a spreadsheet');
  assert.ok(of(rows[0], 'error').length > 0);
  const sha256 = createHash('sha256')
    .update(readFileSync(join(DIST, 'models/default/manifest.json')))
    .digest('hex');
  for (const row of rows) {
    assert.equal(of(row, 'note'), 'For teaching and research, not for diagnosis');
    assert.equal(of(row, 'sha256'), sha256);
    assert.match(of(row, 'version') + of(row, 'reference'), /\d.+radiographs/);
  }
  assert.ok(
    rows.slice(1).some((row) => of(row, 'zone') === 'within'),
    'uncertain scores are marked',
  );
  const { note, model, images: all } = JSON.parse(String(await exported('json')));
  assert.match(note, /not for diagnosis/);
  assert.ok(model.title && model.version);
  assert.equal(model.sha256, sha256);
  assert.equal(all[0].image, '=2+3.png');
  for (const [i, score] of all[1].scores.entries()) {
    const columnsOf = ['finding', 'prompt', 'logit', 'percentile', 'zone'];
    assert.deepEqual(
      columnsOf.map((name) => String(score[name] ?? '')),
      columnsOf.map((name) => of(rows[1 + i], name)),
    );
    assert.equal(score.wording.standing, of(rows[1 + i], 'wording'));
  }
  assert.ok(await page.getByTestId('export-png').isDisabled());
  await page.keyboard.press('Escape');

  await row('effusion.png').click();
  await reach('done');
  await page.locator('#map:not([hidden])').waitFor();
  await page.getByTestId('export-open').click();
  await screenshot('export-1280');
  assert.equal(readCsv(String(await exported('csv'))).length, 1 + 14);
  const png = await exported('png');
  writeFileSync(join(OUTPUT, 'figure.png'), png);
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  assert.ok(Math.max(width, height) >= 1600 && height <= 2048 && height > width, `${width} × ${height}`);
});

test('files are read ahead by other workers, and by the first one where those are lost', async () => {
  const script = '/worker/decoder.js';
  const { site } = built;
  /** @param {string} says What becomes of the other workers @returns {Promise<string>} The table */
  const scored = async (says) => {
    await start({ serviceWorkers: 'block' });
    site.requests.length = 0;
    site.edits.set(script, (body) => says + String(body));
    await open();
    assert.ok(!site.requests.includes(script), 'not before they are needed');
    const turned = { name: 'side.dcm', mimeType: '', buffer: dicom({ view: 'LL', secret: 'x' }) };
    const more = [...images, broken].map((path) => ({
      name: basename(path),
      mimeType: '',
      buffer: readFileSync(path),
    }));
    await choose([...more, turned, ...more.map((file) => ({ ...file, name: `again ${file.name}` }))]);
    await counts('Scored 7 of 9, 2 not read');
    assert.ok(site.requests.includes(script));
    await page.getByTestId('export-open').click();
    return String(await exported('csv'));
  };
  try {
    const table = await scored('');
    assert.match(table, /lateral/i);
    assert.equal(await scored('throw new Error("lost");\n'), table);
    assert.equal(problems.length, 0);
    const ends = 'addEventListener("message", ({ data }) => { if ("file" in data) throw new Error("lost"); });\n';
    assert.equal(await scored(ends), table);
  } finally {
    site.edits.delete(script);
  }
});

test('what is exported carries what speaks against the scores, and both sides of a comparison', async () => {
  await open();
  await choose({ name: 'side.dcm', mimeType: '', buffer: dicom({ view: 'LL', bodyPart: 'KNEE', secret: 'x' }) });
  await reach('done');
  await page.getByTestId('compare-toggle').click();
  await choose(images[0]);
  await reach('done');
  await page.getByTestId('warnings').getByText('B: The file says that this is a lateral view').waitFor();
  await page
    .getByTestId('difference-row')
    .first()
    .locator('td')
    .last()
    .getByText(/^[+−]?\d+$/)
    .waitFor();
  await page.getByTestId('export-open').click();
  const [columns, ...rows] = readCsv(String(await exported('csv')));
  const of = (/** @type {string[]} */ row, /** @type {string} */ column) => row[columns.indexOf(column)];
  assert.deepEqual(
    [...new Set(rows.map((row) => [of(row, 'image'), of(row, 'side')].join()))],
    ['effusion.png,A', 'side.dcm,B'],
  );
  assert.match(of(rows.at(-1) ?? [], 'warnings'), /^body-part KNEE; lateral/);
  assert.doesNotMatch(of(rows[0], 'warnings'), /lateral/);
  const {
    images: [a, b],
  } = JSON.parse(String(await exported('json')));
  assert.deepEqual([a.side, b.side, b.scores.length], ['A', 'B', 14]);
  assert.deepEqual(b.warnings.slice(0, 2), [{ code: 'body-part', part: 'KNEE' }, { code: 'lateral' }]);
  await page.locator('[data-testid="export-png"]:enabled').waitFor();
  const png = await exported('png');
  writeFileSync(join(OUTPUT, 'figure-compare.png'), png);
  assert.ok(png.readUInt32BE(16) > 2 * 1000, 'side by side');

  await page.keyboard.press('Escape');
  await page.getByTestId('contours-toggle').check();
  const names = page.locator('#contour-names li');
  await names.nth(4).waitFor();
  await recordTexts(page);
  await page.getByTestId('export-open').click();
  writeFileSync(join(OUTPUT, 'figure-compare-contours.png'), await exported('png'));
  const written = await page.evaluate(() => window.written.map(({ text }) => text));
  const legend = written.filter((text) => /^\d [^:]+: /.test(text));
  const shown = await names.allTextContents();
  assert.deepEqual(
    legend.map((text) => text.split(':')[0]),
    [...shown, ...shown],
    'both sides have the lines of the screen',
  );
});

test('text in a table is quoted, and never a formula', async () => {
  const { csvOf } = await import('../../www/features/export/csv.js');
  const { harmless } = await import('../../www/core/csv.js');
  for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', '\rx'])
    assert.equal(harmless(text), `'${text}`);
  for (const text of ['There is a 2+2', 'chest.png', '1-2.png']) assert.equal(harmless(text), text);
  const scores = [{ finding: 'a "mass", large', sentence: 'two\nlines', logit: -1.5, i2t: Math.fround(-0.1), t2i: 2 }];
  const text = csvOf(
    [
      {
        image: 'a,b.png',
        side: '',
        width: 1,
        height: 1,
        warnings: [{ code: 'modality', modality: 'CT' }, { code: 'lateral' }],
        error: '',
        scores,
      },
    ],
    { title: 'M', version: '1' },
  );
  assert.equal(
    text.split('\r\n')[1],
    '"a,b.png",,"a ""mass"", large","two\nlines",-1.5,-0.1,2,,,,,,,modality CT; lateral,,,,M,1,,,"For teaching and research, not for diagnosis"',
  );
});

/** The matrix of a viewport's layers, relative to its size. @param {string} id */
const matrix = (id) =>
  page.locator(`#${id}`).evaluate((layers) => {
    const { a, b, c, d, e, f } = new DOMMatrix(getComputedStyle(layers).transform);
    return [a, b, c, d, e, f].map((value) => Math.round(1000 * value) / 1000);
  });
/** The grey in the middle of a picture on show. @param {string} id */
const grey = (id) => greysAt(page.getByTestId(id), [[0.5, 0.5]]);
const mapOf = (/** @type {string} */ id) => pixelsOf(page.getByTestId(id));
/** A row of the table of differences. @param {string} finding */
const differenceOf = (finding) =>
  page.getByTestId('difference-row').filter({ hasText: finding }).locator('td').allTextContents();

test('two findings on one image, and two images, stand side by side and move together', async () => {
  await open();
  await choose(images[0]);
  await reach('done');
  await page.getByTestId('compare-toggle').click();
  await page.locator('#beside-map:not([hidden])').waitFor();
  assert.equal(await page.getByTestId('difference-row').count(), 2);
  assert.notDeepEqual(await mapOf('beside-map'), await mapOf('map-canvas'), 'each has its own map');
  await page.getByTestId('compare-finding').selectOption('Pneumothorax');
  await page.getByTestId('label-b').filter({ hasText: 'effusion.png' }).getByText('Pneumothorax').waitFor();
  await page
    .getByTestId('difference')
    .getByText(/Standings differ by [+−]?\d+ points/)
    .waitFor();
  await screenshot('compare-findings-1280');

  const together = async () => assert.deepEqual(await matrix('beside-layers'), await matrix('layers'));
  await reach('done');
  await together();
  const fitted = await matrix('layers');
  const at = async (/** @type {string} */ id) => {
    const { x, y, width, height } = await boxOf(page.getByTestId(id));
    await page.mouse.move(x + width / 3, y + height / 2);
  };
  await at('beside');
  await page.mouse.wheel(0, -300);
  await page
    .locator('#layers')
    .waitForFunction((layers, before) => new DOMMatrix(getComputedStyle(layers).transform).a > before, fitted[0]);
  await together();
  await page.getByTestId('viewport').press('h');
  await together();
  await page.getByTestId('viewport').press('ArrowRight');
  await together();
  assert.notDeepEqual(await matrix('layers'), fitted);
  await page.getByTestId('viewport').press('5');
  assert.deepEqual(await grey('beside-picture'), await grey('picture'), 'the window follows');

  await page.getByTestId('compare-link').uncheck();
  const left = await matrix('layers');
  await page.getByTestId('beside').press('+');
  await page
    .locator('#beside-layers')
    .waitForFunction((layers, before) => new DOMMatrix(getComputedStyle(layers).transform).a !== before, left[0]);
  assert.deepEqual(await matrix('layers'), left, 'unlinked');
  await page.getByTestId('compare-link').check();
  await page.getByTestId('viewport').press(' ');
  await together();

  const before = await textOf(page.locator('[data-testid="score-row"][data-finding="Pleural Effusion"] .value'));
  await choose(images[1]);
  await reach('done');
  await page.getByTestId('label-a').getByText('normal.png').waitFor();
  assert.match(await textOf(page.getByTestId('label-b')), /^B.*effusion\.png$/);
  /** @type {Record<string, number>} */ const ends = { '<1st': 0, '>99th': 100 };
  const points = (/** @type {string} */ words) =>
    ends[words] ?? Number(words.replace('−', '-').replace(/[^-\d.]/g, ''));
  const [a, b, difference] = await differenceOf('Pleural Effusion');
  assert.equal(b, before, 'B keeps its scores');
  assert.equal(points(a) - points(b), points(difference), 'of the standings as they are shown');
  await addOwnWords(page, 'fluid around the lungs');
  await page
    .getByTestId('difference-row')
    .filter({ hasText: 'fluid around' })
    .locator('td')
    .last()
    .getByText(/^[+−]?\d+$/)
    .waitFor();
  await page.getByTestId('difference').getByRole('button', { name: 'Pleural Effusion' }).click();
  await page.locator('#map:not([hidden])').waitFor();
  await page.locator('#beside-map:not([hidden])').waitFor();
  await screenshot('compare-images-1280');
  await together();
  await page.setViewportSize(NARROW);
  await screenshot('compare-360');
  await noSidewaysScrolling();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.getByTestId('compare-toggle').click();
  await page.getByTestId('beside').waitFor({ state: 'hidden' });
});

test('a link restores model, findings and display, and holds no image', async () => {
  await open('/?model=models/micro');
  await choose({ name: 'Jane Doe.png', mimeType: 'image/png', buffer: readFileSync(join(MICRO, 'img0.png')) });
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await addOwnWords(page, 'a coin & a “needle”, 50%');
  await reach('done');
  await page.getByTestId('map-kind').selectOption('similarity');
  await page.getByTestId('opacity').fill('35');
  const palette = (await page.getByTestId('palette').locator('option').allTextContents())[1];
  await page.getByTestId('palette').selectOption(palette);
  for (const key of ['5', 'i', 'r', 'h']) await page.getByTestId('viewport').press(key);
  await page.getByTestId('contours-toggle').check();
  await page.locator('.contour-check input:checked').nth(1).uncheck();
  const shown = async () => ({
    findings: (await page.locator('[data-testid="score-row"] .name').allTextContents()).sort(),
    window: await textOf(page.getByTestId('window-text')),
    kind: await page.getByTestId('map-kind').inputValue(),
    palette: await page.getByTestId('palette').inputValue(),
    opacity: await page.getByTestId('opacity').inputValue(),
    invert: await page.locator('[data-action="invert"]').getAttribute('aria-pressed'),
    lies: (await matrix('layers')).map(Math.sign),
    contours: await page.locator('#contour-names li').allTextContents(),
    preset: await page.getByTestId('preset-select').inputValue(),
  });
  const before = await shown();
  assert.equal(before.contours.length, 4);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: built.site.origin });
  await page.getByTestId('export-open').click();
  await page.getByTestId('share-copy').click();
  await page.getByTestId('export-done').getByText('Link copied').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(link, /\/#model=models%2Fmicro&/);
  assert.doesNotMatch(link, /jane|doe|png/i);

  await start();
  await page.goto(link);
  await reach('ready');
  assert.match(await textOf(page.getByTestId('model-from')), /models\/micro/);
  await choose(join(MICRO, 'img0.png'));
  await reach('done');
  assert.deepEqual(await shown(), before);
});

test('a hostile link does nothing', async () => {
  const { settingsFromFragment } = await import('../../www/core/share.js');
  for (const empty of ['', '#', '#about']) assert.equal(settingsFromFragment(empty), null);
  const long = settingsFromFragment(`#find=${'x'.repeat(20_000)}`);
  assert.deepEqual([long?.findings, long?.map, long?.display, long?.refused.length], [null, {}, {}, 1]);
  for (const model of [
    '//example.org/m',
    'https://example.org/m',
    '../m',
    'a/../../m',
    'a/%2e%2e/m',
    '/m',
    'a\\m',
    'javascript:m',
    '.git',
    'm?x',
    'm#x',
    'x'.repeat(300),
  ]) {
    assert.equal(settingsFromFragment(`#model=${encodeURIComponent(model)}`)?.model, '', model);
  }
  const hostile = settingsFromFragment(
    `#find=${'y'.repeat(201)}&find=%00ok%0a%09&find=ok&map=<b>&opacity=1e3&contours=1,x&window=1,Infinity&turn=7&invert=yes&__proto__=1`,
  );
  assert.deepEqual([hostile?.map, hostile?.display, hostile?.findings], [{}, {}, ['ok']]);
  assert.deepEqual(
    hostile?.refused.map((part) => part.slice(0, 14)),
    [`find=${'y'.repeat(9)}`, 'map=<b>', 'opacity=1e3', 'contours=1,x', 'window=1,Infin', 'invert=yes', 'turn=7'],
  );
  assert.equal(
    settingsFromFragment(`#${'find=a&'.repeat(2)}${Array.from({ length: 300 }, (_, i) => `find=f${i}`).join('&')}`)
      ?.findings?.length,
    99,
  );

  await open(
    `/#model=https://example.org/m&find=${encodeURIComponent('<img src=x onerror=alert(1)>')}&palette=__proto__&find=気胸`,
  );
  assert.match(await textOf(page.getByTestId('model-from')), /models\/default/);
  assert.deepEqual(await page.locator('[data-testid="score-row"] .name').allTextContents(), [
    '<img src=x onerror=alert(1)>',
  ]);
  assert.equal(
    await page.getByTestId('palette').inputValue(),
    await textOf(page.getByTestId('palette').locator('option').first()),
  );
  const notice = page.getByTestId('error-message');
  assert.match(await textOf(notice), /Left out: model=https:\/\/example\.org\/m, find=気胸, palette=__proto__\./);

  await page.evaluate(() => {
    location.hash = 'set=nonsense&find=Edema&map=zzz&opacity=9999&turn=1';
  });
  await notice.getByText('Left out: map=zzz, opacity=9999, set=nonsense. All else is as the link has it.').waitFor();
  assert.deepEqual(await page.locator('[data-testid="score-row"] .name').allTextContents(), ['Edema']);
  await page.locator('#dismiss').click();
  await page.evaluate(() => {
    location.hash = 'set=chexpert5&show=Edema';
  });
  await page.locator('[data-testid="score-row"][data-finding="Cardiomegaly"]').waitFor();
  const list = page.getByTestId('preset-select').locator('option:checked');
  assert.equal(await textOf(list), 'CheXpert-5 and 1 more', 'what was asked for before stays');
  assert.equal(await notice.isVisible(), false, 'all of it could be used');
});

test('another model is chosen from disk or by the address; one that fails leaves the model before', async () => {
  await open('/?model=../model');
  await page.getByTestId('error-message').getByText('a folder beside this page').waitFor();
  assert.match(await textOf(page.getByTestId('model-from')), /models\/default, beside this page/);
  await choose(images[0]);
  await reach('done');
  const before = await textOf(page.getByTestId('score-list'));

  const bad = join(built.work, 'bad');
  mkdirSync(bad, { recursive: true });
  for (const name of ['manifest.json', 'config.json', 'tokenizer.json'])
    writeFileSync(join(bad, name), readFileSync(join(built.work, 'micro', name)));
  writeFileSync(join(bad, 'weights-01-of-01.safetensors'), 'cut short');
  await page.getByTestId('device-label').click();
  await page.setInputFiles('[data-testid="model-folder"]', bad);
  await page.getByTestId('error-message').getByText('bad was not loaded').waitFor();
  assert.match(await textOf(page.getByTestId('error-message')), /weights-01-of-01.safetensors.+The model before stays/);
  assert.equal(await textOf(page.getByTestId('score-list')), before);
  await page.setInputFiles('[data-testid="model-folder"]', folder);
  await page.getByTestId('error-message').getByText('This folder holds none').waitFor();

  const requested = () => built.site.requests.filter((path) => path.startsWith('/models/micro')).length;
  const fetched = requested();
  await page.setInputFiles('[data-testid="model-folder"]', join(built.work, 'micro'));
  await page.getByTestId('model-from').getByText('micro, on this device').waitFor({ state: 'attached' });
  await reach('done');
  assert.match(await textOf(page.getByTestId('model-source')), /^\d+(\.\d)? MB, read from this device/);
  assert.equal(
    await page.locator('[data-testid="score-row"][data-kind="unranked"]').count(),
    14,
    'the image was scored by the other model',
  );
  assert.equal(requested(), fetched, 'nothing of it was fetched');
  await page.getByTestId('device-label').click();
  await screenshot('models-1280');
  await page.setViewportSize(NARROW);
  await screenshot('models-360');
  await noSidewaysScrolling();
});

test('axe-core finds nothing in the table, the comparison and the export', async () => {
  for (const [colorScheme, width] of /** @type {const} */ ([
    ['light', 1280],
    ['dark', 360],
  ])) {
    await start({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
    await open('/?model=models/micro');
    await page.getByTestId('preset-select').selectOption('chexpert5');
    await choose([broken, images[0], join(MICRO, 'img0.png')]);
    await counts('Scored 2 of 3');
    await head('Atelectasis').getByRole('button').click();
    await audit(`table, ${colorScheme}`);
    await row('effusion.png').getByRole('button').click();
    await reach('done');
    await page.getByTestId('compare-toggle').click();
    await page.locator('#beside-map:not([hidden])').waitFor();
    await audit(`two findings, ${colorScheme}`);
    await page.getByTestId('series-next').click();
    await page.getByTestId('label-a').getByText('img0.png').waitFor();
    await reach('done');
    await page.locator('#beside-map:not([hidden])').waitFor();
    await audit(`two images, ${colorScheme}`);
    await openMenu(page);
    await page.getByTestId('export-open').click();
    await audit(`export, ${colorScheme}`);
    await page.getByTestId('device-label').click();
    await audit(`models, ${colorScheme}`);
  }
});
