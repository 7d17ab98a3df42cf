/** The page as a person uses it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, MICRO, OUTPUT, carzero, convertMicro, launch, matchOf, scratch, violations } from './setup.mjs';
import { addOwnWords, openMenu, pixelsOf, reached, textOf } from './visit.mjs';
/** @import { Browser, BrowserContext, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const WEIGHTS = '/models/default/weights-01-of-01.safetensors';
const MICRO_WEIGHTS = '/models/micro/weights-01-of-01.safetensors';
const work = scratch();
const phantom = join(work.path, 'phantom.png');
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;

before(async () => {
  carzero('phantom', 'effusion', '--out', phantom);
  convertMicro(join(work.path, 'q8'), 'q8');
  convertMicro(join(work.path, 'f32'), 'f32');
  browser = await launch({ webgpu: true });
});
after(async () => {
  await browser.close();
  work.remove();
});
beforeEach(async () => {
  site = await serve({ '/': DIST, '/models/micro/': join(work.path, 'q8') });
  context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  await site.close();
});

const open = (path = '/') => page.goto(site.origin + path);
const reach = (/** @type {string} */ state) => reached(page, state);
const scored = (/** @type {string} */ finding) =>
  page.locator(`[data-testid="score-row"][data-finding="${finding}"]:not([data-kind="unscored"])`);
const sourceOfModel = () => textOf(page.getByTestId('model-source'));
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const downloads = (/** @type {string} */ path) => site.requests.filter((request) => request === path).length;

/** A file as the browser hands it over. @param {string} path @param {string} name */
function transfer(path, name) {
  return page.evaluateHandle(
    ({ data, name }) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(data)], name, { type: 'image/png' }));
      return files;
    },
    { data: [...readFileSync(path)], name },
  );
}

/** Drops a file on the page, as from a file manager. @param {string} path */
async function drop(path) {
  const dataTransfer = await transfer(path, 'dropped.png');
  await page.dispatchEvent('body', 'dragenter', { dataTransfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer });
}

/** Pastes a file. @param {string} path */
async function paste(path) {
  const files = await transfer(path, 'pasted.png');
  await page.evaluate(
    (clipboardData) => document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true })),
    files,
  );
}

/** Whether the map's canvas shows anything. */
const mapIsDrawn = async () =>
  (await pixelsOf(page.getByTestId('map-canvas'))).some((value, index) => index % 4 === 3 && value > 0);

/** Runs a line before the worker does. @param {string} line */
const sabotageWorker = (line) => site.edits.set('/worker/worker.js', (body) => `${line}\n${body}`);

test('drop a radiograph, see scores and a map, add a finding, come back to a cached model', async () => {
  /** @type {string[]} */ const foreign = [];
  /** @type {string[]} */ const problems = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(site.origin) && !request.url().startsWith(`blob:${site.origin}`))
      foreign.push(request.url());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => problems.push(message.text()));

  await open();
  await reach('ready');
  await screenshot('empty-1440');
  assert.match(await sourceOfModel(), /downloaded and kept/);
  assert.match(await textOf(page.getByTestId('device-label')), /CPU/);
  assert.match(await textOf(page.getByTestId('device-reason')), /software/i, 'the page says why not WebGPU');

  await drop(phantom);
  await reach('done');
  assert.equal(await page.getByTestId('score-row').count(), 14);
  assert.equal(await page.locator('[data-testid="score-row"][data-kind="ranked"]').count(), 14);
  assert.ok(await mapIsDrawn());
  await screenshot('done-1440');
  const snapshot = await page.locator('.list').ariaSnapshot();
  assert.equal(
    snapshot.split('uncertain').length - 1,
    await page.locator('.row .track .unsure:visible').count(),
    'a screen reader says uncertain where it is shown',
  );
  const first = await textOf(page.getByTestId('score-row').first().locator('.pick'));

  const encodings = await textOf(page.getByTestId('timing'));
  await addOwnWords(page, 'fluid around the lungs');
  await scored('fluid around the lungs').waitFor();
  await reach('done');
  const chosen = page.getByTestId('preset-select').locator('option:checked');
  assert.equal(await textOf(chosen), 'ChestX-ray14 and 1 more');
  assert.match(await textOf(page.getByTestId('detail')), /There is fluid around the lungs/);
  assert.equal(
    await scored('fluid around the lungs').getAttribute('data-kind'),
    'ranked',
    'reference images rank any wording',
  );
  const image = /image [\d.]+ m?s/;
  assert.equal(
    matchOf(await textOf(page.getByTestId('timing')), image)[0],
    matchOf(encodings, image)[0],
    'the image was not encoded again',
  );

  await page.getByTestId('preset-select').selectOption('chexpert5');
  await reach('done');
  const listed = await page.getByTestId('score-row').count();
  await page.getByTestId('timing').getByText(`, ${listed} findings `).waitFor(); // not those scored before

  for (const [width, height] of [
    [1024, 768],
    [390, 844],
  ]) {
    await page.setViewportSize({ width, height });
    await screenshot(`done-${width}`);
    assert.ok(
      await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
      `no sideways scrolling at ${width}`,
    );
  }

  assert.equal(downloads(WEIGHTS), 1);
  await page.reload();
  await reach('ready');
  assert.match(await sourceOfModel(), /from this browser’s cache/);
  assert.equal(downloads(WEIGHTS), 1);
  await page.setInputFiles('[data-testid="file-input"]', phantom);
  await reach('done');
  assert.equal(
    await textOf(page.getByTestId('score-row').first().locator('.pick')),
    first,
    'the same image scores the same',
  );
  assert.deepEqual(foreign, []);
  assert.deepEqual(problems, []);
});

test('an image may be chosen while the model loads, and a refused one changes nothing', async () => {
  await open('/?model=models/micro');
  await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img1.png'));
  await reach('done');
  const before = await textOf(page.getByTestId('score-list'));
  await page.setInputFiles('[data-testid="file-input"]', {
    name: 'notes.png',
    mimeType: 'image/png',
    buffer: Buffer.from('no image'),
  });
  await page.getByTestId('error-message').getByText('notes.png').waitFor();
  await reach('done');
  assert.equal(await textOf(page.getByTestId('score-list')), before);
  await paste(join(MICRO, 'img0.png'));
  await page.getByTestId('error-message').waitFor({ state: 'hidden' });
  await page.getByText('pasted.png').waitFor();
  await reach('done');
});

test('findings can be edited by keyboard, and a text without a readable word is refused', async () => {
  await open('/?model=models/micro');
  await reach('ready');
  const input = page.getByTestId('finding-input');
  await input.fill('ふしぎな影');
  await page.keyboard.press('Enter');
  await page.getByText('The model reads English only').waitFor();
  assert.equal(await page.getByTestId('review-as-is').isVisible(), false, 'what can only be refused is not offered');
  await page.getByTestId('review-cancel').click();
  await input.fill('possible pneumonia');
  await page.keyboard.press('Enter');
  await page.getByTestId('review-row').locator('textarea').fill('ふしぎな影'.repeat(20));
  await page.getByTestId('review-add').click();
  await page.getByText('no word that the model can read').waitFor();
  assert.match(await textOf(page.locator('#finding-error')), /^“(ふしぎな影){8}…” has/, 'not all of it again');
  assert.equal(await page.getByTestId('score-row').count(), 14);
  await page.getByTestId('review-cancel').click();
  await page.getByTestId('preset-select').selectOption('chexpert5');
  assert.equal(await page.getByTestId('score-row').count(), 5);
  await page.getByTestId('score-row').first().getByRole('button').first().focus();
  await page.keyboard.press('Delete');
  assert.equal(await page.getByTestId('score-row').count(), 4);
});

test('suggestions complete a finding, and a report becomes prompts to choose from', async () => {
  await open('/?model=models/micro');
  await reach('ready');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  await page.getByTestId('finding-input').pressSequentially('ptx');
  await page.getByTestId('suggestions').locator('li').first().getByText('Pneumothorax').waitFor(); // waits until the suggestions for 'p' alone are gone
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('[data-testid="score-row"][data-finding="Pneumothorax"]').waitFor();

  await page
    .getByTestId('finding-input')
    .fill('Small left pleural effusion.\nNo pneumothorax. Possible RLL pneumonia.');
  await page.keyboard.press('Enter');
  const rows = page.getByTestId('review-row');
  await rows.first().waitFor();
  const read = await rows.evaluateAll((all) =>
    all.map((row) => [row.querySelector('textarea')?.value ?? '', row.querySelector('input')?.checked]),
  );
  assert.equal(read.length, 3);
  assert.deepEqual(
    read.map(([, ticked]) => ticked),
    [true, false, true],
    'what is ruled out is not ticked',
  );
  assert.match(String(read[0][0]), /Pleural Effusion/);
  await page.getByTestId('review-add').click();
  await page.getByTestId('review').waitFor({ state: 'hidden' });
  assert.equal(await page.getByTestId('score-row').count(), 5 + 1 + 2);
});

test('what is typed is aligned first, and sent as it is only when asked', async () => {
  await open('/?model=models/micro');
  await reach('ready');
  await page.getByTestId('preset-select').selectOption('chexpert5');
  const listed = (/** @type {string} */ finding) =>
    page.locator(`[data-testid="score-row"][data-finding="${finding}"]`);
  const count = () => page.getByTestId('score-row').count();
  const type = async (/** @type {string} */ text) => {
    await page.getByTestId('finding-input').fill(text);
    await page.keyboard.press('Enter');
  };
  const review = async () => {
    await page.getByTestId('review-row').first().waitFor();
    return page
      .getByTestId('review-row')
      .evaluateAll((all) =>
        all.map((row) => [
          row.querySelector('textarea')?.value,
          row.querySelector('input')?.checked,
          row.querySelector('.tags')?.textContent ?? '',
        ]),
      );
  };

  // Names, synonyms and abbreviations, in three languages, at once.
  for (const [text, finding] of [
    ['PTX', 'Pneumothorax'],
    ['胸水', 'Pleural Effusion'],
    ['NSG tube', 'Nasogastric Tube'],
    ['consolidation', 'Pulmonary Consolidation'],
  ]) {
    await type(text);
    await page.locator(`[data-testid="score-row"][data-finding="${finding}"][data-selected]`).waitFor();
    assert.match(await textOf(page.getByTestId('taken')), new RegExp(`“${text}” is asked for as “${finding}”`));
    assert.equal(await page.getByTestId('taken-as-is').isVisible(), text !== '胸水', text);
  }
  assert.equal(await count(), 7, 'the list has Pleural Effusion and Consolidation already');
  // Enter is quicker than the suggestions here: they must not come after it.
  await page.getByTestId('finding-input').evaluate((/** @type {HTMLTextAreaElement} */ input) => {
    input.focus();
    input.value = 'ptx';
    input.dispatchEvent(new InputEvent('input'));
    input.form?.requestSubmit();
  });
  await page.getByText('“ptx” is asked for as “Pneumothorax”').waitFor();
  assert.equal(await page.locator('#suggestions').isVisible(), false);
  await page.getByTestId('taken-as-is').click();
  await listed('ptx').waitFor();

  // A near miss is one key away.
  await type('pneumothroax');
  assert.deepEqual(await review(), [['Pneumothorax', true, '']]);
  await page.getByText('Did you mean “Pneumothorax”?').waitFor();
  await page.keyboard.press('Enter');
  await page.locator('[data-finding="Pneumothorax"][data-selected]').waitFor();

  // One name with two meanings, and a text that names none.
  await type('collapsed lung');
  assert.deepEqual(
    (await review()).map(([text]) => text),
    ['Atelectasis', 'Pneumothorax'],
  );
  await page.getByText('Which of these do you mean?').waitFor();
  await page.keyboard.press('Escape');
  await type('normal chest');
  await page.getByText('It says that something is normal or absent').waitFor();
  await page.keyboard.press('Escape');

  // Statements come with what they say, and only what is said of now is ticked.
  for (const [text, row] of /** @type {const} */ ([
    ['sin derrame', ['Pleural Effusion', false, 'negated']],
    ['hx of CHF', ['Heart Insufficiency', false, 'asked or earlier']],
    ['右胸水', ['Pleural Effusion on the right side', true, 'right side']],
    ['possible pneumonia', ['Pneumonia', true, 'uncertain']],
  ])) {
    await type(text);
    assert.deepEqual(await review(), [row], text);
    assert.equal(await page.getByTestId('review-add').isDisabled(), !row[1], text);
    await page.getByTestId('review-cancel').click();
  }

  // Words that are not understood are not sent by one Enter.
  const before = await count();
  await type('asdfgh');
  await page.getByText('No known finding in this text').waitFor();
  assert.equal(await count(), before);
  await page.keyboard.press('Enter');
  await listed('asdfgh').waitFor();
});

test('an example opens with its own finding, and shows where that was drawn when asked', async () => {
  await open();
  await reach('ready');
  for (const [name, finding] of [
    ['cardiomegaly', 'Cardiomegaly'],
    ['effusion', 'Pleural Effusion'],
    ['pneumothorax', 'Pneumothorax'],
  ]) {
    await page.locator(`[data-phantom="${name}"]`).click();
    await page.locator(`[data-testid="score-row"][data-finding="${finding}"][data-selected]`).waitFor();
    await reach('done');
    assert.equal(await textOf(page.locator('#detail-name')), finding);
    await page.getByTestId('truth-show').click();
    await page.getByTestId('truth').getByText(finding).waitFor();
    await page.getByTestId('truth-show').click();
    await page.getByTestId('truth').waitFor({ state: 'hidden' });
  }
  const { warningsOf } = await import('../../www/core/words.js');
  const verdicts = /** @type {const} */ (['familiar', 'unfamiliar']);
  const source = /** @type {import('../../www/core/state.js').Source} */ ({ phantom: {} });
  assert.deepEqual(
    verdicts.map((verdict) => warningsOf({ warnings: [], verdict, source }).map(({ code }) => code)),
    [['drawing'], ['drawing']],
    'whatever its looks',
  );
});

test('the phantom lab redraws and scores anew, and shows where a finding really is', async () => {
  await open();
  await reach('ready');
  await page.locator('[data-phantom="normal"]').click();
  await reach('done');
  const shown = page.locator('[data-finding="Cardiomegaly"] .value');
  const standing = async () => ({ '<1st': 0, '>99th': 100 })[await textOf(shown)] ?? parseInt(await textOf(shown), 10);
  const before = await textOf(shown);
  const small = await standing();
  await page.getByTestId('lab-heart').fill('0.7');
  await page
    .locator('html[data-state="done"] [data-finding="Cardiomegaly"] .value')
    .filter({ hasNotText: before })
    .waitFor();
  await page.getByTestId('truth-toggle').check();
  await page.getByTestId('truth').getByText('Cardiomegaly').waitFor();
  await reach('done');
  const large = await standing();
  assert.ok(large > small, `a larger heart ranks higher: ${small} to ${large}`);
  await screenshot('lab-1440');
  await page.setViewportSize({ width: 390, height: 844 });
  await screenshot('lab-390');
});

describe('weights', () => {
  test('that changed are fetched again', async () => {
    await open('/?model=models/micro');
    await reach('ready');
    site.folders['/models/micro/'] = join(work.path, 'f32');
    await page.reload();
    await reach('ready');
    assert.equal(downloads(MICRO_WEIGHTS), 2);
    await page.reload();
    await reach('ready');
    assert.equal(downloads(MICRO_WEIGHTS), 2);
  });

  test('that were altered or cut short are refused, and can be fetched again', async () => {
    const flip = (/** @type {Buffer} */ body) => {
      body[body.length - 1] ^= 1;
      return body;
    };
    const shorten = (/** @type {Buffer} */ body) => body.subarray(0, body.length - 100);
    for (const edit of [flip, shorten, null]) {
      site.edits.set(MICRO_WEIGHTS, edit);
      await open('/?model=models/micro');
      await reach('error');
      await page.getByTestId('error-message').getByText('could not be loaded').waitFor();
      site.edits.delete(MICRO_WEIGHTS);
      await page.getByTestId('retry').click();
      await reach('ready');
      await page.evaluate(() => caches.delete('carzero-models'));
    }
  });

  for (const resumes of [true, false]) {
    test(`that break off are ${resumes ? 'taken up where they were' : 'fetched anew from a server that cannot go on'}`, async () => {
      const half = Math.floor(readFileSync(join(work.path, 'q8', 'weights-01-of-01.safetensors')).length / 2);
      site.edits.set(MICRO_WEIGHTS, null);
      site.resumes = resumes;
      let cut = () => {};
      site.cut = new Promise((resolve) => {
        cut = resolve;
      }); // the browser may drop what it has not read by then
      await page.addInitScript(() => {
        globalThis.values = [];
        new MutationObserver((records) => {
          const bar = records
            .map(({ target }) => target)
            .filter((target) => target instanceof HTMLProgressElement)
            .find(({ id }) => id === 'download');
          if (bar?.hasAttribute('value')) globalThis.values.push(bar.value);
        }).observe(document, { subtree: true, attributeFilter: ['value'] });
      });
      await open('/?model=models/micro');
      await page.waitForFunction((least) => globalThis.values.some((value) => value >= least), half);
      site.edits.delete(MICRO_WEIGHTS);
      cut();
      await reach('ready');
      const { range, 'if-range': tag } = site.received.findLast(({ url }) => url === MICRO_WEIGHTS)?.headers ?? {};
      assert.match(`${range} ${tag}`, new RegExp(`^bytes=${half}- "\\w+"$`));
      const values = await page.evaluate(() => globalThis.values);
      if (resumes)
        assert.deepEqual(
          values,
          values.toSorted((a, b) => a - b),
          'progress never goes back',
        );
      assert.equal(
        values.at(-1),
        await page.getByTestId('download-progress').evaluate((/** @type {HTMLProgressElement} */ { max }) => max),
        'all files',
      );
    });
  }

  test('that were damaged in the cache are replaced', async () => {
    await open('/?model=models/micro');
    await reach('ready');
    await page.evaluate(async () => {
      const cache = await caches.open('carzero-models');
      for (const key of await cache.keys()) await cache.put(key, new Response('damaged'));
    });
    await page.reload();
    await reach('ready');
    assert.equal(downloads(MICRO_WEIGHTS), 2);
  });

  test('are used from memory where storage is forbidden', async () => {
    sabotageWorker(
      "Object.defineProperty(self, 'caches', { get() { throw new DOMException('forbidden', 'SecurityError'); } });",
    );
    await open('/?model=models/micro');
    await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img0.png'));
    await reach('done');
    assert.match(await sourceOfModel(), /not kept: this browser’s cache cannot be used/);
  });
});

describe('device', () => {
  const choose = async (/** @type {string} */ device) => {
    await page.getByTestId('device-label').click();
    await page.locator(`input[name="device"][value="${device}"]`).check();
  };

  test('WebGPU can be chosen, and ranks the findings as the CPU does', async () => {
    await open('/?model=models/micro');
    await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img2.png'));
    await reach('done');
    const logit = async () => Number((await textOf(page.locator('#detail-logit'))).replace('−', '-'));
    const onCpu = await logit();
    await choose('webgpu');
    await page.getByTestId('device-label').getByText('WebGPU').waitFor({ timeout: 120_000 });
    await reach('done');
    assert.ok(Math.abs((await logit()) - onCpu) < 0.02, `${await logit()} and ${onCpu}`);
  });

  test('WebGPU that computes nothing is caught by the self-test', async () => {
    sabotageWorker('GPUQueue.prototype.submit = () => {};');
    await open('/?model=models/micro');
    await reach('ready');
    await choose('webgpu');
    await page.getByTestId('device-reason').getByText('self-test').waitFor({ state: 'attached', timeout: 120_000 });
    await reach('ready');
    assert.match(await textOf(page.getByTestId('device-label')), /CPU/);
  });

  test('the CPU is tested once for each program and model, and again where it failed', async () => {
    await context.close();
    context = await browser.newContext({ serviceWorkers: 'block' }); // a service worker would not serve edited files
    page = await context.newPage();
    /** @type {boolean[]} */ const tested = [];
    page.on('console', (message) => {
      if (message.text().startsWith('known')) tested.push(message.text() === 'known: false');
    });
    const instrument = (/** @type {boolean} */ fails) =>
      site.edits.set(
        '/carzero-cpu-relaxed.js',
        (body) => `${body}
      const { finish } = Loader.prototype;
      Loader.prototype.finish = function (known) {
        console.log('known:', known);
        return ${fails} ? Promise.reject(Object.assign(new Error('wrong'), { code: 'self-test' })) : finish.call(this, known);
      };`,
      );
    const visit = async (/** @type {string} */ path, state = 'ready') => {
      tested.length = 0;
      await open(path);
      await reach(state);
      return tested;
    };
    instrument(true);
    assert.deepEqual(await visit('/', 'error'), [true]);
    instrument(false);
    assert.deepEqual(await visit('/'), [true], 'it had failed');
    assert.deepEqual(await visit('/'), [false]);
    assert.deepEqual(await visit('/?model=models/micro'), [true], 'another model');
    site.edits.set('/', (body) => String(body).replace(/(name="build" content=")[^"]*/, '$1another'));
    assert.deepEqual(await visit('/'), [true], 'another program');
    assert.deepEqual(await visit('/'), [false]);
  });

  test('WebGPU that is lost while in use gives way to the CPU, image and findings kept', async () => {
    sabotageWorker(`
      const requestDevice = GPUAdapter.prototype.requestDevice;
      GPUAdapter.prototype.requestDevice = async function (...options) {
        const device = await requestDevice.apply(this, options);
        new BroadcastChannel('lose').onmessage = () => device.destroy();
        return device;
      };`);
    await open('/?model=models/micro');
    await reach('ready');
    await choose('webgpu');
    await page.getByTestId('device-label').getByText('WebGPU').waitFor({ timeout: 120_000 });
    await reach('ready');
    await page.evaluate(() => new BroadcastChannel('lose').postMessage(null));
    await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img2.png'));
    await page
      .getByTestId('device-reason')
      .getByText('stopped working')
      .waitFor({ state: 'attached', timeout: 120_000 });
    await reach('done');
    assert.match(await textOf(page.getByTestId('device-label')), /CPU/);
    assert.equal(await page.locator('[data-testid="score-row"]:not([data-kind="unscored"])').count(), 14);
  });

  test('WebGPU that cannot start gives way to the CPU, image and findings kept', async () => {
    sabotageWorker(
      "GPUAdapter.prototype.requestDevice = () => Promise.reject(new DOMException('out of memory', 'OperationError'));",
    );
    await open('/?model=models/micro');
    await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img2.png'));
    await reach('done');
    await choose('webgpu');
    await page.getByTestId('device-reason').getByText('WebGPU').waitFor({ state: 'attached', timeout: 120_000 });
    await reach('done');
    assert.match(await textOf(page.getByTestId('device-label')), /CPU/);
    assert.equal(await page.getByTestId('score-row').count(), 14);
  });
});

test('axe-core finds nothing, light and dark, wide and narrow', async () => {
  for (const [colorScheme, width] of /** @type {const} */ ([
    ['light', 1440],
    ['dark', 390],
  ])) {
    await context.close();
    context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    page = await context.newPage();
    const audit = async (/** @type {string} */ state) => {
      const found = await violations(page);
      assert.deepEqual(found, [], `${state}, ${colorScheme}, ${width} px`);
    };
    await open('/?model=models/micro');
    await reach('ready');
    await audit('empty');
    await page.locator('[data-phantom="effusion"]').click();
    await reach('done');
    await audit('scored');
    await page.getByTestId('finding-input').fill('Small left pleural effusion.\nNo pneumothorax.');
    await page.keyboard.press('Enter');
    await page.getByTestId('review-row').first().waitFor();
    await audit('report');
    await page.getByTestId('review-cancel').click();
    await openMenu(page);
    await page.locator('#about-open').click();
    await audit('about');
  }
});

test('the worker cannot reach another site', async () => {
  sabotageWorker(
    "fetch('https://example.org/').then(() => postMessage({ type: 'crash', value: { message: 'leaked' } }), () => {});",
  );
  /** @type {string[]} */ const foreign = [];
  context.on('request', (request) => {
    if (request.url().includes('example.org')) foreign.push(request.url());
  });
  await open('/?model=models/micro');
  await reach('ready');
  assert.deepEqual(foreign, []);
});
