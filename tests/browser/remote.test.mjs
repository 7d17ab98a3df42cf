/** A model at another site: fetched when a person says so, from a host that is named; and kept in this browser when asked. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { serve } from './server.mjs';
import { MICRO, OUTPUT, matchOf, root, violations } from './setup.mjs';
import { builtPage, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const built = builtPage({ micro: true });
/** @type {Site} */ let elsewhere;
/** @type {string} */ let host;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(async () => {
  elsewhere = await serve({ '/': built.work, '/models/micro/': join(built.work, 'micro') });
  host = new URL(elsewhere.origin).host;
});
after(() => elsewhere.close());
beforeEach(() => {
  elsewhere.headers['access-control-allow-origin'] = '*';
  elsewhere.received.length = 0;
  elsewhere.requests.length = 0;
  elsewhere.edits.clear();
});
afterEach(async () => {
  assert.deepEqual(problems, []);
  await context.close();
});

/** @param {string} path @param {BrowserContextOptions} [options] */
async function open(path, options = {}) {
  ({ context, page, problems } = await visit(built.browser, options));
  await page.goto(built.site.origin + path);
  await reached(page, 'ready');
}

const by = (/** @type {string} */ id) => page.getByTestId(id);
const from = (/** @type {string} */ words) => by('model-from').getByText(words).waitFor({ state: 'attached' });
const refused = (/** @type {string} */ words) => by('remote-error').getByText(words).waitFor();
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });
const inFiles = () =>
  page.evaluate(async () => Array.fromAsync((await navigator.storage.getDirectory()).keys())); // prettier-ignore

/** Opens the card, and the field for an address. @param {string} url */
async function ask(url) {
  await by('device-label').click();
  await page.getByText('Fetch a model from another site').click();
  await by('remote-url').fill(url);
}

test('nothing is fetched from another site before a person says so, and what is fetched is kept when asked', async () => {
  // The README's link, with these hosts.
  const [, link] = matchOf(
    readFileSync(join(root, 'README.md'), 'utf8'),
    /`https:\/\/carzero\.example(\/\?model=[^`]+)`/,
  );
  await open(link.replace('https://models.example/carzero-vitb16', `${elsewhere.origin}/models/micro`), {
    viewport: { width: 390, height: 844 },
    bypassCSP: true,
  });
  await from('models/default, beside this page');
  await by('remote-consent').getByText(`Nothing has been fetched from there yet. ${host}, and any site`).waitFor();
  assert.deepEqual(elsewhere.requests, []);
  await by('remote-go').getByText(`Fetch from ${host}`).waitFor();
  await page.waitForFunction(() => {
    const { bottom } = document.querySelector('#remote-go')?.getBoundingClientRect() ?? { bottom: Infinity };
    return bottom < innerHeight;
  });
  assert.deepEqual(await violations(page), []);
  await screenshot('remote-390');
  await context.close();

  await open('/');
  await ask(`${elsewhere.origin}/models/micro`);
  await by('remote-go').getByText(`Fetch from ${host}`).click();
  await from(`micro, from ${host}`);
  await reached(page, 'ready');
  for (const { method, headers, url } of elsewhere.received) {
    assert.equal(method, 'GET', url);
    assert.deepEqual([headers.origin, headers.referer, headers.cookie], ['null', undefined, undefined]);
  }
  const fetched = elsewhere.requests.length;
  assert.ok(fetched > 3, `${elsewhere.requests}`);
  assert.equal(new Set(elsewhere.requests).size, fetched, 'each file once');

  await by('device-label').click();
  assert.match(await textOf(by('model-source')), /MB, in this page alone/);
  await by('model-keep')
    .getByText(/Keep in this browser \(\d+\.\d MB\)/)
    .click();
  await from('micro, kept in this browser');
  await by('keep-offer').waitFor({ state: 'hidden' });
  await screenshot('kept-1280');
  await page.reload();
  await reached(page, 'ready');
  await from('models/default, beside this page');
  await by('device-label').click();
  await by('kept').getByRole('button', { name: 'Use micro', exact: true }).click();
  await from('micro, kept in this browser');
  await reached(page, 'ready');
  assert.equal(elsewhere.requests.length, fetched, 'and nothing is fetched again');

  assert.deepEqual(await inFiles(), ['carzero-models']);
  await by('device-label').click();
  await by('kept').getByRole('button', { name: 'Remove micro from this browser' }).click();
  await by('kept').waitFor({ state: 'hidden' });
  await page.setInputFiles('[data-testid="file-input"]', join(MICRO, 'img0.png'));
  await reached(page, 'done'); // the model is still in use
  assert.deepEqual(
    await page.evaluate(async () => {
      const models = await (await navigator.storage.getDirectory()).getDirectoryHandle('carzero-models');
      return Array.fromAsync(models.keys());
    }),
    [],
  );
});

test('what another site does not give is said, and the model before stays', async () => {
  await open('/');
  await ask('http://example.org/model');
  await refused('An address with https');
  assert.ok(await by('remote-go').isDisabled());

  await by('remote-url').fill(`${elsewhere.origin}/none/`);
  await by('remote-go').click();
  await refused(`cannot be reached, or does not let pages of other sites read it (CORS)`); // its 404 has no CORS header
  elsewhere.edits.set('/models/micro/manifest.json', () => '{"files": "none"}');
  await by('remote-url').fill(`${elsewhere.origin}/models/micro/`);
  await by('remote-go').click();
  await refused(`What ${host} has there is no model`);
  elsewhere.edits.set('/models/micro/manifest.json', (body) => `${body}`.replace('"config.json"', '"../config.json"'));
  await by('remote-go').click();
  await refused(`What ${host} has there is no model`);
  elsewhere.edits.clear();
  elsewhere.edits.set('/models/micro/config.json', (body) => `${body} `);
  await by('remote-go').click();
  await refused(`config.json at ${host} is longer than its manifest says`);
  await screenshot('remote-error-1280');

  // The right size but other bytes: the program notices it.
  elsewhere.edits.set('/models/micro/config.json', (body) => Buffer.concat([Buffer.from(' '), body.subarray(1)]));
  await by('remote-go').click();
  await by('error-message').getByText('micro was not loaded').waitFor();
  delete elsewhere.headers['access-control-allow-origin'];
  elsewhere.edits.clear();
  await by('device-label').click();
  await by('remote-url').fill(`${elsewhere.origin}/models/micro/`);
  await by('remote-go').click();
  await refused('does not let pages of other sites read it (CORS)');
  await from('models/default, beside this page');
});

test('a fetch that broke off goes on where it was, and can be given up', async () => {
  await open('/');
  await ask(`${elsewhere.origin}/models/micro/`);
  elsewhere.edits.set('/models/micro/tokenizer.json', null);
  await by('remote-go').click();
  await refused('tokenizer.json could not be fetched');
  assert.ok(elsewhere.requests.includes('/models/micro/config.json'));
  elsewhere.edits.clear();
  elsewhere.requests.length = 0;
  /** @type {() => void} */ let release = () => {};
  elsewhere.cut = new Promise((resolve) => {
    release = resolve;
  });
  elsewhere.edits.set('/models/micro/weights-01-of-01.safetensors', null);
  await by('remote-go').click();
  await by('remote').getByText(`From ${host}:`).waitFor();
  await by('remote-cancel').click();
  release();
  assert.equal(await by('remote-url').inputValue(), '');
  assert.ok(!elsewhere.requests.includes('/models/micro/config.json'), 'it had come');
  await from('models/default, beside this page');
});
