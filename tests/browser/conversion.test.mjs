/** A published checkpoint that becomes a model in the page: the same files, to the byte, as `carzero convert` writes. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, test } from 'node:test';
import { MICRO, OUTPUT, carzero, violations } from './setup.mjs';
import { builtPage, reached, textOf, visit } from './visit.mjs';
/** @import { BrowserContext, Page } from 'playwright-core' */
/** @import { Files } from './visit.mjs' */

const CHECKPOINT = join(MICRO, 'carzero.ckpt');
const IMAGE = join(MICRO, 'img0.png');
const built = builtPage({ micro: true });
/** The converted model's files by name. @type {Record<string, Buffer>} */ const converted = {};
/** @type {BrowserContext} */ let context;
/** @type {Page} */ let page;
/** @type {string[]} */ let problems;

before(() => {
  const folder = join(built.work, 'micro');
  for (const name of readdirSync(folder)) converted[name] = readFileSync(join(folder, name));
});
afterEach(async () => {
  assert.deepEqual(problems, []);
  await context.close();
});

/** @param {import('playwright-core').BrowserContextOptions} [options] */
async function open(options = {}) {
  ({ context, page, problems } = await visit(built.browser, { serviceWorkers: 'block', ...options }));
  await page.goto(built.site.origin);
  await reached(page, 'ready');
}

const by = (/** @type {string} */ id) => page.getByTestId(id);
const choose = (/** @type {string} */ id, /** @type {Files} */ files) =>
  page.setInputFiles(`[data-testid="${id}"]`, files);
const screenshot = (/** @type {string} */ name) => page.screenshot({ path: join(OUTPUT, `${name}.png`) });

/** Says how many heads of attention the micro model's encoders have. */
async function giveHeads() {
  await page.getByLabel('Image encoder').fill('4');
  await page.getByLabel('Text encoder').fill('4');
}

/** The files of a zip archive without compression, by its directory. @param {Buffer} zip @returns {Record<string, Buffer>} */
function unzipped(zip) {
  /** @type {Record<string, Buffer>} */ const files = {};
  let at = zip.readUInt32LE(zip.length - 6);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    assert.equal(zip.readUInt16LE(at + 10), 0, 'stored as it is');
    const [size, name] = [zip.readUInt32LE(at + 24), zip.readUInt16LE(at + 28)];
    const local = zip.readUInt32LE(at + 42);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    files[zip.toString('utf8', at + 46, at + 46 + name)] = zip.subarray(start, start + size);
    at += 46 + name + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return files;
}

test('a checkpoint and its tokenizer become a model, and the files that carzero convert writes', async () => {
  await open();
  await by('device-label').click();
  await choose('model-checkpoint', [CHECKPOINT, join(MICRO, 'tokenizer.json')]);
  await by('conversion').getByText('Convert carzero.ckpt, 7.1 MB').waitFor();
  await by('conversion').getByText('Tokenizer: tokenizer.json').waitFor();
  // The official heads are offered, and these do not divide the micro model's width.
  await by('conversion-start').click();
  await by('conversion-error')
    .getByText('the image encoder is 64 wide, which 12 heads of attention do not divide')
    .waitFor();
  await giveHeads();
  await by('conversion-start').click();
  await by('model-from').getByText('carzero, on this device').waitFor({ state: 'attached' });
  await by('conversion').waitFor({ state: 'hidden' });
  await reached(page, 'ready');

  await by('device-label').click();
  const [download] = await Promise.all([page.waitForEvent('download'), by('model-save').click()]);
  assert.equal(download.suggestedFilename(), 'carzero.zip');
  const saved = unzipped(readFileSync(await download.path()));
  const names = Object.keys(converted).sort();
  assert.deepEqual(
    Object.keys(saved).sort(),
    names.map((name) => `carzero/${name}`),
  );
  for (const name of names) assert.ok(saved[`carzero/${name}`].equals(converted[name]), name);
  await page.keyboard.press('Escape');

  await page.getByTestId('preset-select').selectOption('chexpert5');
  await choose('file-input', IMAGE);
  await reached(page, 'done');
  await by('export-open').click();
  const [json] = await Promise.all([page.waitForEvent('download'), by('export-json').click()]);
  /** @type {{images: {scores: {prompt: string, logit: number}[]}[]}} */
  const { images } = JSON.parse(readFileSync(await json.path(), 'utf8'));
  const [{ scores }] = images;
  assert.equal(scores.length, 5);
  const prompts = scores.flatMap(({ prompt }) => ['--prompt', prompt]);
  /** @type {{findings: {logit: number}[]}} */
  const { findings } = JSON.parse(carzero('score', '--model', join(built.work, 'micro'), ...prompts, IMAGE));
  for (const [i, { prompt, logit }] of scores.entries())
    assert.ok(Math.abs(logit - findings[i].logit) < 1e-3, `${prompt}: ${logit}, ${findings[i].logit}`);
});

test('what is missing is asked for, what is wrong is said, and nothing else changes', async () => {
  await open({ viewport: { width: 390, height: 800 }, bypassCSP: true });
  const dropped = await page.evaluateHandle((data) => {
    const files = new DataTransfer();
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    files.items.add(new File([bytes], 'weights.ckpt'));
    return files;
  }, readFileSync(CHECKPOINT).subarray(0, 1_000_000).toString('base64'));
  await page.dispatchEvent('body', 'drop', { dataTransfer: dropped });
  await by('conversion').getByText('Choose its tokenizer.json or vocab.txt').waitFor();
  assert.ok(await by('conversion-start').isDisabled());
  await choose('conversion-tokenizer', join(MICRO, 'vocab.txt'));
  await by('conversion').getByText('Tokenizer: vocab.txt').waitFor();
  assert.deepEqual(await violations(page), []);
  await screenshot('conversion-390');
  await by('conversion-start').click();
  await by('conversion-error').getByText('weights.ckpt cannot be read: the end of the archive is missing').waitFor();
  await screenshot('conversion-error-390');
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  assert.ok(scroll <= client, 'no scrolling sideways');

  // Another model's word pieces.
  const lines = readFileSync(join(MICRO, 'vocab.txt'), 'utf8').split('\n').slice(0, 60).join('\n');
  await choose('model-checkpoint', [
    { name: 'carzero.ckpt', mimeType: '', buffer: readFileSync(CHECKPOINT) },
    { name: 'vocab.txt', mimeType: 'text/plain', buffer: Buffer.from(lines) },
  ]);
  await giveHeads();
  await by('conversion-start').click();
  await by('conversion-error').getByText('it has 60 word pieces, and the checkpoint embeddings for 133').waitFor();
  await by('conversion-cancel').click();
  await by('conversion').waitFor({ state: 'hidden' });
  assert.match(await textOf(by('model-from')), /models\/default, beside this page/);
  assert.ok(await by('model-save').isHidden(), 'only what was converted here is saved');
  await choose('model-checkpoint', join(MICRO, 'case.json'));
  await by('error-message').getByText('There is no checkpoint among these files').waitFor();
});

test('a conversion tells how far it is, and ends when it is cancelled', async () => {
  await open();
  await by('device-label').click();
  await choose('model-checkpoint', [CHECKPOINT, join(MICRO, 'vocab.txt')]);
  await giveHeads();
  // The module that converts and tests is held back.
  /** @type {() => void} */ let release = () => {};
  const held = new Promise((resolve) => {
    release = () => resolve(null);
  });
  await page.evaluate(() => {
    globalThis.told = [];
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function post(message, ...rest) {
      if (message.type === 'convert')
        this.addEventListener('message', ({ data }) => {
          if (data.type === 'progress') globalThis.told.push(data.value);
        });
      return Reflect.apply(postMessage, this, [message, ...rest]);
    };
  });
  await context.route('**/carzero-cpu*_bg.wasm', async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  await by('conversion-start').click();
  await by('conversion-start').waitFor({ state: 'hidden' });
  await by('conversion-cancel').click();
  await by('conversion').waitFor({ state: 'hidden' });
  release();
  await context.unroute('**/carzero-cpu*_bg.wasm');
  assert.match(await textOf(by('model-from')), /models\/default, beside this page/);

  await choose('model-checkpoint', [CHECKPOINT, join(MICRO, 'vocab.txt')]);
  await giveHeads();
  await by('conversion-start').click();
  await by('model-from').getByText('carzero, on this device').waitFor({ state: 'attached' });
  /** @type {({name: string, done: number, of: number} | null)[]} */
  const told = await page.evaluate(() => globalThis.told);
  const tensors = told.flatMap((progress) => progress ?? []);
  assert.deepEqual(
    tensors.map(({ done }) => done),
    Array.from({ length: tensors[0].of }, (_, i) => i + 1),
  );
  assert.equal(tensors[0].name, 'text_encoder.model.embeddings.word_embeddings.weight');
  assert.equal(told.at(-1), null, 'and at last it is tested');
});
