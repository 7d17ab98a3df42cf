/** A language model instead of the rules: off unless chosen, text only, checked, and the rules where it fails. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { listen, serve } from './server.mjs';
import { DIST, OUTPUT, hostHeaders, launch, violations } from './setup.mjs';
import { reached, visit } from './visit.mjs';
/** @import { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const REPORT = 'There is a lot of water around the right lung.\nNo air leak is seen. Small left effusion.';
/** What the rules find in it: they do not know "air leak". */
const RULES = ['Pleural Effusion in the right lung', 'Pleural Effusion on the left side'];
const statement = (/** @type {string} */ finding, /** @type {string | null} */ location, negated = false) => ({
  finding,
  location,
  negated,
  uncertain: false,
  historical: false,
});
const ANSWER = JSON.stringify({
  statements: [
    statement('Pleural Effusion', 'right side'),
    statement('Pneumothorax', null, true),
    statement('Good Mood', null),
  ],
});
const says = (/** @type {string} */ content) => JSON.stringify({ choices: [{ message: { content } }] });

/** @type {Browser} */ let browser;
/** @type {Site} */ let site;
/** A server of the user's own. @type {import('node:http').Server} */ let endpoint;
/** @type {string} */ let base;
/** @type {Site['received']} */ let requests;
/** How it answers; null for never. @type {((body: {response_format: {type: string}}) => {status: number, body: string}) | null} */ let reply;
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;
/** @type {string[]} Requests of the page that leave its site, the endpoint's aside */ let foreign;

before(async () => {
  browser = await launch();
  site = await serve({ '/': DIST });
  endpoint = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const allowed = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
    if (method === 'OPTIONS') return void response.writeHead(204, allowed).end();
    let body = '';
    for await (const part of request) body += part;
    requests.push({ method, url, headers, body });
    const answer = reply?.(JSON.parse(body));
    if (answer) response.writeHead(answer.status, { ...allowed, 'content-type': 'application/json' }).end(answer.body);
  });
  base = `http://127.0.0.1:${await listen(endpoint)}/v1`;
});
after(async () => {
  await browser.close();
  await site.close();
  endpoint.closeAllConnections();
  endpoint.close();
});
beforeEach(() => {
  requests = [];
  reply = () => ({ status: 200, body: says(ANSWER) });
});
afterEach(async () => {
  assert.deepEqual(problems, []);
  assert.deepEqual(foreign, []);
  await context.close();
});

const rows = () =>
  page
    .getByTestId('review-row')
    .locator('textarea')
    .evaluateAll((/** @type {HTMLTextAreaElement[]} */ all) => all.map(({ value }) => value));
const status = (/** @type {string} */ words) => page.getByTestId('rewrite-status').getByText(words).waitFor();

/** Opens the page with an image, and a report under review. @param {BrowserContextOptions} [options] Of the browser's context @param {() => void} [script] Runs before the page's own */
async function start(options = {}, script = undefined) {
  ({ context, page, problems } = await visit(browser, options));
  foreign = [];
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'blob:' && origin !== site.origin && origin !== new URL(base).origin) foreign.push(request.url());
  });
  if (script) await page.addInitScript(script);
  await page.clock.install();
  await page.goto(site.origin);
  await reached(page, 'ready');
  await page.locator('[data-phantom="effusion"]').click();
  await reached(page, 'done');
  await review();
}

async function review(text = REPORT) {
  await page.getByTestId('finding-input').fill(text);
  await page.keyboard.press('Enter');
  await page.getByTestId('review').waitFor();
}

async function setUp() {
  await page.getByTestId('rewrite').locator('summary').click();
  await page.getByRole('radio', { name: 'An endpoint of yours' }).check();
  await page.getByTestId('rewrite-url').fill(base);
  await page.getByTestId('rewrite-model').fill('small');
  await page.getByTestId('rewrite-key').fill('secret');
}

test('nothing is sent unless it is set up and asked for; then one request, with the text and no image', async () => {
  await start();
  assert.deepEqual(await rows(), RULES);
  assert.ok(await page.getByTestId('rewrite-go').isHidden());
  await setUp();
  assert.equal(requests.length, 0);
  await page.getByTestId('rewrite-url').fill('http://example.org/v1');
  await page.getByText('An address with https').waitFor();
  assert.ok(await page.getByTestId('rewrite-go').isDisabled(), 'nothing goes unencrypted to another machine');
  await page.getByTestId('rewrite-url').fill(`${base}/`);
  await page.getByTestId('rewrite-go').click();
  await status('Left out, as the vocabulary does not have them: Good Mood');
  assert.deepEqual(await rows(), ['Pleural Effusion on the right side', 'Pneumothorax']);
  await page.getByTestId('rewrite-status').scrollIntoViewIfNeeded();
  await page.screenshot({ path: join(OUTPUT, 'rewrite-1280.png') });
  assert.equal(requests.length, 1);
  const [{ url, headers, body }] = requests;
  assert.equal(url, '/v1/chat/completions');
  assert.equal(headers.authorization, 'Bearer secret');
  assert.equal(headers.origin, 'null', 'a document without the page’s origin');
  assert.equal(headers.cookie ?? headers.referer, undefined);
  const { model, temperature, messages, response_format: format, ...rest } = JSON.parse(body);
  assert.deepEqual([model, temperature, format.type, rest], ['small', 0, 'json_schema', {}]);
  assert.deepEqual(
    messages.map((/** @type {{role: string}} */ { role }) => role),
    ['system', 'user'],
  );
  assert.equal(messages[1].content, REPORT);
  assert.match(messages[0].content, /^You read chest radiograph reports\. [^]*Pleural Effusion/);
  assert.ok(body.length < 20_000, 'text only');

  assert.equal(await page.locator('iframe').count(), 0, 'its document is closed');
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
  assert.doesNotMatch(stored, /secret|small/);
  await page.getByTestId('rewrite-rules').click();
  assert.deepEqual(await rows(), RULES);
  await page.getByTestId('review-cancel').click();

  await page.getByTestId('finding-input').fill('ptx');
  await page.keyboard.press('Enter');
  await page.locator('[data-finding="Pneumothorax"][data-selected]').waitFor(); // a name needs no rewriting
  await review('water around the right lung'); // but a sentence may
  await page.getByTestId('review-cancel').click();
  assert.equal(requests.length, 1);
});

test('the page itself cannot reach the endpoint, and the document that can sees nothing of the page', async () => {
  await start();
  const url = `${base}/chat/completions`;
  assert.equal(
    await page.evaluate(
      (at) =>
        fetch(at, { method: 'POST', body: '{}' }).then(
          () => 'sent',
          () => 'refused',
        ),
      url,
    ),
    'refused',
  );
  reply = null; // so that the document stays
  await setUp();
  await page.getByTestId('rewrite-go').click();
  const frame = await page.waitForSelector('iframe', { state: 'attached' }).then((element) => element.contentFrame());
  await page.getByText('Rewriting').waitFor();
  const seen = await frame?.evaluate(() => {
    const attempt = (/** @type {() => unknown} */ look) => {
      try {
        return String(look());
      } catch (error) {
        return /** @type {Error} */ (error).name;
      }
    };
    return [
      self.origin,
      attempt(() => parent.document.title),
      attempt(() => localStorage.length),
      attempt(() => Reflect.get(parent, 'store')),
    ];
  });
  assert.deepEqual(seen, ['null', 'SecurityError', 'SecurityError', 'SecurityError']);
  await page.getByTestId('review-cancel').click();
  await page.waitForFunction(() => !document.querySelector('iframe'));
});

for (const by of ['the host’s headers', 'the service worker']) {
  test(`the endpoint is reached, too, where the page is isolated by ${by}`, async () => {
    Object.assign(site.headers, by === 'the service worker' ? {} : hostHeaders());
    try {
      await start();
      if (by === 'the service worker') {
        await page
          .getByTestId('offline')
          .getByText('works without a connection')
          .waitFor({ state: 'attached', timeout: 60_000 });
        await page.reload();
        await reached(page, 'ready');
        await review();
      }
      assert.equal(await page.evaluate(() => crossOriginIsolated), true);
      await setUp();
      await page.getByTestId('rewrite-go').click();
      await status('Left out, as the vocabulary does not have them: Good Mood');
      assert.equal(requests.length, 1);
    } finally {
      for (const name of Object.keys(site.headers)) delete site.headers[name];
    }
  });
}

test('a language model that names no finding is told so, and what the rules found is a click away', async () => {
  await start();
  reply = () => ({ status: 200, body: says('{"statements":[]}') });
  await setUp();
  await page.getByTestId('rewrite-go').click();
  await status('“Back to the rules” brings what the rules found.');
  assert.deepEqual(await rows(), []);
  const said = await page.getByTestId('review').innerText();
  assert.match(said, /The language model named no finding that is known/);
  assert.doesNotMatch(said, /No known finding|other words|may not know/);
  await page.getByTestId('rewrite-rules').click();
  assert.deepEqual(await rows(), RULES);
});

test('a server without schemas is asked for plain JSON', async () => {
  await start();
  reply = ({ response_format: { type } }) =>
    type === 'json_schema' ? { status: 400, body: 'no schemas' } : { status: 200, body: says(ANSWER) };
  await setUp();
  await page.getByTestId('rewrite-go').click();
  await status('Rewritten by the language model');
  assert.deepEqual(
    requests.map(({ body }) => JSON.parse(body).response_format.type),
    ['json_schema', 'json_object'],
  );
});

test('whatever fails leaves the findings by the rules, and says so', async () => {
  await start();
  await setUp();
  const go = page.getByTestId('rewrite-go');
  const failing = /** @type {const} */ ([
    [() => ({ status: 200, body: says('Here is your JSON: {}') }), /answer is not usable/],
    [() => ({ status: 200, body: says(ANSWER.replace('"negated":false', '"negated":"no"')) }), /answer is not usable/],
    [() => ({ status: 200, body: '<html>' }), /no chat completion/],
    [() => ({ status: 401, body: 'wrong key' }), /401 wrong key/],
  ]);
  for (const [answer, reason] of failing) {
    reply = answer;
    await go.click();
    await page.getByTestId('rewrite-status').getByText(reason).waitFor();
    await status('These are the findings by the rules');
    assert.deepEqual(await rows(), RULES);
  }
  reply = null;
  await go.click();
  await page.waitForSelector('iframe', { state: 'attached' });
  await page.clock.runFor(61_000);
  await status('no answer within 60 s');
  assert.equal(await page.locator('iframe').count(), 0);
  await page.getByTestId('rewrite').locator('summary').click();
  await page.getByTestId('rewrite-url').fill('http://127.0.0.1:9/v1'); // nobody listens
  foreign = [];
  await go.click();
  await status('the server cannot be reached');
  foreign = foreign.filter((url) => !url.startsWith('http://127.0.0.1:9/'));
  assert.deepEqual(await rows(), RULES);
});

test('the browser’s own model, where it has one: no request at all', async () => {
  await start({}, () => {
    globalThis.chats = [];
    Reflect.set(globalThis, 'LanguageModel', {
      availability: async () => 'available',
      create: async (/** @type {{initialPrompts: {content: string}[]}} */ options) => ({
        prompt: async (
          /** @type {string} */ text,
          /** @type {{responseConstraint: {required: string[]}}} */ { responseConstraint },
        ) => {
          globalThis.chats.push({
            text,
            instructions: options.initialPrompts[0].content,
            required: responseConstraint.required,
          });
          return globalThis.says;
        },
        destroy: () => globalThis.chats.push('destroyed'),
      }),
    });
  });
  await page.evaluate((answer) => {
    globalThis.says = answer;
  }, ANSWER);
  await page.getByTestId('rewrite').locator('summary').click();
  await page.getByRole('radio', { name: 'This browser’s own, on this device' }).check();
  await page.getByTestId('rewrite-go').click();
  await status('Rewritten by the language model');
  assert.deepEqual(await rows(), ['Pleural Effusion on the right side', 'Pneumothorax']);
  const [chat, end] = await page.evaluate(() => globalThis.chats);
  assert.ok(typeof chat === 'object');
  assert.deepEqual([chat.text, chat.required, end], [REPORT, ['statements'], 'destroyed']);
  assert.match(chat.instructions, /^You read chest radiograph reports\./);
  await page.evaluate(() => {
    globalThis.says = 'I cannot help with that.';
  });
  await page.getByTestId('rewrite-go').click();
  await status('did not help');
  assert.equal(requests.length, 0);
});

test('axe-core finds nothing, and nothing scrolls sideways, wide and narrow, in both languages', async () => {
  for (const [locale, width, height] of /** @type {const} */ ([
    ['en-GB', 1280, 800],
    ['ja-JP', 360, 740],
  ])) {
    await start({ viewport: { width, height }, locale, bypassCSP: true });
    await page.getByTestId('rewrite').locator('summary').click();
    await page.getByRole('radio').filter({ visible: true }).nth(2).check();
    await page.getByTestId('rewrite-url').fill('http://example.org');
    await page.screenshot({ path: join(OUTPUT, `rewrite-setup-${width}.png`), fullPage: width < 821 });
    assert.deepEqual(await violations(page), [], locale);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), locale);
    if (width === 1280) await context.close();
  }
});
