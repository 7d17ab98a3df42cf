/** Files that break off are not scored as whole ones. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, carzero, launch, scratch } from './setup.mjs';
import { reached, visit } from './visit.mjs';

const work = scratch();
let browser;
let site;
let page;
let problems;
/** @type {Record<string, Buffer>} */ const whole = {};

before(async () => {
  browser = await launch();
  site = await serve({ '/': DIST });
  const path = join(work.path, 'chest.png');
  carzero('phantom', 'effusion', '--out', path);
  whole.png = readFileSync(path);
  ({ page, problems } = await visit(browser, {}));
  whole.jpg = Buffer.from(
    await page.evaluate(async (png) => {
      const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      canvas.getContext('2d').drawImage(bitmap, 0, 0);
      const blob = await canvas.convertToBlob({ type: 'image/jpeg' });
      return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
    }, whole.png.toString('base64')),
    'base64',
  );
  await page.goto(site.origin);
  await reached(page, 'ready');
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
  assert.deepEqual(problems, []);
});

const part = (/** @type {string} */ kind, /** @type {number} */ percent) => ({
  name: `${percent} of 100.${kind}`,
  mimeType: '',
  buffer: whole[kind].subarray(0, (whole[kind].length * percent) / 100),
});
const choose = (/** @type {ReturnType<typeof part>[]} */ ...files) =>
  page.setInputFiles('[data-testid="file-input"]', files);
const warnings = () => page.getByTestId('warnings');

for (const kind of ['jpg', 'png']) {
  test(`a ${kind} that breaks off half-way is refused, and says how much of it is there`, async () => {
    await choose(part(kind, 100));
    await page.getByText(`100 of 100.${kind}`).first().waitFor();
    await reached(page, 'done');
    assert.equal(await warnings().textContent(), '');
    await choose(part(kind, 50));
    await page.getByTestId('error-message').getByText(`50 of 100.${kind} was not opened`).waitFor();
    const [, share] = (await page.getByTestId('error-message').textContent()).match(/(\d+)% of it could be read/);
    assert.ok(Number(share) > 30 && Number(share) < 70, share);
    await page.locator('#dismiss').click();
  });

  test(`a ${kind} of which the end is missing is scored with a warning`, async () => {
    await choose(part(kind, 97));
    await page.getByText(`97 of 100.${kind}`).first().waitFor();
    await reached(page, 'done');
    await warnings()
      .getByText(/9\d% of the picture could be read/)
      .waitFor();
    assert.equal(await page.locator('[data-testid="score-row"][data-kind="ranked"]').count(), 14);
  });
}

test('in a series the one is left out with its reason, and the other is marked', async () => {
  await choose(part('jpg', 100), part('jpg', 50), part('png', 97));
  await page.getByTestId('series-count').getByText('Scored 2 of 3, 1 not read').waitFor({ timeout: 120_000 });
  const row = (/** @type {string} */ name) => page.getByTestId('series-row').filter({ hasText: name });
  assert.match(await row('50 of 100.jpg').textContent(), /Not read: this picture is damaged: \d+% of it could be read/);
  assert.match(await row('97 of 100.png').textContent(), /Warning: The file is damaged/);
  assert.doesNotMatch(await row('100 of 100.jpg').textContent(), /Warning/);
});
