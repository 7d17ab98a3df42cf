/** DICOM files on the page: facts and warnings are shown, and nobody's name. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { serve } from './server.mjs';
import { DIST, MICRO, OUTPUT, launch, violations } from './setup.mjs';
import { reached, textOf } from './visit.mjs';
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const SECRET = 'ZQXJWV^KPYB';
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {Page} */ let page;

before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  site = await serve({ '/': DIST });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, bypassCSP: true }); // for axe
  await page.goto(site.origin);
  await reach('ready');
});
afterEach(async () => {
  await page.close();
  await site.close();
});

const reach = (/** @type {string} */ state) => reached(page, state);
const factsShown = () =>
  page
    .getByTestId('facts')
    .locator('div')
    .evaluateAll((facts) => facts.map((fact) => [...fact.children].map((part) => part.textContent).join(': ')));

/** Drops bytes on the page, as a file of unknown type. @param {Buffer} data @param {string} name */
async function drop(data, name) {
  const dataTransfer = await page.evaluateHandle(
    ({ data, name }) => {
      const files = new DataTransfer();
      files.items.add(new File([Uint8Array.from(atob(data), (char) => char.charCodeAt(0))], name));
      return files;
    },
    { data: data.toString('base64'), name },
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

/** Everything the page shows or keeps, as text. */
const everything = () =>
  page.evaluate(async () => {
    const kept = [
      document.documentElement.outerHTML,
      JSON.stringify(localStorage),
      JSON.stringify(sessionStorage),
      JSON.stringify(await indexedDB.databases()),
    ];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const data = await (await cache.match(request))?.arrayBuffer();
        kept.push(request.url, new TextDecoder('latin1').decode(data));
      }
    }
    return kept.join('\n');
  });

test('a lateral view without extension is warned of before its scores, and names nobody', async () => {
  await drop(dicom({ view: 'LL', secret: SECRET }), 'IM000001');
  const warnings = page.getByTestId('warnings');
  await warnings.getByText('lateral view').waitFor();
  const list = await page.getByTestId('score-list').elementHandle();
  assert.ok(
    await warnings.evaluate(
      (element, list) => Boolean(element.compareDocumentPosition(list) & Node.DOCUMENT_POSITION_FOLLOWING),
      list,
    ),
  );
  assert.equal(await warnings.getAttribute('aria-live'), 'polite');
  await reach('done');
  assert.deepEqual(await factsShown(), [
    'Modality: DX',
    'Body part: CHEST',
    'View: LL',
    'Spacing: 0.2 × 0.2 mm (Pixel Spacing)',
    'Matrix: 256 × 256',
    'Bits: 12 of 16, unsigned',
    'Photometric: MONOCHROME2',
    'Transfer syntax: Explicit VR Little Endian',
  ]);
  const shown = await everything();
  assert.ok(!shown.includes('ZQXJWV') && !shown.includes('KPYB'), 'an identifying tag is shown or kept');
  await page.screenshot({ path: join(OUTPUT, 'dicom-1440.png') });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(OUTPUT, 'dicom-390.png') });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling');

  await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img0.png'));
  await page.getByTestId('facts').waitFor({ state: 'hidden' });
  assert.doesNotMatch(await textOf(warnings), /The file says/, 'another picture is not warned of');
});

test('a header of a chest PA gives no warning, and a damaged file leaves it as it is', async () => {
  assert.equal(await page.getByTestId('file-input').getAttribute('accept'), null, 'no file is hidden');
  await drop(dicom({ view: 'PA', secret: SECRET }), 'chest.dcm');
  await page.getByText('center 2048, width 4096').waitFor();
  await reach('done');
  assert.doesNotMatch(await textOf(page.getByTestId('warnings')), /The file says/);
  await drop(dicom({ view: 'LL', secret: SECRET }).subarray(0, 2000), 'cut.dcm');
  await page.getByTestId('error-message').getByText('this DICOM file cannot be read').waitFor();
  assert.ok((await factsShown()).includes('View: PA'));
});

test('another part of the body and another modality are warned of', async () => {
  await drop(dicom({ view: '', bodyPart: 'KNEE', modality: 'MG', secret: SECRET }), 'knee');
  await page.getByTestId('warnings').getByText('KNEE').waitFor();
  await page.getByTestId('warnings').getByText('MG').waitFor();
});

test('axe-core finds nothing on facts and warnings, light and dark', async () => {
  await drop(dicom({ view: 'LL', bodyPart: 'KNEE', secret: SECRET }), 'IM000001');
  await reach('done');
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme });
    const found = await violations(page);
    assert.deepEqual(found, [], colorScheme);
  }
});
