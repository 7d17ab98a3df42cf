/**
 * The page's module and onnxruntime-web (ORT) on the same models, in turns, in one page: `make bench`.
 *
 *     node bench.mjs [--device cpu|webgpu] [--model default,carzero-vitb16] [--rounds 9]
 *
 * CARZERO_BENCH is the folder with what export.py made. Writes output/DEVICE.json and output/DEVICE.md, and prints the latter.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { serve } from '../browser/server.mjs';
import { DIST, WWW, hostHeaders, launch } from '../browser/setup.mjs';
import { visits } from './visits.mjs';
/** @import { Input, Jobs } from './worker.js' */

const { values: options } = parseArgs({
  options: {
    device: { type: 'string', default: 'cpu' },
    model: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const device = /** @type {'cpu' | 'webgpu'} */ (options.device);
const webgpu = device === 'webgpu'; // on a software adapter: two orders of magnitude slower
const models = (options.model ?? (webgpu ? 'default' : 'default,carzero-vitb16')).split(',');
/** The module that the page takes in this browser. */
const MODULE = webgpu ? 'webgpu' : 'cpu-relaxed';
const rounds = Number(options.rounds ?? (webgpu ? 2 : 9));

const HERE = fileURLToPath(new URL('.', import.meta.url));
const CACHE = process.env.CARZERO_BENCH ?? '';
assert.ok(CACHE, 'CARZERO_BENCH is not set');
const ORT = join(HERE, 'node_modules/onnxruntime-web');
/** @type {Record<string, string>} */
const FOLDERS = { default: join(DIST, 'models/default'), 'carzero-vitb16': join(CACHE, 'carzero-vitb16') };

/** Who runs, in this order. */
const THREADS = webgpu ? [1] : [1, 2];
const ENGINES = THREADS.flatMap((threads) => [
  { name: `here${threads}`, worker: `carzero.js?${threads}`, threads },
  { name: `ort${threads}`, worker: `ort.js?${threads}`, threads },
]);

/**
 * What is timed, and how often in a row; `ranking` is what only the page's module does.
 *
 * @type {Record<string, {title: string, repeats?: number, skip?: boolean, derived?: boolean, ranking?: boolean}>}
 */
const TASKS = {
  image: { title: 'Image encoding', repeats: 1, skip: webgpu }, // here it does not wait for the GPU
  text: { title: 'Text encoding, one sentence', derived: true },
  prompt: { title: 'One more prompt, its text cached', repeats: 20 },
  newPrompt: { title: 'One more prompt, its text not cached', repeats: 5 },
  prompts14: { title: '14 prompts, cached', repeats: 5 },
  prompts192: { title: '192 prompts, cached', repeats: 1 },
  full: { title: 'Full pass: image and one new prompt', repeats: 1 },
  ownWords: {
    title: "One more prompt in words of one's own, ranked by the reference images",
    repeats: 3,
    ranking: true,
  },
  wordings: { title: 'An experiment: a finding in some 40 wordings, none cached', ranking: true },
};

const median = (/** @type {number[]} */ values) => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const site = await serve({
  '/': DIST,
  '/worker/': join(WWW, 'worker'),
  '/core/': join(WWW, 'core'),
  '/bench/': HERE,
  '/ort/': join(ORT, 'dist'),
  '/graphs/': join(CACHE, 'graphs'),
  '/models/carzero-vitb16/': FOLDERS['carzero-vitb16'],
});
Object.assign(site.headers, hostHeaders());

/** Runs all tasks of one model. @param {string} model */
async function measure(model) {
  const browser = await launch({ webgpu });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && console.error(message.text()));
    await page.goto(`${site.origin}/bench/`);
    assert.ok(await page.evaluate('crossOriginIsolated'));
    /**
     * Asks a worker.
     *
     * @template {keyof Jobs} J
     * @param {string} name @param {J} type @param {Parameters<Jobs[J]>[0]} [payload]
     */
    const call = async (name, type, payload) => {
      const answer = await page.evaluate((asked) => globalThis.call(asked.name, asked.type, asked.payload), {
        name,
        type,
        payload,
      });
      return /** @type {Awaited<ReturnType<Jobs[J]>>} */ (answer);
    };
    /** @type {Record<string, number>} */ const load = {};
    /** @type {Input | undefined} */ let input;
    for (const { name, worker, threads } of ENGINES) {
      await page.evaluate((at) => globalThis.start(at.name, at.worker), { name, worker });
      const start = performance.now();
      const loaded = await call(name, 'load', {
        device,
        threads,
        model: `/models/${model}`,
        graphs: `/graphs/${model}`,
        input,
      });
      load[name] = performance.now() - start;
      input ??= loaded;
    }
    assert.ok(input);
    // The same graph and input: the logits say so.
    const expected = await call('here1', 'logits', input.preset14);
    for (const { name } of ENGINES) {
      for (const [index, logit] of (await call(name, 'logits', input.preset14)).entries()) {
        assert.ok(
          Math.abs(logit - expected[index]) < 1e-3 * Math.max(1, Math.abs(expected[index])),
          `${name}: ${logit}, not ${expected[index]}`,
        );
      }
    }
    const timed = Object.entries(TASKS).filter(
      ([, { skip, derived, ranking }]) => !skip && !derived && (!ranking || input?.ranks),
    );
    const runs = timed.flatMap(([task, { repeats = 1, ranking }]) =>
      ENGINES.filter(({ name }) => !ranking || name.startsWith('here')).map(({ name }) => ({
        task,
        repeats: webgpu ? 1 : repeats,
        name,
      })),
    );
    /** Milliseconds of each round, by task and engine. @type {Record<string, Record<string, number[]>>} */ const times =
      {};
    for (let round = 0; round <= rounds; round++) {
      for (const { task, repeats, name } of runs) {
        const ms = await call(name, 'time', { task, repeats });
        if (round > 0) ((times[task] ??= {})[name] ??= []).push(ms); // the first warms up
      }
      console.error(`${model}: round ${round} of ${rounds}`);
    }
    // The difference of two tasks of one round.
    times.text = Object.fromEntries(
      ENGINES.map(({ name }) => [name, times.newPrompt[name].map((ms, index) => ms - times.prompt[name][index])]),
    );
    /** @type {Record<string, number>} */ const memory = {};
    for (const { name } of ENGINES) memory[name] = await call(name, 'memory');
    const userAgentMemory = await page.evaluate(() => performance.measureUserAgentSpecificMemory()); // of WebAssembly's, Chromium counts only what threads share
    return { load, times, memory, userAgentMemory };
  } finally {
    await browser.close();
  }
}

/** Bytes of files, as they are and compressed. @param {string[]} paths @param {boolean} [compress] */
function sizes(paths, compress = true) {
  const sum = (/** @type {(path: string) => number} */ bytesOf) =>
    paths.reduce((total, path) => total + bytesOf(path), 0);
  return {
    raw: sum((path) => statSync(path).size),
    gzip: compress ? sum((path) => gzipSync(readFileSync(path)).length) : undefined,
  };
}

/** What a visitor downloads. @param {string} model */
function downloads(model) {
  /** @type {{files: import('carzero').FileEntry[]}} */ const manifest = JSON.parse(
    readFileSync(join(FOLDERS[model], 'manifest.json'), 'utf8'),
  );
  const graphs = join(CACHE, 'graphs', model);
  const real = model === 'default'; // random weights say nothing about compression
  const [glue, wasm] = webgpu
    ? ['ort.webgpu.min.mjs', 'ort-wasm-simd-threaded.asyncify']
    : ['ort.wasm.min.mjs', 'ort-wasm-simd-threaded'];
  return {
    program: {
      here: sizes([`carzero-${MODULE}.js`, `carzero-${MODULE}_bg.wasm`].map((file) => join(DIST, file))),
      ort: sizes([glue, `${wasm}.mjs`, `${wasm}.wasm`].map((file) => join(ORT, 'dist', file))),
    },
    model: {
      here: sizes(
        manifest.files.map(({ path }) => join(FOLDERS[model], path)),
        real,
      ),
      ort: sizes(
        readdirSync(graphs).map((file) => join(graphs, file)),
        real,
      ),
    },
  };
}

/** @param {string[][]} rows The first is the head. */
const table = ([head, ...rows]) =>
  [head, head.map((_, column) => (column ? '---:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const ms = (/** @type {number} */ value) => `${value < 1000 ? value.toPrecision(3) : value.toFixed(0)} ms`;
const megabytes = (/** @type {number | undefined} */ value) =>
  value === undefined ? '' : `${(value / 1e6).toFixed(1)} MB`;
const percent = (/** @type {number} */ value) => `${(100 * value).toFixed(1)} %`;

/** @typedef {Awaited<ReturnType<typeof measure>> & {bytes: ReturnType<typeof downloads>}} Results */

/** A model's results as Markdown. @param {string} model @param {Results} results */
function report(model, { load, times, memory, bytes }) {
  const medians = (/** @type {string} */ task) =>
    Object.fromEntries(Object.entries(times[task]).map(([name, all]) => [name, median(all)]));
  /** @param {string} title @param {Record<string, number>} values @param {(value: number) => string} show */
  const row = (title, values, show, compare = true) => [
    title,
    ...ENGINES.map(({ name }) => (name in values ? show(values[name]) : '')),
    ...THREADS.map((count) =>
      compare && `ort${count}` in values ? (values[`here${count}`] / values[`ort${count}`]).toFixed(2) : '',
    ),
  ];
  const share = (/** @type {string} */ task) =>
    Object.fromEntries(ENGINES.map(({ name }) => [name, medians(task)[name] / medians('full')[name]]));
  const threads = (/** @type {number} */ count) => `${count} thread${count > 1 ? 's' : ''}`;
  const parts = Object.entries(bytes).map(([part, { here, ort }]) => [
    part,
    ...[here.raw, here.gzip, ort.raw, ort.gzip].map(megabytes),
  ]);
  return [
    `## ${model}`,
    table([
      [
        '',
        ...THREADS.flatMap((count) => [`here, ${threads(count)}`, `ORT, ${threads(count)}`]),
        ...THREADS.map((count) => `here : ORT, ${threads(count)}`),
      ],
      ...Object.entries(TASKS)
        .filter(([task]) => task in times)
        .map(([task, { title }]) => row(title, medians(task), ms)),
      row('One more prompt, its text cached, of a full pass', share('prompt'), percent, false),
      row('One more prompt, its text not cached, of a full pass', share('newPrompt'), percent, false),
      row('Once: program, weights from this machine, first image', load, ms),
      row('WebAssembly memory', memory, megabytes),
    ]),
    table([['To download', 'here', 'gzip', 'ORT', 'gzip'], ...parts]),
  ].join('\n\n');
}

/** @param {Awaited<ReturnType<typeof visits>>} page */
const reportVisits = (page) =>
  [
    '## The page',
    table([
      ['default model, synthetic radiograph', 'first score after', 'sent'],
      ...[
        { title: 'First visit', all: page.cold },
        { title: 'Second visit, new process', all: page.warm },
      ].map(({ title, all }) => [
        title,
        ms(median(all.map((visit) => visit.ms))),
        megabytes(median(all.map((visit) => visit.bytes))),
      ]),
    ]),
  ].join('\n\n');

/** @type {Record<string, Results>} */ const results = {};
for (const model of models) results[model] = { ...(await measure(model)), bytes: downloads(model) };
await site.close();
const page = webgpu ? null : await visits(5);
const text = [...models.map((model) => report(model, results[model])), ...(page ? [reportVisits(page)] : [])].join(
  '\n\n',
);
mkdirSync(join(HERE, 'output'), { recursive: true });
const facts = { device, rounds, processor: cpus()[0].model, cores: cpus().length };
writeFileSync(join(HERE, 'output', `${device}.json`), `${JSON.stringify({ ...facts, results, page }, null, 1)}\n`);
writeFileSync(join(HERE, 'output', `${device}.md`), `${text}\n`);
console.log(text);
