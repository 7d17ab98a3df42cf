/** Results for other programs: what the page saves is what the command line writes for the same picture. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { dicom, elementsOf } from './dicom.mjs';
import { DIST, OUTPUT, carzero, violations } from './setup.mjs';
import { addOwnWords, builtPage, reached, textOf, visit } from './visit.mjs';
/** @import { Page } from 'playwright-core' */

const SECRET = 'ZQXJWV^KPYB';
const UIDS = { class: '1.2.840.10008.5.1.4.1.1.1', instance: '1.2.3.4.5', study: '1.2.3.4.6', series: '1.2.3.4.7' };

const built = builtPage();
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;
/** @type {string[]} */ let fetched;
const by = (/** @type {string} */ id) => page.getByTestId(id);

beforeEach(async () => {
  ({ page, problems } = await visit(built.browser, { bypassCSP: true })); // for axe
  fetched = [];
  page.on('request', (request) => fetched.push(request.url()));
  await page.goto(built.site.origin);
  await reached(page, 'ready');
});
afterEach(() => page.context().close());

/** Saves a file of the Export card. @param {'report' | 'capture' | 'fhir'} kind */
async function exported(kind) {
  const [download] = await Promise.all([page.waitForEvent('download'), by(`export-${kind}`).click()]);
  return readFileSync(await download.path());
}

/** A DICOM file that the page and the program score, with a finding whose words are unknown. @param {string} name */
async function open(name) {
  const path = join(built.work, name);
  writeFileSync(path, dicom({ view: 'LL', secret: SECRET, uids: UIDS }));
  await page.getByTestId('file-input').setInputFiles(path);
  await reached(page, 'done');
  return path;
}

/** What the program writes for the findings on show. @param {string} image @param {string[]} more */
function written(image, ...more) {
  const out = join(built.work, `out${more.length}`);
  const findings = join(built.work, 'findings.txt');
  const model = join(DIST, 'models/default');
  const files = ['--report', out, '--captures', out, '--fhir', out];
  carzero('score', '--model', model, '--findings', findings, ...files, ...more, image);
  return (/** @type {RegExp} */ pattern) => {
    const name = readdirSync(out).find((each) => pattern.test(each));
    assert.ok(name, `${pattern} of ${readdirSync(out)}`);
    return readFileSync(join(out, name));
  };
}

/** Elements without identifiers and times, which are new in each file; numbers are separate. @param {Buffer} file */
function comparable(file) {
  /** @type {[string, string][]} */ const texts = [];
  /** @type {number[]} */ const numbers = [];
  for (const [name, value] of elementsOf(file)) {
    const [, vr] = name.split(' ');
    const text = value.toString('utf8').replace(/[\0 ]+$/, '');
    if (vr === 'OB' || ['DA', 'TM'].includes(vr) || name.startsWith('0002,')) continue;
    if (vr === 'DS') numbers.push(...text.split('\\').map(Number));
    else texts.push([name, vr === 'UI' ? text.replace(/^2\.25\.\d+$/, '2.25') : text]);
  }
  return { texts, numbers };
}

/** @param {number[]} some @param {number[]} others @param {number} most */
function near(some, others, most) {
  assert.equal(some.length, others.length);
  some.forEach((number, at) =>
    assert.ok(Math.abs(number - others[at]) <= most, `${at}: ${number}, and not ${others[at]}`),
  );
}

/** JSON without what is new in each file; numbers are separate. @param {Buffer} file */
function plain(file) {
  /** @type {number[]} */ const numbers = [];
  const value = JSON.parse(file.toString('utf8'), (key, value) => {
    if (typeof value === 'number') return numbers.push(value) && 0;
    if (key === 'div' || key === 'issued' || key === 'timestamp') return '';
    return typeof value === 'string'
      ? value.replace(/^(urn:uuid:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'uuid')
      : value;
  });
  return { value, numbers };
}

test('DICOM report, map and FHIR are what the command line writes, with a reference to the file only where it is asked for', async () => {
  const packed = gzipSync(readFileSync(join(DIST, 'carzero-results_bg.wasm')), { level: 9 });
  assert.ok(packed.length <= 250_000, `${packed.length} bytes`);
  const image = await open('chest.dcm');
  await addOwnWords(page, 'gold bars');
  await page.locator('[data-finding="gold bars"][data-kind="unranked"]').waitFor();
  assert.deepEqual(
    fetched.filter((url) => url.includes('carzero-results')),
    [],
    'it is fetched when it is needed',
  );
  await by('export-open').click();
  const refer = by('export-refer');
  assert.ok(await refer.isVisible());
  assert.equal(await refer.isChecked(), false);
  await page.screenshot({ path: join(OUTPUT, 'results.png') });
  assert.deepEqual(await violations(page), []);

  // The findings are given in the order of the list, which the JSON has too.
  const [download] = await Promise.all([page.waitForEvent('download'), by('export-json').click()]);
  const [{ scores }] = JSON.parse(readFileSync(await download.path(), 'utf8')).images;
  const findings = scores.map((/** @type {{finding: string}} */ { finding }) => finding);
  assert.ok(findings.includes('gold bars'));
  writeFileSync(join(built.work, 'findings.txt'), findings.join('\n'));
  const selected = await page.locator('[data-selected]').first().getAttribute('data-finding');

  for (const asked of [false, true]) {
    if (asked) await refer.check();
    const files = {
      report: await exported('report'),
      capture: await exported('capture'),
      fhir: await exported('fhir'),
    };
    const program = written(image, ...(asked ? ['--reference-source'] : []));
    for (const [kind, file] of Object.entries(files)) {
      const content = file.toString('latin1');
      assert.ok(!content.includes(SECRET.slice(0, 6)), kind);
      assert.equal(content.includes(UIDS.instance), asked, `${kind}: the image`);
      assert.equal(content.includes(UIDS.study), asked, `${kind}: the study`);
    }
    const [own, expected] = [files.report, program(/report\.dcm$/)].map(comparable);
    assert.deepEqual(own.texts, expected.texts);
    near(own.numbers, expected.numbers, 0.3); // percentiles, in steps of 0.1
    const texts = own.texts.map(([, text]) => text);
    assert.ok(texts.some((text) => text.includes('lateral view')));
    assert.ok(texts.some((text) => text.includes('the score says nothing')));

    const at = String(findings.indexOf(selected) + 1).padStart(2, '0');
    const maps = [files.capture, program(new RegExp(`\\.${at}-.*\\.dcm$`))];
    const [map, over] = maps.map(comparable);
    const wordless = (/** @type {[string, string][]} */ all) => all.filter(([name]) => name !== '0020,4000 LT'); // this comment has numbers
    assert.deepEqual(wordless(map.texts), wordless(over.texts));
    near(map.numbers, over.numbers, 0);
    const [pixels, others] = maps.map((file) => elementsOf(file).find(([name]) => name === '7fe0,0010 OB')?.[1] ?? []);
    assert.equal(pixels.length, 3 * 256 * 256);
    near([...pixels], [...others], 2);

    const [json, bundle] = [files.fhir, program(/fhir\.json$/)].map(plain);
    assert.deepEqual(json.value, bundle.value);
    near(json.numbers, bundle.numbers, 0.3);
  }
  assert.ok(fetched.some((url) => url.includes('carzero-results')));
  assert.deepEqual(problems, []);
});

test('another file is asked about anew; a DICOM file without identifiers cannot be referred to, and a drawing says what it is', async () => {
  const path = join(built.work, 'bare.dcm');
  writeFileSync(path, dicom({ view: 'PA', secret: SECRET }));
  await page.getByTestId('file-input').setInputFiles(path);
  await reached(page, 'done');
  await by('export-open').click();
  assert.equal(await by('export-refer').isChecked(), false);
  await by('export-refer').check();
  await by('export-report').click();
  await by('export-done').getByText('no identifiers to refer to').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('[data-phantom="effusion"]').click();
  await page.getByTestId('facts').waitFor({ state: 'hidden' });
  await reached(page, 'done');
  await by('export-open').click();
  await by('export-refer').waitFor({ state: 'hidden' });
  const report = comparable(await exported('report'));
  assert.ok(report.texts.some(([, text]) => text.startsWith('This is a drawing')));
  assert.match(await textOf(by('export-done')), /carzero-report\.dcm/);
});
