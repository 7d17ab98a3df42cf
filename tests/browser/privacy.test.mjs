/** Every feature is used while all that the page asks for and keeps is recorded: it says nothing of the image, its name, its tags or the findings. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dicom } from './dicom.mjs';
import { listen, serve } from './server.mjs';
import { DIST, MICRO, carzero, launch, scratch } from './setup.mjs';
import { addOwnWords, reached } from './visit.mjs';
import { DRAWN } from '../../www/core/pack.js';
/** @import { Browser } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const NAMES = ['Rosenkrantz^Ada.dcm', 'Guildenstern.png', 'Polonius ward 9.png', 'Fortinbras.png'];
const TAG = 'ZQXJWV^KPYB';
const FINDING = 'a halberd in the oesophagus';
const REPORT = 'Yoricks skull.\nSmall left pleural effusion. No pneumothorax.';
/** None of these may be sent anywhere, or be kept. */
const SECRETS = [
  'Rosenkrantz',
  'Guildenstern',
  'Polonius',
  'Fortinbras',
  'ZQXJWV',
  'KPYB',
  'halberd',
  'oesophagus',
  'Yorick',
  'effusion',
  'pneumothorax',
  'Cardiomegaly',
];
const found = (/** @type {string} */ text) =>
  SECRETS.filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

const work = scratch();
/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** Takes all that is meant for another origin. @type {import('node:http').Server} */ let proxy;
/** Settings that bypass it for the page's own site. @type {{server: string, bypass: string}} */ let past;
/** @type {string[]} */ const foreign = [];

before(async () => {
  browser = await launch();
  site = await serve({ '/': DIST });
  proxy = createServer(({ url = '' }, response) => {
    foreign.push(url);
    response.writeHead(502).end();
  }).on('connect', ({ url = '' }, socket) => {
    foreign.push(url);
    socket.end();
  });
  past = { server: `http://127.0.0.1:${await listen(proxy)}`, bypass: '127.0.0.1' };
});
after(async () => {
  await browser.close();
  await site.close();
  proxy.close();
  work.remove();
});

test('no request and no store tells anything of an image or a finding, whatever is used', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', proxy: past });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => problems.push(message.text()));
  const reach = (/** @type {string} */ state) => reached(page, state);
  const choose = (/** @type {{name: string, buffer: Buffer}[]} */ ...files) =>
    page.setInputFiles(
      '[data-testid="file-input"]',
      files.map((file) => ({ mimeType: 'application/octet-stream', ...file })),
    );
  const add = async (/** @type {string} */ text) => {
    await page.getByTestId('finding-input').fill(text);
    await page.keyboard.press('Enter');
  };
  const image = (/** @type {string} */ name, i = 1) => ({ name, buffer: readFileSync(join(MICRO, `img${i}.png`)) });
  carzero('phantom', 'effusion', '--out', join(work.path, 'chest.png'));

  // Offline use, and the tour.
  await page.goto(site.origin);
  await reach('ready');
  await page
    .getByTestId('offline')
    .getByText('works without a connection')
    .waitFor({ state: 'attached', timeout: 60_000 });
  await page.getByTestId('tour-open').click();
  await page.getByTestId('tour').waitFor();
  await page.keyboard.press('Escape');

  // Images, findings, a report, and why.
  await choose({ name: NAMES[0], buffer: dicom({ view: 'PA', secret: TAG }) });
  await reach('done');
  await choose({ name: NAMES[1], buffer: readFileSync(join(work.path, 'chest.png')) });
  await reach('done');
  await page.getByText(NAMES[1]).first().waitFor();
  await page.getByTestId('finding-input').pressSequentially('cardiomeg');
  await page.getByTestId('suggestions').getByText('Cardiomegaly').waitFor();
  await addOwnWords(page, FINDING);
  await page.locator(`[data-testid="score-row"][data-finding="${FINDING}"]:not([data-kind="unscored"])`).waitFor();
  await add(REPORT);
  await page.getByTestId('review-row').first().waitFor();
  await page.getByTestId('review-add').click();
  await reach('done');
  await page.getByTestId('why').locator('summary').click();
  await page.getByTestId('why-words').getByRole('button').first().waitFor();
  await page.getByTestId('contours-toggle').check();
  await page.getByTestId('contours').waitFor();

  // Display, comparison, export, a link.
  for (const key of ['5', 'i', 'r', 'h']) await page.getByTestId('viewport').press(key);
  await page.getByTestId('compare-toggle').click();
  await choose(image(NAMES[2], 0));
  await page.getByTestId('label-a').getByText(NAMES[2]).waitFor();
  await reach('done');
  await page.getByTestId('compare-toggle').click();
  await page.locator('#map:not([hidden])').waitFor();
  await page.getByTestId('export-open').click();
  for (const kind of ['csv', 'json', 'png', 'report', 'capture', 'fhir'])
    await Promise.all([page.waitForEvent('download'), page.getByTestId(`export-${kind}`).click()]);
  await page.getByTestId('share-copy').click();
  const link = await page.getByTestId('share-link').inputValue();
  assert.deepEqual(found(new URL(link).pathname + new URL(link).search), []);
  await page.keyboard.press('Escape');

  // A series, teaching mode, the lab, the language.
  await choose(...NAMES.map((name, i) => image(name, i % 3)));
  await page.getByTestId('series-count').getByText('Scored 4 of 4').waitFor({ timeout: 120_000 });
  await page.getByTestId('search-open').click();
  await page.getByTestId('search-text').fill(FINDING);
  await page.keyboard.press('Enter');
  await page.getByTestId('search-live').getByText('4 images ranked by').waitFor({ state: 'attached' });
  await page.getByTestId('series-close').click();
  await page.getByTestId('teach-toggle').click();
  await page.getByTestId('teach-surprise').click();
  await reach('done');
  await page.getByTestId('teach-clear').check();
  await page.getByTestId('teach-reveal').click();
  await page.getByTestId('teach-outcome').waitFor();
  await page.locator('#teach-end').click();
  await page.locator('[data-phantom="effusion"]').click();
  await reach('done');
  await page.getByTestId('lab-heart').fill('0.6');
  await reach('done');
  await page.getByTestId('language').click();
  await page.locator('html[lang="ja"]').waitFor({ state: 'attached' });

  // The link, and again without a network.
  await page.goto(link);
  await page.reload();
  await reach('ready');
  await context.setOffline(true);
  await page.reload();
  await choose(image(NAMES[3]));
  await reach('done');
  await context.setOffline(false);
  assert.deepEqual(problems, []);

  // What was asked for.
  assert.deepEqual(foreign, [], 'only the page’s own site');
  assert.deepEqual(found(decodeURIComponent(JSON.stringify(site.received))), []);
  for (const { method, url, headers, body } of site.received) {
    assert.deepEqual([method, body, headers.cookie], ['GET', '', undefined], url);
    assert.doesNotMatch(url, /\?/);
  }

  // What was kept: files of the site as they are there, and choices.
  const kept = await page.evaluate(async () => {
    const digest = async (/** @type {ArrayBuffer} */ data) =>
      [...new Uint8Array(await crypto.subtle.digest('SHA-256', data))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('');
    const files = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        const response = /** @type {Response} */ (await cache.match(url));
        files.push({
          name,
          url,
          headers: JSON.stringify([...response.headers]),
          digest: await digest(await response.clone().arrayBuffer()),
          text: name === 'carzero-state' ? await response.text() : '',
        });
      }
    }
    return {
      files,
      local: { ...localStorage },
      session: { ...sessionStorage },
      databases: await indexedDB.databases(),
      own: await Array.fromAsync((await navigator.storage.getDirectory()).keys()),
    };
  });
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual([kept.session, kept.databases, kept.own], [{}, [], []]);
  const { 'carzero-progress': progress, ...choices } = kept.local;
  assert.deepEqual(choices, { 'carzero-language': 'ja', 'carzero-tour': choices['carzero-tour'] });
  const { findings, ...level } = JSON.parse(progress); // counts for the synthetic chest that was read, by the findings that chests can show
  assert.deepEqual(level, { level: 1, right: level.right });
  assert.deepEqual(Object.keys(findings).sort(), [...DRAWN].sort());
  for (const counts of Object.values(findings)) assert.ok(Object.values(counts).every(Number.isInteger));
  assert.ok(kept.files.length >= Object.keys(JSON.parse(readFileSync(join(DIST, 'build.json'), 'utf8')).files).length);
  for (const { name, url, headers, digest, text } of kept.files) {
    assert.deepEqual(found(url + headers), [], url);
    const { pathname, searchParams } = new URL(url);
    if (pathname.endsWith('/self-test')) {
      assert.equal(text, '');
      assert.deepEqual([...searchParams.keys()], ['model', 'program', 'browser']);
      assert.equal(searchParams.get('browser'), await page.evaluate('navigator.userAgent'));
    } else if (name === 'carzero-state')
      assert.deepEqual(JSON.parse(text), JSON.parse(readFileSync(join(DIST, 'build.json'), 'utf8')));
    else {
      assert.equal(
        digest,
        createHash('sha256')
          .update(readFileSync(join(DIST, pathname === '/' ? 'index.html' : pathname)))
          .digest('hex'),
        `${name}: ${url}`,
      );
    }
  }

  // The record would have shown a leak.
  site.received.length = 0;
  await page.evaluate((finding) => fetch(`nowhere/${encodeURIComponent(finding)}`), FINDING);
  assert.deepEqual(found(decodeURIComponent(JSON.stringify(site.received))), ['halberd', 'oesophagus']);
  const open = await browser.newContext({ bypassCSP: true, proxy: past });
  const other = await open.newPage();
  await other.goto(site.origin);
  await other.evaluate(() => fetch('http://elsewhere.example/', { mode: 'no-cors' }).catch(() => {}));
  assert.deepEqual(foreign, ['http://elsewhere.example/']);
  await open.close();
  await context.close();
});
