/** What the page does when its worker fails and when everything is to be forgotten, and what its policy keeps out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, MICRO, OUTPUT, convertMicro, hostHeaders, launch, scratch, violations } from './setup.mjs';
import { addOwnWords, openMenu, reached, visit } from './visit.mjs';
/** @import { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const work = scratch();
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(async () => {
  convertMicro(join(work.path, 'micro'), 'q8');
  browser = await launch();
});
after(async () => {
  await browser.close();
  work.remove();
});
beforeEach(async () => {
  site = await serve({ '/': DIST, '/models/micro/': join(work.path, 'micro') });
  await start({ serviceWorkers: 'block' }); // a service worker would serve the unedited files
});
afterEach(async () => {
  await context.close();
  await site.close();
  assert.deepEqual(problems, []);
});

/** @param {BrowserContextOptions} [options] Of the browser's context */
async function start(options = {}) {
  await context?.close();
  ({ context, page, problems } = await visit(browser, { locale: 'en-GB', ...options }));
}

const open = (path = '/?model=models/micro') => page.goto(site.origin + path);
const reach = (/** @type {string} */ state) => reached(page, state);
const notice = (/** @type {string} */ words) =>
  page.getByTestId('error-message').getByText(words).waitFor({ timeout: 120_000 });
const chooseImage = (name = 'Doe^Jane.png') =>
  page.setInputFiles('[data-testid="file-input"]', {
    name,
    mimeType: 'image/png',
    buffer: readFileSync(join(MICRO, 'img1.png')),
  });

describe('a worker that ends', () => {
  const OWN = 'a coin in the oesophagus';
  const scores = () => page.getByTestId('score-row').allTextContents();

  /** The module traps when a method is called for the `nth` time: a pointer outside its memory. */
  const trap = (/** @type {string} */ method, nth = 1) =>
    site.edits.set(
      '/carzero-cpu-relaxed.js',
      (body) => `${body}
    let calls = 0;
    const { ${method} } = Model.prototype;
    Model.prototype.${method} = function (...rest) {
      if (++calls >= ${nth}) wasm.model_info(-16);
      return ${method}.apply(this, rest);
    };`,
    );

  /** A page with an image, a finding and a display of one's own, all scored. @param {() => void} sabotage Damages the worker that the page starts with */
  async function prepare(sabotage) {
    await open();
    await chooseImage();
    await reach('done');
    await addOwnWords(page, OWN);
    await page.locator(`[data-testid="score-row"][data-finding="${OWN}"]:not([data-kind="unscored"])`).waitFor();
    await reach('done');
    const expected = await scores();
    sabotage();
    await page.reload();
    await reach('ready');
    await addOwnWords(page, OWN);
    await page.locator(`[data-testid="score-row"][data-finding="${OWN}"]`).waitFor();
    return expected;
  }

  test('is restarted once by itself, with image, findings and display as they were, and a report that names nobody', async () => {
    const expected = await prepare(() => trap('score', 2));
    site.edits.clear(); // the next worker is sound
    await chooseImage();
    await page.locator('#tools [data-action="invert"]').click();
    await notice('The program stopped, and was restarted');
    await notice('Your image, findings and display are kept');
    await page.screenshot({ path: join(OUTPUT, 'restarted-1280.png') });
    await reach('done');
    assert.deepEqual(await scores(), expected);
    await page.getByText('Doe^Jane.png').first().waitFor();
    assert.equal(await page.locator('#tools [data-action="invert"]').getAttribute('aria-pressed'), 'true');

    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByTestId('report-open').click();
    await page.getByTestId('report-copy').click();
    await page.locator('#report-done').getByText('Copied.').waitFor();
    const report = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(report, await page.getByTestId('report-text').inputValue());
    assert.match(
      report,
      /^Error: crash: memory access out of bounds\nDoing: score.*\nBuild: [0-9a-f]{12}\nModel: carzero-vitb16 .*\nDevice: cpu, .*\nBrowser: .*Chrom.*\nStack: RuntimeError: (.|\n)*wasm/,
    );
    assert.doesNotMatch(report, /Doe|Jane|coin|oesophagus|127\.0\.0\.1/);
    await page.screenshot({ path: join(OUTPUT, 'report-1280.png') });
    await page.keyboard.press('Escape');
    await page.locator('#dismiss').click();
    await page.getByTestId('error-message').waitFor({ state: 'hidden' });
  });

  test('is offered to be restarted when it ends again', async () => {
    const expected = await prepare(() => trap('score'));
    await chooseImage();
    await reach('error');
    await notice('Your image and findings are kept');
    await page.screenshot({ path: join(OUTPUT, 'crash-1280.png') });
    assert.ok(await page.getByTestId('report-open').isVisible());
    assert.equal(await page.getByTestId('score-row').count(), 15, 'the findings stay');
    site.edits.clear();
    await page.getByTestId('retry').getByText('Restart').click();
    await reach('done');
    assert.deepEqual(await scores(), expected);
  });

  test('while it reads a file is not given that file for ever: the image before comes back', async () => {
    site.edits.set(
      '/carzero-cpu-relaxed.js',
      (body) => `${body}
      const { decode } = Picture;
      Picture.decode = (data) => { if (data.length === 11) wasm.model_info(-16); return decode(data); };`,
    );
    await open();
    await chooseImage();
    await reach('done');
    const expected = await scores();
    await page.setInputFiles('[data-testid="file-input"]', {
      name: 'poison.png',
      mimeType: 'image/png',
      buffer: Buffer.from('eleven byte'),
    });
    await notice('poison.png is left out');
    await page.getByTestId('retry').click();
    await reach('done');
    await page.getByText('Doe^Jane.png').first().waitFor();
    assert.deepEqual(await scores(), expected);
  });

  test('without a word is noticed', async () => {
    const expected = await prepare(() =>
      site.edits.set(
        '/worker/worker.js',
        (body) => `${body}
      jobs.score = () => { close(); return new Promise(() => {}); };`,
      ),
    );
    site.edits.clear();
    await chooseImage();
    await notice('The worker ended');
    await reach('done');
    assert.deepEqual(await scores(), expected);
  });

  test('is not taken for ended where its lock comes later than its first answer', async () => {
    await start({ serviceWorkers: 'block' });
    const late = '((name, held) => setTimeout(() => navigator.locks.request(name, held), 1000))(';
    site.edits.set('/worker/worker.js', (body) => {
      const edited = String(body).replace('navigator.locks?.request(', late);
      assert.notEqual(edited, String(body));
      return edited;
    });
    await open();
    await chooseImage();
    await reach('done');
    await page.evaluate(() => navigator.locks.query()); // whatever was asked for has been answered
    assert.ok(await page.getByText('The worker ended').isHidden());
  });

  test('has a report that axe-core finds nothing in, also at 360 px', async () => {
    await start({ serviceWorkers: 'block', viewport: { width: 360, height: 740 }, bypassCSP: true });
    trap('score');
    await open();
    await chooseImage();
    await reach('error');
    await page.getByTestId('report-open').click();
    assert.deepEqual(await violations(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.screenshot({ path: join(OUTPUT, 'report-360.png') });
  });
});

test('no string becomes markup or a script', async () => {
  await start();
  await open();
  await chooseImage();
  await reach('done');
  await page
    .getByTestId('offline')
    .getByText('works without a connection')
    .waitFor({ state: 'attached', timeout: 60_000 });
  const refused = await page.evaluate(() => {
    /** @type {Record<string, () => unknown>} */ const attempts = {
      markup: () => {
        document.body.innerHTML = '<b>x</b>';
      },
      script: () => {
        document.createElement('script').src = 'app.js';
      },
      text: () => {
        document.createElement('script').textContent = '1';
      },
      worker: () => new Worker('worker/worker.js', { type: 'module' }),
      policy: () => Reflect.get(globalThis, 'trustedTypes').createPolicy('other', {}),
      again: () => Reflect.get(globalThis, 'trustedTypes').createPolicy('carzero', {}),
    };
    return Object.keys(attempts).filter((name) => {
      try {
        attempts[name]();
        return false;
      } catch {
        return true;
      }
    });
  });
  assert.deepEqual(refused, ['markup', 'script', 'text', 'worker', 'policy', 'again']);
});

describe('isolation from other origins', () => {
  const isolated = async () => [
    await page.evaluate(() => crossOriginIsolated),
    await page.workers()[0].evaluate(() => crossOriginIsolated),
  ];

  test('by the host’s headers, as the README has them', async () => {
    Object.assign(site.headers, hostHeaders());
    await open();
    await chooseImage();
    await reach('done');
    assert.deepEqual(await isolated(), [true, true]);
  });

  test('by the service worker, from the second visit on, also without a network', async () => {
    await start();
    await open('/');
    await reach('ready');
    assert.deepEqual(await isolated(), [false, false]);
    await page
      .getByTestId('offline')
      .getByText('works without a connection')
      .waitFor({ state: 'attached', timeout: 60_000 });
    for (const offline of [false, true]) {
      await context.setOffline(offline);
      await page.reload();
      await chooseImage();
      await reach('done');
      assert.deepEqual(await isolated(), [true, true]);
    }
  });
});

describe('forgetting everything', () => {
  /** All that the origin has stored. */
  const stored = () =>
    page.evaluate(async () => ({
      caches: await caches.keys(),
      workers: (await navigator.serviceWorker.getRegistrations()).length,
      databases: (await indexedDB.databases()).map(({ name }) => name),
      files: await Array.fromAsync((await navigator.storage.getDirectory()).keys()),
      local: Object.keys(localStorage),
      session: Object.keys(sessionStorage),
      cookies: document.cookie,
    }));
  const NOTHING = { caches: [], workers: 0, databases: [], files: [], local: [], session: [], cookies: '' };

  async function forget() {
    await page.locator('#about-open').click();
    await page.getByTestId('forget-open').click();
    await page.getByTestId('forget-confirm').click();
    await page.getByTestId('forgotten').waitFor();
  }

  test('leaves nothing in this browser, and says so after looking', async () => {
    await start();
    await open('/?model=models/micro#find=Hernia');
    await chooseImage();
    await reach('done');
    await page.getByTestId('language').click();
    await page.getByTestId('language').click();
    await page
      .getByTestId('offline')
      .getByText('works without a connection')
      .waitFor({ state: 'attached', timeout: 60_000 });
    const before = await stored();
    assert.deepEqual(before.caches.map((name) => name.replace(/[0-9a-f]{12}/, 'ID')).sort(), [
      'carzero-build-ID',
      'carzero-models',
      'carzero-state',
    ]);
    assert.deepEqual([before.workers, before.local], [1, ['carzero-language']]);

    await forget();
    assert.deepEqual(await stored(), NOTHING);
    await page.getByTestId('forgotten').getByText('Nothing is stored.').waitFor();
    assert.equal(await page.locator('#forgotten-list dd').getByText('nothing', { exact: true }).count(), 6);
    assert.doesNotMatch(
      await page.evaluate(() => document.documentElement.outerHTML + location.href),
      /\bDoe\b|Hernia/,
    );
    assert.equal(page.workers().length, 0, 'nothing runs');
    await page.screenshot({ path: join(OUTPUT, 'forgotten-1280.png') });

    await page.getByTestId('forgotten-start').click();
    await reach('ready');
  });

  test('deletes from every store, and leaves what another page of the origin has there', async () => {
    await start();
    await open();
    await reach('ready');
    await page.evaluate(async () => {
      for (const name of ['carzero-own', 'neighbour']) {
        await caches.open(name);
        await new Promise((resolve) => {
          const opening = indexedDB.open(name);
          opening.onsuccess = () => resolve(opening.result.close());
        });
        await (await navigator.storage.getDirectory()).getDirectoryHandle(name, { create: true });
        localStorage.setItem(name, name);
        sessionStorage.setItem(name, name);
      }
    });
    await forget();
    const left = ['neighbour'];
    assert.deepEqual(await stored(), {
      ...NOTHING,
      caches: left,
      databases: left,
      files: left,
      local: left,
      session: left,
    });
    await page.getByTestId('forgotten').getByText('Nothing is stored.').waitFor();
  });

  test('closes the image where storage is forbidden', async () => {
    await start({ serviceWorkers: 'block' });
    await page.addInitScript(() => {
      for (const name of ['localStorage', 'sessionStorage', 'caches', 'indexedDB']) {
        Object.defineProperty(globalThis, name, {
          get() {
            throw new DOMException('forbidden', 'SecurityError');
          },
        });
      }
    });
    await open();
    await chooseImage();
    await reach('done');
    await page.locator('#about-open').click();
    await page.getByTestId('forget-open').click();
    await page.getByTestId('forget-confirm').click();
    await reach('ready');
    assert.equal(await page.getByText('Doe^Jane.png').count(), 0);
  });

  test('has dialogs that axe-core finds nothing in, also at 360 px', async () => {
    await start({ viewport: { width: 360, height: 740 }, bypassCSP: true });
    await open();
    await reach('ready');
    await openMenu(page);
    await page.locator('#about-open').click();
    await page.getByTestId('forget-open').click();
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: join(OUTPUT, 'forget-360.png') });
    await page.getByTestId('forget-confirm').click();
    await page.getByTestId('forgotten').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.screenshot({ path: join(OUTPUT, 'forgotten-360.png') });
  });
});
