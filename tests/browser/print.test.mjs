/** What is printed: one light page with the image, its map, its findings and reasons to doubt them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dicom } from './dicom.mjs';
import { OUTPUT } from './setup.mjs';
import { builtPage, reached, textOf, visit } from './visit.mjs';

const built = builtPage();

for (const [locale, caution, lateral] of /** @type {const} */ ([
  ['en-GB', /For teaching and research, not for diagnosis/, /lateral view/],
  ['ja-JP', /研究・教育用。診断には使用できません/, /側面像/],
])) {
  test(`one page in ${locale}, of few findings and of many`, async () => {
    const { context, page, problems } = await visit(built.browser, {
      locale,
      colorScheme: 'dark',
      viewport: { width: 1280, height: 800 },
    });
    await page.goto(built.site.origin);
    await reached(page, 'ready');
    await page.setInputFiles('[data-testid="file-input"]', {
      name: 'Doe^Jane.dcm',
      mimeType: '',
      buffer: dicom({ view: 'LL', secret: 'x' }),
    });
    await reached(page, 'done');
    await page.locator('#map:not([hidden])').waitFor();
    await page.getByTestId('contours-toggle').check();
    for (const preset of ['chestxray14', 'padchest192']) {
      await page.getByTestId('preset-select').selectOption(preset);
      await reached(page, 'done');
      await page.locator('#map:not([hidden])').waitFor();
      const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
      writeFileSync(join(OUTPUT, `print-${preset}-${locale}.pdf`), pdf);
      assert.equal([...pdf.toString('latin1').matchAll(/\/Type\s*\/Page\b(?!s)/g)].length, 1, preset);

      await page.emulateMedia({ media: 'print' });
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      const sheet = page.locator('#print');
      const text = await textOf(sheet);
      assert.match(text, caution);
      assert.match(text, lateral);
      assert.doesNotMatch(text, /Doe/, 'it names nobody');
      assert.match(text, new RegExp(`${new Date().getFullYear()}`));
      assert.match(text, /Compact CARZero/);
      assert.ok((await page.locator('.print-row').count()) >= 14);
      assert.deepEqual(
        (await page.locator('.print-contours li').allTextContents()).map((line) => line.trim().split(/[:：]/)[0]),
        await page.locator('#contour-names li').allTextContents(),
        'each line has its name',
      );
      assert.equal(await page.locator('.bar').isVisible(), false);
      assert.equal(
        await sheet.evaluate((element) => getComputedStyle(element.ownerDocument.body).backgroundColor),
        'rgb(255, 255, 255)',
      );
      await page.screenshot({ path: join(OUTPUT, `print-${preset}-${locale}.png`), fullPage: true });
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      await page.emulateMedia({ media: null });
      assert.equal(await textOf(sheet), '');
    }
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test('of a comparison both sides, and of a series its table', async () => {
  const { context, page, problems } = await visit(built.browser, {});
  await page.goto(`${built.site.origin}/?device=cpu`);
  await reached(page, 'ready');
  const printed = async (/** @type {string} */ name) => {
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.screenshot({ path: join(OUTPUT, `print-${name}.png`), fullPage: true });
    const text = await page.locator('#print').innerText();
    const figures = await page.locator('#print figure:has(> canvas):has(.print-legend)').count();
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await page.emulateMedia({ media: null });
    return { text, figures };
  };

  await page.getByTestId('phantom-button').nth(1).click();
  await reached(page, 'done');
  await page.getByTestId('compare-toggle').click();
  await page.getByTestId('phantom-button').first().click();
  await reached(page, 'done');
  for (const map of ['#map', '#beside-map']) await page.locator(`${map}:not([hidden])`).waitFor();
  await page.getByTestId('contours-toggle').check();
  await page.getByTestId('beside-contours').locator('path[data-finding]').first().waitFor();
  const comparison = await printed('comparison');
  assert.equal(comparison.figures, 2, 'each with its map');
  assert.match(comparison.text, /A Pneumothorax|A Cardiomegaly|A Pleural Effusion|A [A-Z]/);
  assert.match(comparison.text, /A − B/);
  assert.match(comparison.text, /[+−]\d/);
  const named = await page.locator('#contour-names li').allTextContents();
  assert.equal(named.length, 5);
  const contoursOf = (/** @type {string} */ text) => [...text.matchAll(/^ *(\d .+): .*$/gm)].map(([, name]) => name);
  assert.deepEqual(contoursOf(comparison.text), [...named, ...named], 'each side has the lines of the screen');
  await page.getByTestId('compare-toggle').click();

  const file = (/** @type {string} */ name, /** @type {string} */ view) => ({
    name,
    mimeType: '',
    buffer: dicom({ view, secret: 'x' }),
  });
  await page.setInputFiles('[data-testid="file-input"]', [
    file('Doe^Jane.dcm', 'PA'),
    file('Roe^Rick.dcm', 'LL'),
    { name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('\x89PNG\r\n\x1a\n') },
  ]);
  await page.locator('.series[data-done]').waitFor();
  const series = await printed('series');
  assert.doesNotMatch(series.text, /Doe|Roe/, 'it names nobody');
  assert.match(series.text, /lateral view/);
  assert.match(series.text, /Not read/);
  assert.match(series.text, /For teaching and research, not for diagnosis/);
  assert.ok([...series.text.matchAll(/\d(st|nd|rd|th)/g)].length >= 10, 'five findings of each image');
  assert.deepEqual(problems, []);
  await context.close();
});
