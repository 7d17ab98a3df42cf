/** The page without a network, and while the site is being replaced. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serve } from './server.mjs';
import { DIST, launch, matchOf, scratch } from './setup.mjs';
import { reached, textOf } from './visit.mjs';
/** @import { Browser, BrowserContext, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const HOOK = fileURLToPath(new URL('../../www/offline.sh', import.meta.url));
const WASM = '/carzero-cpu-relaxed_bg.wasm';
const WEIGHTS = '/models/default/weights-01-of-01.safetensors';
const work = scratch();
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;

before(async () => {
  browser = await launch();
});
after(async () => {
  await browser.close();
  work.remove();
});
beforeEach(async () => {
  site = await serve({ '/': DIST });
  context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  await site.close();
});

const reach = (/** @type {string} */ state, on = page) => reached(on, state);
const kept = (on = page) =>
  on.getByTestId('offline').getByText('works without a connection').waitFor({ state: 'attached', timeout: 60_000 });
const buildOf = (on = page) => on.locator('meta[name="build"]').getAttribute('content');
const downloads = (/** @type {string} */ path) => site.requests.filter((request) => request === path).length;
const standings = () => textOf(page.getByTestId('score-list'));

/** Asks the service worker to look for a new build. @returns {Promise<{update?: boolean, error?: string}>} */
const check = () =>
  page.evaluate(async () => {
    const { active } = await navigator.serviceWorker.ready;
    const { port1, port2 } = new MessageChannel();
    active?.postMessage({ type: 'check' }, [port2]);
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
    });
  });

async function scorePhantom() {
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
}

/** A new version of the site: other code, and if asked other weights. @param {string} name @returns {{folder: string, build: string}} */
function nextVersion(name, { model = false } = {}) {
  const folder = join(work.path, name);
  cpSync(DIST, folder, { recursive: true });
  appendFileSync(join(folder, 'app.js'), `\n// ${name}\n`);
  const index = join(folder, 'index.html');
  writeFileSync(index, readFileSync(index, 'utf8').replace(/(<meta name="build" content=")[^"]*/, '$1'));
  if (model) {
    // a manifest without a readable file would be refused, so only a file's name changes
    const manifest = join(folder, 'models/default/manifest.json');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('weights-01-of-01', 'weights-1-of-1'));
    cpSync(
      join(folder, 'models/default/weights-01-of-01.safetensors'),
      join(folder, 'models/default/weights-1-of-1.safetensors'),
    );
  }
  execFileSync('sh', [HOOK], { env: { ...process.env, TRUNK_STAGING_DIR: folder } });
  return { folder, build: matchOf(readFileSync(index, 'utf8'), /name="build" content="(\w+)"/)[1] };
}

test('after one visit the page opens and scores without a network', async () => {
  await page.goto(site.origin);
  await reach('ready');
  await scorePhantom();
  const before = await standings();
  await kept();
  assert.equal(downloads(WEIGHTS), 1, 'the weights are fetched and kept once');
  const twice = await page.evaluate(async () => {
    const found = [];
    for (const name of await caches.keys()) {
      for (const { url } of await (await caches.open(name)).keys()) if (url.includes('weights-')) found.push(name);
    }
    return found;
  });
  assert.deepEqual(twice, ['carzero-models']);
  assert.equal(downloads('/carzero-webgpu_bg.wasm'), 0, 'nobody downloads the other device’s code');

  await context.setOffline(true);
  await site.close();
  await page.reload();
  await reach('ready');
  await scorePhantom();
  assert.equal(await standings(), before);
  assert.match(await textOf(page.getByTestId('model-source')), /from this browser’s cache/);
});

test('the manifest offers the page for installation', async () => {
  await page.goto(site.origin);
  await reach('ready');
  const session = await context.newCDPSession(page);
  const { url, errors, data } = await session.send('Page.getAppManifest');
  assert.ok(url.endsWith('/manifest.webmanifest'));
  assert.deepEqual(errors, []);
  assert.ok(data);
  const { icons, display } = JSON.parse(data);
  assert.equal(display, 'standalone');
  assert.deepEqual(
    icons.map((/** @type {{purpose: string}} */ { purpose }) => purpose),
    ['any', 'maskable'],
  );
  await kept();
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(
    installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'),
    [],
  );
});

test('a new version is fetched as a whole while the page in use stays of one build, and takes over on the next load', async () => {
  await page.goto(site.origin);
  await reach('ready');
  await kept();
  const [old, fetched] = [await buildOf(), downloads(WASM)];
  const next = nextVersion('next', { model: true });
  assert.notEqual(next.build, old);

  site.folders['/'] = next.folder;
  await page.reload(); // finds the new version, and is of the old one throughout
  await reach('ready');
  assert.equal(await buildOf(), old);
  await page.getByTestId('update').waitFor();
  await scorePhantom();
  assert.doesNotMatch(await page.evaluate(async () => (await fetch('app.js')).text()), /^\/\/ next$/m);
  assert.equal(
    await page.evaluate(async () => (await fetch('carzero-webgpu.js')).status),
    200,
    'the same in both builds',
  );
  assert.equal(
    downloads('/models/default/weights-1-of-1.safetensors'),
    1,
    'the new weights are there before the new code',
  );

  await context.setOffline(true);
  await page.getByTestId('update').click();
  await page.locator(`meta[name="build"][content="${next.build}"]`).waitFor({ state: 'attached' });
  await reach('ready');
  await scorePhantom();
  assert.match(await textOf(page.getByTestId('model-source')), /from this browser’s cache/);
  assert.match(await page.evaluate(async () => (await fetch('app.js')).text()), /^\/\/ next$/m);
  assert.equal(downloads(WASM), fetched, 'what did not change is not fetched again');
  await kept();
  const left = await page.evaluate(async () => {
    const models = await (await caches.open('carzero-models')).keys();
    return [(await caches.keys()).length, models.filter(({ url }) => url.includes('01-of-01')).length];
  });
  assert.deepEqual(left, [3, 0], 'the version before is forgotten');
});

test('a new version waits while another page uses the one before, and a half-replaced site changes nothing', async () => {
  await page.goto(site.origin);
  await reach('ready');
  await kept();
  const old = await buildOf();
  const next = nextVersion('other');

  site.folders['/'] = next.folder;
  site.edits.set('/app.js', () => readFileSync(join(DIST, 'app.js'))); // not replaced yet
  assert.match((await check()).error ?? '', /app\.js is not what the build lists/);
  site.edits.clear();
  assert.deepEqual(await check(), { update: true });
  const second = await context.newPage();
  await second.goto(site.origin);
  await reach('ready', second);
  assert.equal(await buildOf(second), old, 'both pages are of one build');
  await page.close();
  await second.reload();
  await second.locator(`meta[name="build"][content="${next.build}"]`).waitFor({ state: 'attached' });
  await reach('ready', second);
});
