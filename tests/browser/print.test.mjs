/** What is printed: one light page with the image, its map, its findings and what speaks against them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dicom } from './dicom.mjs';
import { OUTPUT } from './setup.mjs';
import { builtPage, reached, visit } from './visit.mjs';

const built = builtPage();

for (const [locale, caution, lateral] of [
  ['en-GB', /For teaching and research, not for diagnosis/, /lateral view/],
  ['ja-JP', /研究・教育用。診断には使用できません/, /側面像/],
]) {
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
    for (const preset of ['chestxray14', 'padchest192']) {
      await page.getByTestId('preset-select').selectOption(preset);
      await reached(page, 'done');
      await page.locator('#map:not([hidden])').waitFor();
      const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true });
      writeFileSync(join(OUTPUT, `print-${preset}-${locale}.pdf`), pdf);
      assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g).length, 1, preset);

      await page.emulateMedia({ media: 'print' });
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      const sheet = page.locator('#print');
      const text = await sheet.textContent();
      assert.match(text, caution);
      assert.match(text, lateral);
      assert.doesNotMatch(text, /Doe/, 'it names nobody');
      assert.match(text, new RegExp(`${new Date().getFullYear()}`));
      assert.match(text, /Compact CARZero/);
      assert.ok((await page.locator('.print-row').count()) >= 14);
      assert.equal(await page.locator('.bar').isVisible(), false);
      assert.equal(
        await sheet.evaluate((element) => getComputedStyle(element.ownerDocument.body).backgroundColor),
        'rgb(255, 255, 255)',
      );
      await page.screenshot({ path: join(OUTPUT, `print-${preset}-${locale}.png`), fullPage: true });
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      await page.emulateMedia({ media: null });
      assert.equal(await sheet.textContent(), '');
    }
    assert.deepEqual(problems, []);
    await context.close();
  });
}
