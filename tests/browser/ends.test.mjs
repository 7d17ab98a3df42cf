/** No dead ends: a model that is not there or not usable, and a page that has forgotten everything. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, launch, scratch } from './setup.mjs';
import { reached, textOf, visit } from './visit.mjs';
/** @import { Browser } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const work = scratch();
const MODEL = join(DIST, 'models/default');
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;

before(async () => {
  const folder = (/** @type {string} */ name) => {
    const path = join(work.path, name);
    mkdirSync(path);
    return path;
  };
  const [broken, other] = [folder('broken'), folder('other')];
  cpSync(MODEL, broken, { recursive: true });
  writeFileSync(join(broken, 'config.json'), '{}');
  writeFileSync(join(other, 'manifest.json'), '<!doctype html><title>Welcome</title>');
  browser = await launch();
  site = await serve({ '/': DIST, '/models/broken/': broken, '/models/other/': other });
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
});

for (const [name, said] of [
  ['gone', 'there is no such model beside this page'],
  ['broken', 'is no model that can be used'],
  ['other', 'is no model that can be used'],
  ['cut', 'The connection failed'],
]) {
  test(`a model that is ${name}: the page says what failed, and offers its own`, async () => {
    const { context, page, problems } = await visit(browser, { serviceWorkers: 'block' });
    if (name === 'cut') await context.route('**/models/cut/**', (route) => route.abort());
    await page.goto(`${site.origin}/?model=models/${name}#set=chexpert5&map=off`);
    await reached(page, 'error');
    const notice = page.getByTestId('error-message');
    await notice.getByText(said).waitFor();
    assert.match(await textOf(notice), new RegExp(`models/${name}`));
    assert.ok(await page.getByTestId('retry').isVisible());
    await page.getByTestId('use-own').click();
    await reached(page, 'ready');
    assert.ok(await notice.isHidden());
    assert.equal(page.url(), `${site.origin}/#set=chexpert5&map=off`, 'the next visit goes on with it');
    assert.deepEqual(problems, []);
    await context.close();
  });
}

test('where the page’s own model fails, nothing else is offered', async () => {
  const { context, page } = await visit(browser, { serviceWorkers: 'block' });
  await context.route('**/models/default/**', (route) => route.fulfill({ status: 404, body: '' }));
  await page.goto(site.origin);
  await reached(page, 'error');
  assert.ok(await page.getByTestId('use-own').isHidden());
  await context.close();
});

test('after everything was forgotten the page can stay empty, and be started anew', async () => {
  const { context, page, problems } = await visit(browser, { serviceWorkers: 'block' });
  await page.goto(site.origin);
  await reached(page, 'ready');
  await page.locator('#about-open').click();
  await page.getByTestId('forget-open').click();
  await page.getByTestId('forget-confirm').click();
  const before = site.requests.length;
  await page.getByTestId('forgotten-stay').click();
  await reached(page, 'empty');
  await page.locator('#start-anew:focus').waitFor();
  assert.ok(await page.getByTestId('device-label').isDisabled(), 'what it opens would fetch a model');
  await page.setInputFiles('[data-testid="file-input"]', {
    name: 'a.png',
    mimeType: 'image/png',
    buffer: Buffer.from('x'),
  });
  await page.getByTestId('error-message').getByText('nothing is fetched until you start anew').waitFor();
  await page.getByTestId('language').click();
  await page.locator('html[lang="ja"]').waitFor({ state: 'attached' });
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [], 'nothing is remembered any more');
  assert.equal(
    site.requests.slice(before).some((path) => path.startsWith('/models/') || path.endsWith('.wasm')),
    false,
    'nothing is fetched',
  );
  await page.getByTestId('start-anew').click();
  await reached(page, 'ready');
  assert.deepEqual(problems, []);
  await context.close();
});
