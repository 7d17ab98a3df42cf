/**
 * A long day in one tab: many images, many prompts, on the micro model.
 * CARZERO_ENDURANCE is the number of images, with ten prompts for each: 200 here, 1000 by hand.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, MICRO, carzero, convertMicro, launch, scratch } from './setup.mjs';
import { reached } from './visit.mjs';
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const IMAGES = Number(process.env.CARZERO_ENDURANCE ?? 200);
const PROMPTS = 10 * IMAGES;
const LIST = 100; // as many as a link may hold
const KEPT_TEXTS = 1000; // more than the program keeps encoded, and enough for the page to have found its batch size
const LONG_MS = 50;
const PATIENCE_MS = 120_000 + 2000 * IMAGES;

/** Images that are evaluated: of the phantoms that a test can make in its time. */
const EVALUATED = Number(process.env.CARZERO_EVALUATED ?? 1000);
const DISTINCT = 40; // drawings; each is opened under many names

const work = scratch();
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {Page} */ let page;

before(async () => {
  convertMicro(join(work.path, 'micro'), 'q8');
  browser = await launch();
  site = await serve({ '/': DIST, '/models/micro/': join(work.path, 'micro'), '/images/': MICRO });
  site.edits.set(
    '/worker/worker.js',
    (body) => `
    for (const name of ['instantiate', 'instantiateStreaming']) {
      const real = WebAssembly[name];
      WebAssembly[name] = async (...rest) => {
        const result = await real.apply(WebAssembly, rest);
        self.memory = (result.instance ?? result).exports.memory;
        return result;
      };
    }
    ${body}
    self.held = () => held.pictures.size;`,
  );
  page = await (
    await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB', serviceWorkers: 'block' })
  ).newPage();
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
});

const reach = (/** @type {string} */ state) => reached(page, state, PATIENCE_MS);
const counts = (/** @type {string} */ words) =>
  page.getByTestId('series-count').getByText(words).waitFor({ timeout: PATIENCE_MS });
/** Bytes of wasm's memory, which never shrinks, and pictures in the worker. */
const worker = () => page.workers()[0].evaluate(() => [self.memory.buffer.byteLength, self.held()]);

/** @typedef {{name: string, args: {name?: string}, pid: number, tid: number, tdur: number}} Traced An event, as Chromium records it */

/** The main thread's tasks in the meantime, in milliseconds of its own time, longest first. @param {() => Promise<void>} meantime */
async function tasksDuring(meantime) {
  const session = await page.context().newCDPSession(page);
  /** @type {Traced[]} */ const events = [];
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of /** @type {Traced[]} */ (/** @type {object[]} */ (value)))
      if (event.name === 'RunTask' || event.name === 'thread_name') events.push(event);
  });
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'], excludedCategories: ['*'] },
  });
  await meantime();
  const complete = new Promise((resolve) => {
    session.once('Tracing.tracingComplete', resolve);
  });
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const main = events.find(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  return events
    .filter(({ name, pid, tid }) => name === 'RunTask' && pid === main?.pid && tid === main.tid)
    .map(({ tdur }) => tdur / 1000)
    .sort((a, b) => b - a);
}

/** @param {import('node:test').TestContext} t @param {string} doing @param {number[]} tasks */
function assertShort(t, doing, [longest, ...others]) {
  t.diagnostic(`${doing}: the longest task took ${longest} ms`);
  assert.ok(longest < LONG_MS, `${doing}: a task of ${longest} ms among ${others.length + 1}`);
  assert.ok(others.length > 100, 'they were recorded');
}

test(`${IMAGES} images and ${PROMPTS} prompts: memory stays flat, the page responds, and a series can be cancelled`, async (t) => {
  await page.goto(`${site.origin}/?model=models/micro`);
  await reach('ready');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  // Made beforehand: handing thousands of files over is a long task of the browser's own.
  const images = await page.evaluateHandle(async (count) => {
    const data = await Promise.all([0, 1, 2].map(async (i) => (await fetch(`images/img${i}.png`)).arrayBuffer()));
    const transfer = new DataTransfer();
    for (let i = 0; i < count; i++)
      transfer.items.add(new File([data[i % 3]], `image ${i}.png`, { type: 'image/png' }));
    return transfer;
  }, IMAGES);
  const progress = page.locator('#series-progress');
  const done = () => progress.evaluate((/** @type {HTMLProgressElement} */ { value }) => value);
  /** Bytes of memory from which it may not grow any more. */ let warm = NaN;
  assertShort(
    t,
    'a series',
    await tasksDuring(async () => {
      await page.evaluate((clipboardData) => dispatchEvent(new ClipboardEvent('paste', { clipboardData })), images);
      await progress.waitForFunction(
        (/** @type {HTMLProgressElement} */ { value }, least) => value >= least,
        IMAGES / 5,
        { timeout: PATIENCE_MS },
      );
      [warm] = await worker();
      await page.getByTestId('series-run').click();
      await counts('Paused at');
      assert.ok((await done()) < IMAGES, 'in the middle');
      await page.getByTestId('series-run').click();
      const all = IMAGES.toLocaleString('en-GB');
      await counts(`Scored ${all} of ${all}`);
    }),
  );
  assert.deepEqual(await worker(), [warm, 0], 'after the images');
  const rows = page.getByTestId('series-row');
  const drawn = await rows.count();
  assert.ok(drawn < IMAGES, 'not all are drawn');
  await page.locator('#series-scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await rows.nth(drawn).waitFor({ state: 'attached' }); // the next ones, once the end is near
  await page.getByTestId('series-close').click();

  await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img0.png'));
  await reach('done');
  assertShort(
    t,
    'prompts',
    await tasksDuring(async () => {
      for (let round = 0; round < PROMPTS / LIST; round++) {
        const findings = Array.from({ length: LIST }, (_, i) => `finding ${round * LIST + i}`);
        await page.evaluate((all) => {
          location.hash = String(new URLSearchParams(all.map((finding) => ['find', finding])));
        }, findings);
        await page
          .locator(`[data-testid="score-row"][data-finding="${findings[0]}"]:not([data-kind="unscored"])`)
          .waitFor({ timeout: PATIENCE_MS });
        await reach('done');
        if (round * LIST === KEPT_TEXTS) [warm] = await worker();
      }
    }),
  );
  assert.deepEqual(await worker(), [warm, 1], 'after the prompts');
  t.diagnostic(`${warm} bytes of memory`);
});

test(`${EVALUATED} images are evaluated: memory stays flat, and figures are of all`, async (t) => {
  const drawn = join(work.path, 'phantoms');
  carzero('phantom', '--random', String(DISTINCT), '--seed', '3', '--size', '224', '--out', drawn);
  const names = readdirSync(drawn, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.png'));
  site.folders['/drawn/'] = drawn;
  await page.goto(`${site.origin}/?model=models/micro`);
  await reach('ready');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  const images = await page.evaluateHandle(
    async ({ count, names }) => {
      const data = await Promise.all(names.map(async (name) => (await fetch(`drawn/${name}`)).arrayBuffer()));
      const transfer = new DataTransfer();
      const lines = ['image,patient,view,Cardiomegaly,Edema,Pneumonia'];
      for (let i = 0; i < count; i++) {
        transfer.items.add(new File([data[i % names.length]], `image ${i}.png`, { type: 'image/png' }));
        const labels = [2, 3, 5].map((by) => Number(i % by === 0));
        lines.push([`image ${i}.png`, i >> 1, i % 2 ? 'PA' : 'AP', ...labels].join());
      }
      transfer.items.add(new File([lines.join('\n')], 'labels.csv', { type: 'text/csv' }));
      return transfer;
    },
    { count: EVALUATED, names },
  );
  const begun = performance.now();
  await page.evaluate((clipboardData) => dispatchEvent(new ClipboardEvent('paste', { clipboardData })), images);
  await page.getByTestId('evaluate-rows').locator('tr').first().waitFor({ timeout: PATIENCE_MS });
  await page.getByTestId('evaluate-start').click();
  const progress = page.locator('#series-progress');
  await progress.waitForFunction(
    (/** @type {HTMLProgressElement} */ { value }, least) => value >= least,
    EVALUATED / 5,
    { timeout: PATIENCE_MS },
  );
  const [warm] = await worker();
  await page.getByTestId('evaluate-results').waitFor({ timeout: 2 * PATIENCE_MS });
  const seconds = (performance.now() - begun) / 1000;
  assert.deepEqual(await worker(), [warm, 0], 'after the images');
  const summary = await page.getByTestId('evaluate-summary').textContent();
  const [all, patients] = [EVALUATED, EVALUATED / 2].map((count) => count.toLocaleString('en-GB'));
  assert.match(summary ?? '', new RegExp(`^${all} images of ${patients} patients\\.`));
  t.diagnostic(`${warm} bytes of memory, ${seconds.toFixed(0)} s`);
});
