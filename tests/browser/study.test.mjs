/** Reader studies and rounds of ten: cases are read without and with the model, go on after a reload, and are measured. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, beforeEach, test } from 'node:test';
import { OUTPUT, carzero, violations } from './setup.mjs';
import { builtPage, openMenu, reached, textOf, visit } from './visit.mjs';
import { readPack, withFiles } from '../../www/core/pack.js';
import { measuredOf, resultOf, stepsOf } from '../../www/core/study.js';
import { addedTo, resultFrom } from '../../www/features/study/results.js';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */

const built = builtPage();
const own = join(built.work, 'own');
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

const EFFUSION = { x: 0.1, y: 0.5, width: 0.4, height: 0.4 };
const PACK = {
  format: 'carzero-cases',
  cases: [
    { image: 'wet.png', findings: { 'Pleural Effusion': [EFFUSION], Cardiomegaly: false } },
    { image: 'broken.png', findings: { 'Pleural Effusion': true, Cardiomegaly: false } },
    { image: 'dry.png', findings: { 'Pleural Effusion': false, Cardiomegaly: false } },
    { image: 'wide.png', findings: { 'Pleural Effusion': false, Cardiomegaly: true } },
  ],
};

before(() => {
  mkdirSync(own);
  for (const [name, example] of Object.entries({ wet: 'effusion', dry: 'normal', wide: 'cardiomegaly' }))
    carzero('phantom', example, '--size', '320', '--out', join(own, `${name}.png`));
  writeFileSync(join(own, 'broken.png'), 'no picture');
  writeFileSync(join(own, 'cases.json'), JSON.stringify(PACK));
});
beforeEach(() => start());
afterEach(async () => {
  await context.close();
  assert.deepEqual(problems, []);
});

/** @param {BrowserContextOptions} [options] Of the browser's context */
async function start(options = {}) {
  await context?.close();
  ({ context, page, problems } = await visit(built.browser, { locale: 'en-GB', bypassCSP: true, ...options }));
}

const by = (/** @type {string} */ id) => page.getByTestId(id);
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `study-${name}.png`) });
const saved = async (/** @type {string} */ id) => {
  const [download] = await Promise.all([page.waitForEvent('download'), by(id).click()]);
  return readFileSync(await download.path(), 'utf8');
};
async function teach() {
  await page.goto(`${built.site.origin}/?device=cpu`);
  await reached(page, 'ready');
  await openMenu(page);
  await by('teach-toggle').click();
}
/** @param {string} state */
async function audit(state) {
  assert.deepEqual(await violations(page), [], state);
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `no sideways scrolling: ${state}`,
  );
}
const title = (/** @type {string | RegExp} */ words) => page.locator('#teach-title').getByText(words).waitFor();
/** Answers a case as without any finding. */
async function clear() {
  await by('teach-clear').check();
  await by('teach-reveal').click();
}
/** Reads steps of a study from one on. @param {number} from @param {number} to @param {number} all */
async function readSteps(from, to, all) {
  for (let step = from; step <= to; step++) {
    const aided = step % 2 === 0;
    await title(`Reading ${step} of ${all}: ${aided ? 'with the model' : 'without the model'}`);
    if (aided) await reached(page, 'done');
    else assert.equal(await page.locator('#list').isVisible(), false, 'the model says nothing');
    if (aided) assert.ok(await by('teach-clear').isChecked(), 'what was said stays');
    await clear();
  }
}

const file = (/** @type {string} */ name, /** @type {string} */ text) => ({ name, file: new File([text], name) });
/** A study that is read to its end. @returns {import('../../www/core/study.js').Kept} */
const kept = () => {
  const findings = ['Pleural Effusion', 'Lung Nodule'];
  const plan = {
    digest: 'd',
    design: /** @type {const} */ ('sequential'),
    washOut: 14,
    seed: 1,
    clock: false,
    findings,
    modelFrom: 80,
    reader: 'A',
    model: null,
    population: 'the ward',
  };
  const cases = [1, 2, 3].map((seed) => ({ seed, difficulty: 0.5 }));
  const steps = stepsOf(plan, 3);
  const given = steps.map(({ case: one, aided }) => {
    const found = one === 0 && aided;
    return {
      confidence: { 'Pleural Effusion': /** @type {1 | 5} */ (found ? 5 : 1), 'Lung Nodule': /** @type {const} */ (2) },
      marks: /** @type {Record<string, {x: number, y: number}>} */ (
        found ? { 'Pleural Effusion': { x: 0.2, y: 0.6 } } : {}
      ),
      seconds: aided ? 9 : 6,
    };
  });
  const known = cases.map((_one, i) => ({
    truth: { 'Pleural Effusion': i === 0 ? [EFFUSION] : null, 'Lung Nodule': i === 1 ? [] : null },
    ratio: 1,
    model: { 'Pleural Effusion': { logit: i, percentile: 90 - 40 * i }, 'Lung Nodule': { logit: -i } },
  }));
  return { plan, cases, steps, at: steps.length, given, known, rested: 0, restDays: null };
};

test('every case is read in both conditions, in an order that the seed decides', () => {
  for (const design of /** @type {const} */ (['sequential', 'crossover'])) {
    const steps = stepsOf({ design, seed: 4 }, 9);
    assert.deepEqual(steps, stepsOf({ design, seed: 4 }, 9));
    assert.notDeepEqual(steps, stepsOf({ design, seed: 5 }, 9));
    for (const aided of [false, true]) {
      const cases = steps.filter((step) => step.aided === aided).map((step) => step.case);
      assert.deepEqual(
        cases.sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8],
        design,
      );
    }
  }
  const first = stepsOf({ design: 'crossover', seed: 4 }, 9).slice(0, 9);
  assert.equal(new Set(first.map((step) => step.case)).size, 9, 'the first session has every case once');
  assert.equal(first.filter(({ aided }) => !aided).length, 5);
  const pairs = stepsOf({ design: 'sequential', seed: 4 }, 9);
  assert.ok(
    pairs.every(({ aided, case: one }, i) => aided === (i % 2 === 1) && (i % 2 === 0 || pairs[i - 1].case === one)),
  );
});

test('a result has what is measured, and nothing of a file', () => {
  const result = resultFrom(JSON.stringify(resultOf(kept())));
  assert.deepEqual(
    result.cases.map((one) => one.truth['Lung Nodule']),
    [false, true, false],
  );
  const marked = result.readings.find((reading) => reading.marks['Pleural Effusion'])?.marks['Pleural Effusion'];
  assert.deepEqual([marked?.distance, marked?.hit], [0, true]);
  const measured = measuredOf([result], 100);
  assert.deepEqual([...measured.labels.slice(0, 6)], [1, 0, 0, 0, 1, 0], 'truth, by finding');
  assert.deepEqual([...measured.labels.slice(6, 12)], [1, 0, 0, 0, 2, 0], 'a place that nobody told is unknown');
  assert.deepEqual([...measured.labels.slice(12)], [1, 0, 0, 2, 2, 2], 'without a percentile the model has no say');
  assert.deepEqual([...measured.readers[0].answers.slice(12, 18)], [5, 1, 1, 2, 2, 2], 'confidence with the model');
  assert.deepEqual([...measured.readers[0].seconds], [6, 6, 6, 9, 9, 9]);
  const half = { ...result, readings: result.readings.slice(0, 3) };
  assert.equal(measuredOf([half], 0).cases, 1, 'only what was read both ways');
});

test('result files are of one study and of different readers, or are refused', () => {
  const result = resultOf(kept());
  const code = (/** @type {() => unknown} */ act) => {
    try {
      act();
    } catch (error) {
      return /** @type {{code: string}} */ (error).code;
    }
    return '';
  };
  for (const text of [
    '{',
    '{}',
    '[]',
    JSON.stringify({ ...result, readings: [{ case: 1 }] }),
    JSON.stringify({ ...result, format: 'x' }),
  ])
    assert.equal(
      code(() => resultFrom(text)),
      'study-format',
    );
  const other = { ...result, study: { ...result.study, digest: 'other' } };
  assert.equal(
    code(() => addedTo([result], other, false)),
    'study-other',
  );
  assert.equal(
    code(() => addedTo([result], result, false)),
    'study-reader',
  );
  assert.deepEqual(
    addedTo([result], { ...result, reader: 'B' }, false).map(({ reader }) => reader),
    ['A', 'B'],
  );
  assert.equal(
    code(() => addedTo([result], { ...result, reader: 'B', population: 'another ward' }, false)),
    'study-model',
  );
  assert.deepEqual(addedTo([result, other], other, true), [other], 'one’s own study ends another one');
});

test('case packs say what is wrong with them', async () => {
  const pack = (/** @type {unknown} */ told) => [
    file('cases.json', JSON.stringify(told)),
    file('a.png', 'a'),
    file('b.png', 'bb'),
  ];
  const code = async (/** @type {{name: string, file: File}[]} */ files) =>
    readPack(files).then(
      () => '',
      ({ code: why }) => why,
    );
  const one = (/** @type {unknown} */ entry) => pack({ format: 'carzero-cases', cases: [entry] });
  assert.equal(await code([file('a.png', '')]), 'pack-none');
  assert.equal(await code([...pack({}), file('more.json', '{}')]), 'pack-several');
  assert.equal(await code([file('cases.json', '{')]), 'pack-json');
  assert.equal(await code(pack({ cases: [] })), 'pack-format');
  assert.equal(await code(pack({ format: 'carzero-cases', cases: [] })), 'pack-empty');
  for (const entry of [7, {}, { seed: -1 }, { seed: 1, difficulty: 2 }, { image: 'a.png' }])
    assert.equal(await code(one(entry)), 'pack-case');
  assert.equal(await code(one({ image: 'c.png', findings: {} })), 'pack-image');
  for (const value of [1, [], [{ x: 0 }], [{ x: 0, y: 0, width: 2, height: 1 }]])
    assert.equal(await code(one({ image: 'a.png', findings: { Hernia: value } })), 'pack-truth');
  const twice = { image: 'a.png', findings: { Hernia: true } };
  assert.equal(
    await code(pack({ format: 'carzero-cases', cases: [twice, { ...twice, findings: { Hernia: false } }] })),
    'pack-twice',
  );
  const read = await readPack(pack({ format: 'carzero-cases', cases: [twice, { seed: 3 }] }));
  assert.deepEqual([read.cases.length, read.findings.length], [2, 6]);
  assert.ok(!JSON.stringify(read.cases).includes('a.png'), 'no name is kept');
  const closed = read.cases.map((each) => ('key' in each ? { ...each, file: null } : each));
  assert.deepEqual(
    await withFiles(closed, [file('folder/a.png', 'a')]).then((cases) =>
      cases.map((each) => 'key' in each && each.file?.name),
    ),
    ['folder/a.png', false],
  );
  await assert.rejects(withFiles(closed, [file('a.png', 'longer')]), { code: 'pack-missing' });
});

test('a study of phantoms is read by keys, goes on after a reload, and is measured with another reader', async () => {
  /** @type {string[]} */ const sent = [];
  page.on('request', (request) => {
    if (request.method() !== 'GET') sent.push(request.url());
  });
  await teach();
  await by('study-open').click();
  await by('study-count').fill('4');
  await by('study-clock').check();
  await by('study-findings').getByText('Pneumothorax').click();
  await by('study-findings').getByText('Pulmonary Consolidation').click();
  await screenshot('setup-1280');
  await audit('set up');
  await by('study-start').click();

  await title('Reading 1 of 8: without the model');
  assert.equal(await by('teach-reveal').isDisabled(), true, 'every finding has to be answered');
  assert.equal(await by('tour-open').isDisabled(), true, 'a tour would end it');
  await page.locator('#teach-form').waitFor();
  for (const key of '1112') await page.keyboard.press(key);
  assert.equal(await by('teach-clear').isChecked(), false);
  await page.locator('#teach-missing').getByText('Ready to answer').waitFor();
  assert.match(await textOf(by('teach-clock')), /^\d+ s$/);
  await screenshot('alone-1280');
  await by('teach-clear').check();
  await by('teach-reveal').click();
  await title('Reading 2 of 8: with the model');
  await reached(page, 'done');
  await page.locator('#list').waitFor();
  assert.equal(await page.locator('#truth').isVisible(), false, 'the truth stays hidden');
  assert.equal(await page.locator('#lab').isVisible(), false);
  await screenshot('aided-1280');
  await audit('with the model');
  for (const [width, height] of [
    [1440, 900],
    [1024, 768],
    [1280, 800],
  ]) {
    await page.setViewportSize({ width, height });
    assert.ok(
      await by('teach-reveal').evaluate((button) => {
        const { x, y, width: wide, height: high } = button.getBoundingClientRect();
        return document.elementFromPoint(x + wide / 2, y + high / 2) === button;
      }),
      `the answer is in view without scrolling: ${width}`,
    );
  }
  await clear();
  await readSteps(3, 3, 8);
  await title('Reading 4 of 8');

  await page.reload();
  await reached(page, 'ready');
  await by('study-kept').getByText('Reader R1: 3 of 8 readings are done.').waitFor();
  await by('study-go').click();
  await readSteps(4, 8, 8);
  await by('study-report').waitFor({ timeout: 60_000 });
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'study-results-title');
  assert.match(await textOf(by('study-summary')), /^4 cases that were read without and with the model, by 1 reader\.$/);
  const missed = by('study-figures').locator('tr[data-measure="missed"] td');
  const result = JSON.parse(await saved('study-json'));
  const there = result.cases.flatMap((/** @type {{truth: object}} */ one) => Object.values(one.truth)).filter(Boolean);
  assert.ok(there.length > 0, 'the seed has findings');
  assert.match((await missed.allTextContents())[0], /^1\.000/, 'nothing was called present');
  await screenshot('results-1280');
  await audit('results');

  assert.deepEqual([result.reader, result.readings.length, result.cases.length], ['R1', 8, 4]);
  const other = structuredClone(result);
  other.reader = 'R2';
  for (const reading of other.readings) {
    const { truth } = other.cases[reading.case - 1];
    for (const finding of Object.keys(truth)) reading.confidence[finding] = truth[finding] === reading.aided ? 5 : 2;
  }
  const asFile = (/** @type {string} */ name, /** @type {string} */ text) => ({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(text),
  });
  await page.setInputFiles('[data-testid="study-load"]', asFile('r2.json', JSON.stringify(other)));
  await by('study-summary').getByText('by 2 readers').waitFor();
  await by('study-reader-figures').getByText('R2').waitFor();
  await page.setInputFiles('[data-testid="study-load"]', asFile('r2.json', JSON.stringify(other)));
  await by('study-error').getByText('There is a reader R2 already').waitFor();
  await page.setInputFiles('[data-testid="study-load"]', asFile('x.json', '{}'));
  await by('study-error').getByText('no result file').waitFor();

  const answers = (await saved('study-answers')).trim().split('\r\n');
  assert.equal(answers.length, 1 + 2 * 8 * 3, 'a row for each reader, reading and finding');
  assert.match(answers[0], /^reader,case,model_shown,finding,truth,confidence,/);
  assert.match(await saved('study-csv'), /\r\nmean,missed,1,/);
  const html = await saved('study-html');
  assert.match(html, /<h1[^>]*>Reader study<\/h1>/);
  assert.doesNotMatch(html, /<script|src=|href=/);
  assert.deepEqual(sent, [], 'nothing was sent');
  await page.locator('#study-notes').getByText('Fewer than ten decisions').waitFor();
  await page.getByRole('button', { name: 'Remove reader R2' }).press('Enter');
  await by('study-summary').getByText('by 1 reader.').waitFor();
  assert.equal(
    await page.evaluate(() => document.activeElement?.id),
    'study-results-title',
    'the focus stays in the dialog',
  );

  await teach();
  await by('study-open').click();
  await by('study-summary').getByText('by 1 reader.').waitFor({ timeout: 60_000 }); // after a reload, too
  assert.ok(await by('study-figures').locator('tr').count());
});

test('a crossover rests after its first session', async () => {
  await teach();
  await by('study-open').click();
  await by('study-count').fill('4');
  await by('study-design').selectOption('crossover');
  await by('study-start').click();
  for (let step = 1; step <= 4; step++) {
    await title(`Reading ${step} of 8`);
    await reached(page, 'done');
    await clear();
  }
  await by('study-kept-text').getByText('The second is planned for').waitFor();
  await by('study-go').click();
  await title('Reading 5 of 8');
  await by('teach-end').click();
  await page.reload();
  await reached(page, 'ready');
  await by('study-kept').getByText('4 of 8').waitFor();
  await by('study-discard').click();
  await by('study-kept-text').getByText('was left. Readings: 4.').waitFor();
  await by('study-restore').click();
  await by('study-kept').getByText('4 of 8').waitFor();
  await by('study-discard').click();
  await by('study-restore').waitFor();
  await page.reload();
  await reached(page, 'ready');
  assert.equal(await by('study').isVisible(), false, 'it is not kept any more');
});

test('own cases: a broken image is left out, marks meet the boxes, images are chosen again after a reload', async () => {
  await teach();
  await page.setInputFiles('[data-testid="teach-pack"]', [join(own, 'wet.png')]);
  await page.getByText('there is no JSON file among them', { exact: false }).waitFor();
  const all = ['cases.json', 'wet.png', 'broken.png', 'dry.png', 'wide.png'].map((name) => join(own, name));
  await page.setInputFiles('[data-testid="teach-pack"]', all);
  let clearCases = 0;
  for (let number = 1; number <= 3; number++) {
    await title(`: look first`);
    await reached(page, 'done');
    await clear();
    await title(`: you and the model`);
    if ((await textOf(by('teach-outcome'))).includes('Not marked: Pleural Effusion')) {
      await by('truth').getByText('Pleural Effusion').waitFor();
      await screenshot('own-1280');
    }
    clearCases += Number((await textOf(by('teach-outcome'))).includes('Of others nobody told.'));
    await by('teach-next').click();
  }
  assert.equal(clearCases, 1, 'what is not listed is not called absent');
  await title('The round is over');
  assert.match(await textOf(by('teach-outcome')), /Cardiomegaly0 of 1/);
  await by('teach-end').click();
  assert.ok((await page.evaluate(() => localStorage.getItem('carzero-progress')))?.includes('Cardiomegaly'));

  await by('teach-toggle').click();
  await by('study-open').click();
  await by('study-own').check();
  await page.setInputFiles('[data-testid="study-files"]', all);
  await page.getByText('4 cases were read.').waitFor();
  await by('study-start').click();
  await title('Reading 1 of');
  await page.reload();
  await reached(page, 'ready');
  await page.setInputFiles('[data-testid="study-reopen"]', [join(own, 'wet.png')]);
  await by('study-error').getByText('3 of 4 images are not among these files').waitFor();
  await page.setInputFiles('[data-testid="study-reopen"]', all);
  await title('Reading 1 of');
});

test('on a phone’s width, in both languages', async () => {
  for (const locale of ['en-GB', 'ja-JP']) {
    await start({ viewport: { width: 360, height: 740 }, hasTouch: true, locale });
    await page.addInitScript(() => {
      Math.random = () => 0.6;
    }); // draws a consolidation, whose name is long
    await teach();
    await by('teach-ten').click();
    await reached(page, 'done');
    await screenshot(`ten-360-${locale}`);
    await audit(`a case, ${locale}`);
    await by('teach-clear').check();
    await by('teach-reveal').click();
    await by('teach-outcome').waitFor();
    await audit(`revealed, ${locale}`);
    await by('teach-end').click();
    await openMenu(page);
    await by('teach-toggle').click();
    await by('study-open').click();
    await screenshot(`setup-360-${locale}`);
    await audit(`set up, ${locale}`);
  }
});
