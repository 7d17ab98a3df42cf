/** The npm packages, from their tarballs in a bare project: in Node, in TypeScript, and in pages of every kind; and the element. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { dicom } from './dicom.mjs';
import { serve } from './server.mjs';
import { DIST, OUTPUT, carzero, launch, matchOf, scratch, violations } from './setup.mjs';
/** @import { Browser, Page } from 'playwright-core' */
/** @import { Site } from './server.mjs' */

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8');
const work = scratch();
const project = join(work.path, 'project');
const write = (/** @type {string} */ path, /** @type {string | Buffer} */ contents) =>
  writeFileSync(join(project, path), contents);
const run = (/** @type {string} */ command, /** @type {string[]} */ ...args) =>
  execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const LIBRARY = '/node_modules/carzero/library/index.js';
const LABELS = ['Pneumothorax', 'Pleural Effusion', 'zebra crossing'];
const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; connect-src 'self'; worker-src 'self'; frame-src 'self'; require-trusted-types-for 'script'; trusted-types carzero";
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** @type {Browser} */ let browser;
/** @type {Site} */ let site;

before(async () => {
  mkdirSync(project);
  write('package.json', '{"private": true, "type": "module"}');
  run('node', join(root, 'www/pack.js'), DIST, join(work.path, 'pkg'));
  const tarballs = ['carzero', 'carzero-model-default'].map((name) => {
    const [{ filename }] = JSON.parse(run('npm', 'pack', '--json', join(work.path, 'pkg', name)));
    return `./${filename}`;
  });
  run('npm', 'install', '--offline', '--no-audit', '--no-fund', ...tarballs);
  carzero('phantom', 'effusion', '--out', join(project, 'chest.png'));
  write('page.html', '<!doctype html><title>A page</title>');
  write('favicon.ico', ''); // browsers ask for one
  browser = await launch();
  site = await serve({ '/': project, '/built/': DIST });
});
after(async () => {
  await browser.close();
  await site.close();
  work.remove();
});

/** A page, and what it reported. @param {string} path @param {Record<string, string>} [headers] @param {import('playwright-core').BrowserContextOptions} [options] */
async function open(path, headers = {}, options = {}) {
  for (const name of Object.keys(site.headers)) delete site.headers[name];
  Object.assign(site.headers, headers);
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  /** @type {string[]} */ const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  site.requests.length = 0;
  await page.goto(`${site.origin}/${path}`);
  return { context, page, problems };
}

const asked = (/** @type {string} */ end) => site.requests.filter((path) => path.endsWith(end)).length;

test('the tarball has what the library needs, and nothing of the page', () => {
  const files = run('find', 'node_modules/carzero', '-type', 'f').trim().split('\n');
  for (const path of [
    'library/viewer.css',
    'library/types.d.ts',
    'worker/member.js',
    'carzero-webgpu_bg.wasm',
    'README.md',
  ])
    assert.ok(files.includes(`node_modules/carzero/${path}`), path);
  assert.deepEqual(
    files.filter((path) => /\/(features|boot|css)\/|app\.js|evaluat|embed|state\.d\.ts/.test(path)),
    [],
  );
});

test('Node imports it, and is told that it needs a browser', () => {
  write(
    'node.js',
    `import { pipeline, CarzeroError } from 'carzero';
    import 'carzero/viewer';
    const error = await pipeline('zero-shot-image-classification').catch((error) => error);
    console.log(error instanceof CarzeroError, error.code);`,
  );
  assert.equal(run('node', 'node.js').trim(), 'true unsupported');
});

test('the declarations hold in strict TypeScript', () => {
  write(
    'consumer.ts',
    `import { CarzeroModel, pipeline, type EncodedText, type Explanation, type Score } from 'carzero';
    import { CarzeroViewer } from 'carzero/viewer';
    const classify = await pipeline('zero-shot-image-classification', null, { device: 'cpu', progress_callback: ({ progress }) => progress.toFixed() });
    const [first] = await classify(new Blob(), ['Pneumothorax'], { hypothesis_template: 'There is {}' });
    const map: Float32Array = first.map.data;
    const several: string = (await classify(['a.png', { example: 'effusion' }], 'Pneumothorax'))[0][0].label;
    // @ts-expect-error A score may be absent
    const score: number = first.score;
    // @ts-expect-error No such task
    pipeline('text-generation');
    // @ts-expect-error No such device
    pipeline('zero-shot-image-classification', undefined, { device: 'tpu' });
    // @ts-expect-error Only load makes one
    new CarzeroModel();
    const model: CarzeroModel = classify.model;
    const image = await model.encodeImage(document.createElement('canvas'));
    const scores: Score[] = await model.score(image, ['Pneumothorax']);
    const explanation: Explanation = await model.explain(image, 'Pneumothorax');
    const text: EncodedText = await model.encodeText('Pneumothorax');
    const features: Float32Array[] = [image.embedding, text.global, text.tokens];
    const prompt: string = (await model.align('No effusion.')).statements[0].prompt;
    const element: HTMLElement = new CarzeroViewer();
    console.log(map, several, score, scores, explanation, features, prompt, element, model.info.title, image.verdict);`,
  );
  const tsc = join(root, 'tests/lint/node_modules/.bin/tsc');
  run(tsc, '--strict', '--noEmit', '--module', 'nodenext', '--target', 'esnext', '--types', '', 'consumer.ts');
});

test('the README’s example runs as it is, under a policy that forbids blobs; and docs/package.md’s with an import map', async () => {
  const [, example] = matchOf(read('README.md'), /```js\n([^]*?)```/);
  write('main.js', example);
  write('strict.html', '<!doctype html><body><script type="module" src="main.js"></script>');
  const strict = await open('strict.html', { 'content-security-policy': STRICT });
  await strict.page.getByText(/^Pleural Effusion is higher than on [\d.]+ % of reference images$/).waitFor();
  assert.deepEqual(strict.problems, []);
  assert.equal(asked('member.js'), 0, 'one thread, where the page is not isolated');
  await strict.context.close();

  const docs = read('docs/package.md');
  const [, map] = matchOf(docs, /(<script type="importmap">.*<\/script>)/);
  const blocks = [...docs.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code);
  assert.equal(blocks.length, 2);
  for (const [i, name] of ['results', 'score'].entries())
    write(`${name}.js`, `${blocks[i]}globalThis.${name} = ${name};`);
  const scripts = ['results', 'score'].map((name) => `<script type="module" src="${name}.js"></script>`);
  write('docs.html', ['<!doctype html>', map, ...scripts].join(''));
  const { context, page, problems } = await open('docs.html', ISOLATED);
  await page.waitForFunction(() => 'score' in globalThis && 'results' in globalThis);
  const { results, score } = await page.evaluate(() => ({
    results: Reflect.get(globalThis, 'results'),
    score: Reflect.get(globalThis, 'score'),
  }));
  assert.deepEqual(
    results.map((/** @type {any} */ { label }) => label),
    ['Pleural Effusion', 'Pneumothorax'],
  );
  assert.match(score.sentence, /^There is .*Pleural Effusion.*left/);
  assert.ok(asked('member.js') > 0, 'threads, where it is isolated');
  assert.deepEqual(problems, []);
  await context.close();
});

test('every kind of image gives the scores of the command line; labels are ranked, and unknown words have no score', async () => {
  const { context, page, problems } = await open('page.html');
  const given = { library: LIBRARY, labels: LABELS, file: dicom({ view: 'PA', secret: 'X' }).toString('base64') };
  const seen = await page.evaluate(async ({ library, labels, file }) => {
    const { pipeline } = await import(library);
    /** @type {number[]} */ const progress = [];
    const classify = await pipeline('zero-shot-image-classification', null, {
      device: 'cpu',
      progress_callback: (/** @type {any} */ told) => progress.push(told.progress),
    });
    const blob = await (await fetch('/chest.png')).blob();
    const img = Object.assign(new Image(), { src: '/chest.png' });
    await img.decode();
    const canvas = Object.assign(document.createElement('canvas'), { width: img.width, height: img.height });
    const context = canvas.getContext('2d');
    context?.drawImage(img, 0, 0);
    const pixels = context?.getImageData(0, 0, img.width, img.height);
    const all = await classify(['chest.png', new URL('/chest.png', location.href), blob, img, canvas, pixels], labels);
    const { model } = classify;
    const film = await model.encodeImage(await (await fetch(`data:application/dicom;base64,${file}`)).blob());
    const text = await model.encodeText('Pleural Effusion');
    const drawn = await classify({ example: 'effusion' }, 'Pleural Effusion');
    const codeOf = (/** @type {Promise<unknown>} */ promise) =>
      promise.then(
        () => '',
        ({ code }) => code,
      );
    const codes = [
      await codeOf(classify('missing.png', labels)),
      await codeOf(classify(new Blob(['no image']), labels)),
      await codeOf(classify(7, labels)),
      await codeOf(classify({ example: 'zebra' }, labels)),
      await codeOf(classify(blob, [])),
      await codeOf(classify(blob, labels, { hypothesis_template: 'a radiograph' })),
      await codeOf(classify(blob, '肺')),
      await codeOf(pipeline('text-generation')),
      await codeOf(pipeline('zero-shot-image-classification', null, { device: 'tpu' })),
      await codeOf(pipeline('zero-shot-image-classification', 'no/model')),
    ];
    await classify.dispose();
    codes.push(await codeOf(classify(blob, labels)));
    const map = all[0][0].map;
    return {
      all: all.map((/** @type {any[]} */ results) => results.map(({ map: _map, ...result }) => result)),
      facts: film.facts.length,
      drawn: drawn[0].label,
      vectors: { ...text, embedding: film.embedding },
      sum: map.data.reduce((/** @type {number} */ sum, /** @type {number} */ weight) => sum + weight, 0),
      size: [map.data.length, map.width * map.height],
      view: map.view,
      progress: [progress[0], progress.at(-1)],
      codes,
    };
  }, given);
  const [first, ...others] = seen.all;
  for (const other of others) assert.deepEqual(other, first);
  assert.deepEqual(
    first.map((/** @type {any} */ { label }) => label),
    ['Pleural Effusion', 'Pneumothorax', 'zebra crossing'],
  );
  for (const { score, percentile } of first.slice(0, 2)) assert.equal(score, percentile / 100);
  assert.ok(!('score' in first[2]) && !('percentile' in first[2]), 'never invented');
  assert.equal(first[2].wording.standing, 'unknown');
  assert.deepEqual(seen.size, [196, 196]);
  assert.ok(seen.sum > 0 && seen.sum <= 1 + 1e-5, 'weights');
  assert.ok(seen.view.width > 0 && seen.view.width <= 1024);
  assert.ok(seen.facts > 0);
  const { sentence, words, global, tokens, embedding } = seen.vectors;
  assert.equal(sentence, 'There is Pleural Effusion');
  assert.deepEqual(words, ['[CLS]', 'there', 'is', 'pleural', 'effusion', '[SEP]']);
  const size = (/** @type {object} */ vector) => Object.keys(vector).length; // typed arrays become objects
  assert.deepEqual([embedding, global, tokens].map(size), [256, 256, 6 * 256]);
  assert.deepEqual(seen.progress, [0, 100]);
  assert.deepEqual(seen.codes, [
    'not-found',
    'bad-image',
    'bad-image',
    'bad-image',
    'bad-prompt',
    'bad-prompt',
    'bad-prompt',
    'unsupported',
    'unsupported',
    'not-found',
    'stopped',
  ]);
  const prompts = LABELS.flatMap((label) => ['--prompt', `There is ${label}`]);
  const line = carzero('score', '--model', join(root, 'models/default'), ...prompts, join(project, 'chest.png'));
  const { findings } = JSON.parse(line);
  for (const { logit, sentence } of first) {
    const native = findings.find((/** @type {any} */ { prompt }) => prompt === sentence);
    assert.ok(
      Math.abs(native.logit - logit) < 2e-3 * Math.max(1, Math.abs(logit)),
      `${sentence}: ${logit}, natively ${native.logit}`,
    );
  }
  assert.deepEqual(
    problems.filter((text) => !/404/.test(text)),
    [],
  );
  await context.close();
});

test('where a policy forbids it, the error says so', async () => {
  write(
    'load.js',
    `import { CarzeroModel } from '${LIBRARY}';
    CarzeroModel.load().catch(({ code, message }) => document.body.append(code + ': ' + message));`,
  );
  write('load.html', '<!doctype html><body><script type="module" src="load.js"></script>');
  for (const [policy, code] of [
    ["require-trusted-types-for 'script'; trusted-types other", 'policy'],
    ["worker-src 'none'", 'crash'],
    ["script-src 'self'", 'failed'],
  ]) {
    const { context, page } = await open('load.html', { 'content-security-policy': policy });
    await page.getByText(new RegExp(`^${code}: .`)).waitFor();
    await context.close();
  }
});

test('it works from another origin that allows it, through a blob', async () => {
  const other = await serve({ '/': project });
  other.headers['access-control-allow-origin'] = '*';
  const { context, page, problems } = await open('page.html');
  const label = await page.evaluate(async (library) => {
    const { pipeline } = await import(library);
    const classify = await pipeline('zero-shot-image-classification', null, { device: 'cpu' });
    return (await classify('chest.png', ['Pneumothorax', 'Pleural Effusion']))[0].label;
  }, other.origin + LIBRARY);
  assert.equal(label, 'Pleural Effusion');
  assert.deepEqual(problems, []);
  await context.close();
  await other.close();
});

/** The element's part, through its shadow root. @param {Page} page @param {string} [within] */
const viewerIn = (page, within = '') => page.locator(`${within} carzero-viewer`).first();
/** @param {import('playwright-core').Locator} viewer @param {string} state */
const stageOf = (viewer, state) => viewer.locator(`.stage[data-state="${state}"]`);

test('the element of the README: fetched once in view, then image, standings and map, under a policy that forbids blobs', async () => {
  const [, example] = matchOf(read('README.md'), /```html\n([^]*?)```/);
  write('high.css', 'p { height: 3000px } label, fieldset, button { display: none !important }');
  write('element.html', `<!doctype html><link rel="stylesheet" href="high.css"><p></p>${example}`);
  const { context, page, problems } = await open('element.html', { 'content-security-policy': STRICT });
  const viewer = viewerIn(page);
  await stageOf(viewer, 'waiting').waitFor({ state: 'attached' });
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        requestIdleCallback(resolve);
      }),
  );
  assert.equal(asked('.wasm') + asked('manifest.json') + asked('chest.png'), 0, 'nothing before it is in view');
  await viewer.scrollIntoViewIfNeeded();
  await stageOf(viewer, 'done').waitFor();
  const rows = viewer.locator('.rows label');
  assert.deepEqual(await rows.locator('.name').allTextContents(), ['Pleural Effusion', 'Pneumothorax']);
  assert.ok(await rows.first().isVisible(), 'the page’s style stays out');
  assert.match(
    (await viewer.locator('.reading').textContent()) ?? '',
    /for “There is Pleural Effusion”.*not a probability/,
  );
  assert.match((await viewer.locator('.about').textContent()) ?? '', /For teaching and research, not for diagnosis/);
  const map = viewer.locator('canvas.map');
  assert.match((await map.getAttribute('aria-label')) ?? '', /Map for Pleural Effusion/);

  // By keys: the map of the next finding, and none.
  await rows.first().locator('input').focus();
  await page.keyboard.press('ArrowDown');
  await viewer.locator('canvas.map[aria-label*="Pneumothorax"]').waitFor();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Space');
  await map.waitFor({ state: 'hidden' });

  // Another image, and one that is not there: the model stays, and the reason is said.
  const fetched = asked('.wasm');
  await viewer.evaluate((element) => element.setAttribute('src', 'missing.png'));
  await viewer.getByText('missing.png is not there').waitFor();
  await viewer.evaluate((element) => element.setAttribute('src', 'chest.png'));
  await stageOf(viewer, 'done').waitFor();
  assert.equal(asked('.wasm'), fetched);

  // No image at all, and a model that is not there: what is wanted is said.
  await viewer.evaluate((element) => element.removeAttribute('src'));
  await viewer.getByText('No image is named: it wants src').waitFor();
  await viewer.evaluate((element) => {
    element.setAttribute('model', 'models/nope');
    element.setAttribute('src', 'chest.png');
  });
  await viewer.getByText('The model cannot be loaded: models/nope/manifest.json is not there').waitFor();
  assert.deepEqual(
    problems.filter((text) => !/404/.test(text)),
    [],
  );
  await context.close();
});

test('the example page: axe-core finds nothing, in both languages, wide and narrow; a button fetches the second', async () => {
  const { context, page, problems } = await open('built/embed.html', {}, { bypassCSP: true });
  const second = viewerIn(page, 'section');
  await stageOf(viewerIn(page), 'done').waitFor();
  assert.deepEqual(await violations(page), []);
  await second.getByRole('button', { name: 'この画像を採点' }).click();
  await stageOf(second, 'done').waitFor();
  assert.match((await second.locator('.rows').textContent()) ?? '', /気胸/);
  assert.match((await second.locator('.about').textContent()) ?? '', /研究・教育用/);
  assert.equal(asked('.wasm'), 1, 'one model for both');
  for (const viewport of [
    { width: 1440, height: 900 },
    { width: 390, height: 844 },
  ]) {
    await page.setViewportSize(viewport);
    assert.deepEqual(await violations(page), []);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
    await page.screenshot({ path: join(OUTPUT, `embed-${viewport.width}.png`), fullPage: true });
  }
  assert.deepEqual(problems, []);
  await context.close();
});

test('it works in a sandboxed frame whose policy is strict, and leaves with it', async () => {
  write(
    'course.html',
    '<!doctype html><title>A course</title><iframe src="built/embed.html" sandbox="allow-scripts allow-same-origin" width="900" height="700"></iframe>',
  );
  const { context, page, problems } = await open('course.html', { 'content-security-policy': STRICT });
  const viewer = page.frameLocator('iframe').locator('carzero-viewer').first();
  await viewer.locator('.stage[data-state="done"]').waitFor();
  assert.ok(page.workers().length > 0);
  const ended = page.workers()[0].waitForEvent('close');
  await viewer.evaluate((element) =>
    element.ownerDocument.querySelectorAll('carzero-viewer').forEach((each) => each.remove()),
  );
  await ended;
  assert.deepEqual(problems, []);
  await context.close();
});
