/**
 * The page's module, onnxruntime-web (ORT) and LiteRT.js on the same models, in turns, in one page: `make bench`.
 *
 *     node bench.mjs [--device cpu|webgpu] [--model default,carzero-vitb16] [--rounds 9]
 *
 * CARZERO_BENCH is the folder with what export.py and litegraphs.py made. Writes output/DEVICE.json and output/DEVICE.md, and prints the latter.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { serve } from '../browser/server.mjs';
import { DIST, WWW, hostHeaders, launch } from '../browser/setup.mjs';
import { median, visits } from './visits.mjs';
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
const OUTPUT = join(HERE, 'output');
const CACHE = process.env.CARZERO_BENCH ?? '';
assert.ok(CACHE, 'CARZERO_BENCH is not set');
const ORT = join(HERE, 'node_modules/onnxruntime-web/dist');
const LITERT = join(HERE, 'node_modules/@litertjs');
/** @type {Record<string, string>} */
const FOLDERS = { default: join(DIST, 'models/default'), 'carzero-vitb16': join(CACHE, 'carzero-vitb16') };

const ortWasm = webgpu ? 'ort-wasm-simd-threaded.asyncify' : 'ort-wasm-simd-threaded';
const ortFiles = [webgpu ? 'ort.webgpu.min.mjs' : 'ort.wasm.min.mjs', `${ortWasm}.mjs`, `${ortWasm}.wasm`];
const litertWasm = `core/wasm/litert_wasm_${webgpu ? 'jspi' : 'threaded'}_internal`;
const litertFiles = ['core/dist/index.js', 'wasm-utils/dist/index.js', `${litertWasm}.js`, `${litertWasm}.wasm`];
const litert = {
  worker: 'output/litert.js',
  type: /** @type {WorkerType} */ ('classic'),
  program: litertFiles.map((file) => join(LITERT, file)),
};

/**
 * The engines that take turns: the page's module, and its peers. `graphs` are folders in CARZERO_BENCH. `within` is how
 * far a peer's logits may be off, relative to their size if that is more than one; with 8-bit activations it is a rough
 * check only.
 *
 * @type {Record<string, {title: string, worker: string, type?: WorkerType, program: string[], graphs?: string, within: number}>}
 */
const SIDES = {
  here: {
    title: 'here',
    worker: 'carzero.js',
    program: [`carzero-${MODULE}.js`, `carzero-${MODULE}_bg.wasm`].map((file) => join(DIST, file)),
    within: 1e-3, // between numbers of threads
  },
  ort: {
    title: 'ORT',
    worker: 'ort.js',
    program: ortFiles.map((file) => join(ORT, file)),
    graphs: 'graphs',
    within: 1e-3,
  },
  litert: { title: 'LiteRT', ...litert, graphs: 'litert/f32', within: 1e-3 },
  litert8: { title: 'LiteRT int8', ...litert, graphs: 'litert/int8', within: 0.5 },
};
const PEERS = Object.keys(SIDES).filter((side) => side !== 'here');

const THREADS = webgpu ? [1] : [1, 2];
const nameOf = (/** @type {string} */ side, /** @type {number} */ threads) => `${side}:${threads}`;
/** All engines, in the order in which they run. */
const ENGINES = THREADS.flatMap((threads) =>
  Object.entries(SIDES).map(([side, about]) => ({ ...about, side, threads, name: nameOf(side, threads) })),
);

/** How calls are timed: back to back, or single ones after a pause. */
const MODES = webgpu ? ['single'] : ['sustained', 'single'];

/**
 * What is timed; `ranking` is what only the page's module does.
 *
 * @type {Record<string, {title: string, skip?: boolean, derived?: boolean, ranking?: boolean}>}
 */
const TASKS = {
  image: { title: 'Image encoding', skip: webgpu }, // on WebGPU the call does not wait for the GPU
  text: { title: 'Text encoding, one sentence', derived: true },
  prompt: { title: 'One more prompt, its text cached' },
  newPrompt: { title: 'One more prompt, its text not cached' },
  prompts14: { title: '14 prompts, cached' },
  prompts192: { title: '192 prompts, cached' },
  full: { title: 'Full pass: image and one new prompt' },
  ownWords: { title: "One more prompt in words of one's own, ranked by the reference images", ranking: true },
  wordings: { title: 'An experiment: a finding in some 40 wordings, none cached', ranking: true },
};

execFileSync(
  join(WWW, 'node_modules/.bin/esbuild'),
  ['litert.js', '--bundle', `--outfile=${join(OUTPUT, 'litert.js')}`, '--log-level=warning'],
  { cwd: HERE, stdio: 'inherit' },
);
const site = await serve({
  '/': DIST,
  '/worker/': join(WWW, 'worker'),
  '/core/': join(WWW, 'core'),
  '/bench/': HERE,
  '/ort/': ORT,
  '/litert/': join(LITERT, 'core/wasm'),
  '/graphs/': CACHE,
  '/models/carzero-vitb16/': FOLDERS['carzero-vitb16'],
});
Object.assign(site.headers, hostHeaders());

/** Runs all tasks of one model. @param {string} model */
async function measure(model) {
  const browser = await launch({ webgpu });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && console.error(message.text()));
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
    for (const { name, worker, type = 'module', threads, graphs } of ENGINES) {
      await page.evaluate((at) => globalThis.start(at.name, at.url, at.type), {
        name,
        type,
        url: `${worker}?${threads}`,
      });
      const start = performance.now();
      const loaded = await call(name, 'load', {
        device,
        threads,
        model: `/models/${model}`,
        graphs: `/graphs/${graphs}/${model}`,
        input,
      });
      load[name] = performance.now() - start;
      input ??= loaded;
    }
    assert.ok(input);
    // The logits show that all compute the same graph on the same input.
    /** @type {Record<string, number>} */ const differences = {};
    const expected = await call(ENGINES[0].name, 'logits', input.preset14);
    for (const { name, within } of ENGINES) {
      const logits = await call(name, 'logits', input.preset14);
      differences[name] = Math.max(...logits.map((logit, index) => Math.abs(logit - expected[index])));
      for (const [index, logit] of logits.entries()) {
        assert.ok(
          Math.abs(logit - expected[index]) <= within * Math.max(1, Math.abs(expected[index])),
          `${name}: ${logit}, not ${expected[index]}`,
        );
      }
    }
    const timed = Object.entries(TASKS).filter(
      ([, { skip, derived, ranking }]) => !skip && !derived && (!ranking || input?.ranks),
    );
    const runs = MODES.flatMap((mode) =>
      timed.flatMap(([task, { ranking }]) =>
        ENGINES.filter(({ side }) => !ranking || side === 'here').map(({ name }) => ({ mode, task, name })),
      ),
    );
    /** Milliseconds of each round, by mode, task and engine. @type {Record<string, Record<string, Record<string, number[]>>>} */ const times =
      {};
    for (let round = 0; round <= rounds; round++) {
      for (const { mode, task, name } of runs) {
        const ms = await call(name, 'time', { task, single: mode === 'single' });
        if (round > 0) (((times[mode] ??= {})[task] ??= {})[name] ??= []).push(ms); // the first warms up
      }
      console.error(`${model}: round ${round} of ${rounds}`);
    }
    // Encoding a sentence is the difference of two tasks of one round.
    for (const tasks of Object.values(times))
      tasks.text = Object.fromEntries(
        ENGINES.map(({ name }) => [name, tasks.newPrompt[name].map((ms, index) => ms - tasks.prompt[name][index])]),
      );
    /** @type {Record<string, number>} */ const memory = {};
    for (const { name } of ENGINES) memory[name] = await call(name, 'memory');
    const userAgentMemory = await page.evaluate(() => performance.measureUserAgentSpecificMemory()); // of WebAssembly memory Chromium counts only what threads share
    return { load, differences, times, memory, userAgentMemory };
  } finally {
    await browser.close();
  }
}

/** The median of the ratios of all rounds: a machine that is slower for a while is so for both engines. @param {number[]} ours @param {number[]} theirs By round */
const ratio = (ours, theirs) => median(ours.map((value, round) => value / theirs[round]));

/** Bytes of files, as they are and compressed. @param {string[]} paths @param {boolean} [compress] */
function sizes(paths, compress = true) {
  const sum = (/** @type {(path: string) => number} */ bytesOf) =>
    paths.reduce((total, path) => total + bytesOf(path), 0);
  return {
    raw: sum((path) => statSync(path).size),
    gzip: compress ? sum((path) => gzipSync(readFileSync(path)).length) : undefined,
  };
}

/** What a visitor downloads, by side. @param {string} model */
function downloads(model) {
  const filesOf = (/** @type {string | undefined} */ graphs) => {
    if (graphs) return readdirSync(join(CACHE, graphs, model)).map((file) => join(CACHE, graphs, model, file));
    /** @type {{files: import('carzero').FileEntry[]}} */ const manifest = JSON.parse(
      readFileSync(join(FOLDERS[model], 'manifest.json'), 'utf8'),
    );
    return manifest.files.map(({ path }) => join(FOLDERS[model], path));
  };
  const real = model === 'default'; // random weights say nothing about compression
  return Object.fromEntries(
    Object.entries(SIDES).map(([side, { program, graphs }]) => [
      side,
      { program: sizes(program), model: sizes(filesOf(graphs), real) },
    ]),
  );
}

/** @param {string[][]} rows The first is the head. */
const table = ([head, ...rows]) =>
  [head, head.map((_, column) => (column ? '---:' : '---')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
const ms = (/** @type {number} */ value) => `${value < 1000 ? value.toPrecision(3) : value.toFixed(0)} ms`;
const megabytes = (/** @type {number | undefined} */ value) =>
  value === undefined ? '' : `${(value / 1e6).toFixed(1)} MB`;
const scientific = (/** @type {number} */ value) => value.toExponential(1);
const percent = (/** @type {number} */ value) => `${(100 * value).toFixed(1)} %`;

/** @typedef {Awaited<ReturnType<typeof measure>> & {bytes: ReturnType<typeof downloads>}} Results */

/** A model's results as Markdown. @param {string} model @param {Results} results */
function report(model, { load, differences, times, memory, bytes }) {
  const medians = (/** @type {string} */ mode, /** @type {string} */ task) =>
    Object.fromEntries(Object.entries(times[mode][task]).map(([name, all]) => [name, median(all)]));
  const share = (/** @type {string} */ task) => {
    const [part, whole] = [medians(MODES[0], task), medians(MODES[0], 'full')];
    return Object.fromEntries(ENGINES.map(({ name }) => [name, part[name] / whole[name]]));
  };
  const timed = Object.keys(TASKS).flatMap((task) =>
    MODES.filter((mode) => task in times[mode]).map((mode) => ({
      title: mode === 'single' ? `${TASKS[task].title} (a single click)` : TASKS[task].title,
      values: medians(mode, task),
      show: ms,
      rounds: times[mode][task],
    })),
  );
  /** @type {{title: string, values: Record<string, number>, show: (value: number) => string, rounds?: Record<string, number[]>, plain?: boolean}[]} Plain ones have no ratios */
  const rows = [
    ...timed,
    { title: 'One more prompt, its text cached, of a full pass', values: share('prompt'), show: percent, plain: true },
    {
      title: 'One more prompt, its text not cached, of a full pass',
      values: share('newPrompt'),
      show: percent,
      plain: true,
    },
    { title: 'Once: program, weights from this machine, first image', values: load, show: ms },
    { title: 'WebAssembly memory', values: memory, show: megabytes },
    { title: 'Logits, largest difference', values: differences, show: scientific, plain: true },
  ];
  const tables = THREADS.map((threads) => {
    const at = (/** @type {string} */ side) => nameOf(side, threads);
    return table([
      [
        `${threads} thread${threads > 1 ? 's' : ''}`,
        ...Object.values(SIDES).map(({ title }) => title),
        ...PEERS.map((side) => `here : ${SIDES[side].title}`),
      ],
      ...rows.map(({ title, values, show, rounds, plain }) => [
        title,
        ...Object.keys(SIDES).map((side) => (at(side) in values ? show(values[at(side)]) : '')),
        ...PEERS.map((side) => {
          if (plain || !(at(side) in values)) return '';
          const of = (/** @type {string} */ name) => rounds?.[name] ?? [values[name]];
          return ratio(of(at('here')), of(at(side))).toFixed(2);
        }),
      ]),
    ]);
  });
  const parts = Object.entries(bytes).map(([side, { program, model }]) => [
    SIDES[side].title,
    ...[program.raw, program.gzip, model.raw, model.gzip].map(megabytes),
  ]);
  return [`## ${model}`, ...tables, table([['To download', 'program', 'gzip', 'model', 'gzip'], ...parts])].join(
    '\n\n',
  );
}

/** @param {import('./visits.mjs').Visit[]} all */
const reportVisits = (all) =>
  [
    '## The page',
    table([
      ['default model', 'first score after'],
      ...[
        { title: 'First visit', what: /** @type {const} */ ('first') },
        { title: 'Reload', what: /** @type {const} */ ('reload') },
        { title: 'Second visit, new process', what: /** @type {const} */ ('again') },
        { title: 'All scores of 100 images of two megapixels', what: /** @type {const} */ ('series') },
      ].map(({ title, what }) => [title, ms(median(all.map((visit) => visit[what])))]),
    ]),
    `A first visit is sent ${megabytes(median(all.map(({ bytes }) => bytes)))}.`,
  ].join('\n\n');

/** @type {Record<string, Results>} */ const results = {};
for (const model of models) results[model] = { ...(await measure(model)), bytes: downloads(model) };
await site.close();
const page = webgpu ? null : (await visits(5)).now;
const text = [...models.map((model) => report(model, results[model])), ...(page ? [reportVisits(page)] : [])].join(
  '\n\n',
);
mkdirSync(OUTPUT, { recursive: true });
const facts = { device, rounds, processor: cpus()[0].model, cores: cpus().length };
writeFileSync(join(OUTPUT, `${device}.json`), `${JSON.stringify({ ...facts, results, page }, null, 1)}\n`);
writeFileSync(join(OUTPUT, `${device}.md`), `${text}\n`);
console.log(text);
