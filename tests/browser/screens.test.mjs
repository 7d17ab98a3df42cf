/** Phones, upright and on their side, and small screens. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { serve } from './server.mjs';
import { DIST, OUTPUT, launch, violations } from './setup.mjs';
import { boxOf, openMenu, reached, textOf, visit } from './visit.mjs';
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const LONG = 'a rather long name of a radiograph which ends in 0001 PA.dcm';
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(async () => {
  browser = await launch();
  site = await serve({ '/': DIST });
  ({ page, problems } = await visit(browser, { bypassCSP: true, locale: 'en-GB' }));
  await page.goto(site.origin);
  await reached(page, 'ready');
});
after(async () => {
  await browser.close();
  await site.close();
  assert.deepEqual(problems, []);
});

const box = (/** @type {string} */ selector) => boxOf(page.locator(selector).first());
async function size(/** @type {number} */ width, /** @type {number} */ height) {
  await page.setViewportSize({ width, height });
  await page.evaluate(() => scrollTo(0, 0));
  assert.ok(
    await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
    `sideways scrolling at ${width}`,
  );
}
/** Asserts that all of an element is on the screen. @param {string} selector */
async function assertInView(selector) {
  const { x, y, width, height } = await box(selector);
  const screen = page.viewportSize();
  assert.ok(
    screen && x >= -1 && y >= -1 && x + width <= screen.width + 1 && y + height <= screen.height + 1,
    `${selector}: ${[x, y, width, height].map(Math.round)}`,
  );
}
/** How many findings are fully visible in the list. */
const rowsInView = () =>
  page.getByTestId('score-list').evaluate((list) => {
    const { top, bottom } = list.getBoundingClientRect();
    return [...list.children].filter((row) => {
      const at = row.getBoundingClientRect();
      return at.top >= top - 1 && at.bottom <= Math.min(bottom, innerHeight) + 1;
    }).length;
  });

test('small desktop screens show all of the start page, and eight findings', async () => {
  for (const [width, height] of [
    [1024, 768],
    [1280, 720],
  ]) {
    await size(width, height);
    await assertInView('.invite h2');
    for (const name of ['normal', 'effusion', 'cardiomegaly', 'pneumothorax'])
      await assertInView(`[data-phantom="${name}"]`);
    assert.ok((await rowsInView()) >= 8, `${await rowsInView()} at ${width}`);
  }
});

test('the hint of the field for findings fits it, in both languages', async () => {
  for (const width of [320, 360, 1024, 1280]) {
    await size(width, 740);
    for (const round of ['one', 'the other']) {
      const room = await page.getByTestId('finding-input').evaluate((field) => {
        const style = getComputedStyle(field);
        const context = document.createElement('canvas').getContext('2d');
        if (!context) return NaN;
        context.font = style.font;
        const padding = parseFloat(style.paddingLeft) + parseFloat(style.paddingRight);
        return field.clientWidth - padding - context.measureText(field.getAttribute('placeholder') ?? '').width;
      });
      assert.ok(room >= 0, `${round} language at ${width}: ${room}`);
      await openMenu(page);
      await page.getByTestId('language').click();
    }
  }
});

test('a phone’s head takes one line, and its menu holds the rest', async () => {
  for (const [width, height] of [
    [390, 844],
    [360, 740],
  ]) {
    await size(width, height);
    assert.ok((await box('.bar')).height <= 60, 'one line');
    assert.ok(await page.locator('#fit').isHidden(), 'no empty viewer before an image');
    await page.getByText('Your image never leaves this device.').filter({ visible: true }).waitFor();
    await openMenu(page);
    assert.deepEqual(await page.locator('#menu button:visible').allTextContents(), [
      'Teaching mode',
      'Tour',
      '日本語',
      'Export',
      'About',
    ]);
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: join(OUTPUT, `menu-${width}.png`) });
    await page.locator('#about-open').click();
    await page.locator('#about[open]').waitFor();
    assert.ok(await page.locator('#menu').isHidden());
    await page.keyboard.press('Escape');
  }
});

test('warnings are in view without scrolling, and names keep their ends', async () => {
  await size(390, 844);
  await page.setInputFiles('[data-testid="file-input"]', {
    name: LONG,
    mimeType: '',
    buffer: dicom({ view: 'LL', secret: 'x' }),
  });
  await page.getByTestId('warnings').getByText('lateral view').waitFor();
  await reached(page, 'done');
  await page.evaluate(() => scrollTo(0, 0));
  await assertInView('#warned');
  await page.screenshot({ path: join(OUTPUT, 'warned-390.png') });
  await page.evaluate(() => scrollTo(0, 900));
  assert.equal((await box('#fit')).y, 0, 'the image stays in view');
  await page.evaluate(() => scrollTo(0, 0));
  for (const [width, height] of [
    [390, 844],
    [360, 740],
    [1024, 768],
  ]) {
    await size(width, height);
    assert.equal(await textOf(page.locator('#image-note .middle')), LONG);
    await assertInView('#image-note .middle > :last-child');
    const [name, end] = [await box('#image-note'), await box('#image-note .middle > :last-child')];
    assert.ok(end.x + end.width <= name.x + name.width + 1, `the end is cut off at ${width}`);
  }
});

test('names in a comparison keep their ends, and no letter is cut', async () => {
  const names = page.locator('.pane-label .middle');
  await page.getByTestId('compare-toggle').click();
  await names.nth(1).waitFor();
  for (const [width, height] of [
    [1280, 800],
    [1024, 768],
    [844, 390],
    [360, 740],
  ]) {
    await size(width, height);
    for (const label of await names.all()) {
      assert.equal(await label.textContent(), LONG);
      const { start, end, inside } = await label.evaluate((name) => {
        const [one, two] = /** @type {HTMLElement[]} */ ([...name.children]);
        const last = two.getBoundingClientRect();
        const pane = /** @type {HTMLElement} */ (name.closest('.pane-label')).getBoundingClientRect();
        return {
          start: one.scrollWidth > one.clientWidth && one.clientWidth < 20,
          end: two.scrollWidth > two.clientWidth,
          inside: last.right <= pane.right && last.bottom <= pane.bottom,
        };
      });
      if (height < 400) await assertInView('#compare-toggle'); // the way out
      assert.deepEqual({ start, end, inside }, { start: false, end: false, inside: true }, `at ${width}`);
    }
  }
  await size(1280, 800);
  await page.getByTestId('compare-toggle').click();
});

test('scored, small screens still show eight findings, and the details can be scrolled', async () => {
  await page.locator('[data-phantom="effusion"]').click();
  await page.getByText('Right pleural effusion, synthetic').first().waitFor();
  await reached(page, 'done');
  for (const [width, height] of [
    [1024, 768],
    [1280, 720],
  ]) {
    await size(width, height);
    await page.getByTestId('score-list').evaluate((list) => {
      list.scrollTop = 0;
    });
    assert.ok((await rowsInView()) >= 8, `${await rowsInView()} at ${width}`);
    await assertInView('#detail-reading');
    const [dock, reading] = [await box('.dock'), await box('#detail-reading')];
    assert.ok(reading.y + reading.height <= dock.y + dock.height, 'a rank, not a probability');
    const edge = () => page.screenshot({ clip: { x: dock.x + 2, y: dock.y + dock.height - 4, width: 12, height: 3 } });
    const shaded = await edge();
    await page.locator('#experiments-open').scrollIntoViewIfNeeded();
    await page.locator('.dock').evaluate((scrolled) => scrolled.scrollTo(0, scrolled.scrollHeight));
    assert.notDeepEqual(await edge(), shaded, 'a shade while there is more below');
    await page.locator('#why summary').scrollIntoViewIfNeeded();
    await assertInView('#why summary');
    await assertInView('.foot');
  }
});

test('on its side, a phone gives the picture half its height, and list and controls are reached', async () => {
  await size(844, 390);
  await page.screenshot({ path: join(OUTPUT, 'landscape-844.png') });
  const picture = await box('#fit');
  assert.ok(picture.height >= 195, `${picture.height}`);
  await assertInView('#fit');
  await page.getByTestId('score-row').last().scrollIntoViewIfNeeded();
  await assertInView('[data-testid="score-row"]:last-child .pick');
  const [last, detail] = [await box('[data-testid="score-row"]:last-child'), await box('#detail')];
  assert.ok(detail.y >= last.y + last.height - 1, 'the details lie below the list');
  await page.getByTestId('opacity').scrollIntoViewIfNeeded();
  await assertInView('[data-testid="opacity"]');
  await page.getByTestId('compare-toggle').click();
  await page.locator('#beside').waitFor();
  await page.getByTestId('viewport').evaluate((viewport) => viewport.closest('.stage')?.scrollTo(0, 0));
  await assertInView('#compare-toggle');
  await page.getByTestId('compare-toggle').click(); // nothing lies over it
  await page.locator('#beside').waitFor({ state: 'hidden' });
  await size(740, 360);
  assert.ok((await box('#fit')).height >= 180);
});

test('the result of a round is in view once it is asked for', async () => {
  await size(390, 844);
  await openMenu(page);
  await page.getByTestId('teach-toggle').click();
  await page.getByTestId('teach-clear').check();
  await page.getByTestId('teach-reveal').click();
  await page.getByTestId('teach-outcome').waitFor();
  await page.locator('#teach-title:focus').waitFor();
  await assertInView('#teach-title');
  await assertInView('#teach-outcome table');
  await page.screenshot({ path: join(OUTPUT, 'revealed-390.png') });
  await page.locator('#teach-end').click();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'menu-open');
});
