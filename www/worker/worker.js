/**
 * The module worker. It owns wasm, the weights and the decoded pictures.
 *
 * In: `{id, type, payload}`, where type names a job below. Out: `{id, type: 'progress' | 'result' | 'error', value}`,
 * or `{type: 'crash', value}` when wasm can no longer be trusted.
 * Jobs that use the model run one after another; the others are short, and run between them.
 */
import { chooseDevice } from './device.js';
import { digestOf } from './digest.js';
import { feedFromDisk, manifestFromDisk } from './disk.js';
import { startProgram } from './program.js';
import { Team } from './team.js';
import { feed, passOf, prepare } from './weights.js';

const MEMBERS = 3; // of a team at most: more gain little, and each keeps its share of the weights
const MAP_SIZE = 336;
const PHANTOM_SIZE = 768;
const DRAFT_SIZE = 384;
const PREVIEW_SIZE = 128;

/** @type {{kind: 'cpu' | 'webgpu', reason: import('../core/i18n.js').Message}} */ let device;
/** @type {Awaited<ReturnType<typeof startProgram>>} */ let program;
/** @type {any} Its exports */ let wasm;
/** @type {any} */ let model;
/** @type {ReturnType<typeof prepare>} Of a model beside the page */ let prepared;
/** @type {Map<number, {source: import('../core/state.js').Source, picture: any, encoded: any}>} */
const pictures = new Map();

/** @param {'cpu' | 'webgpu'} kind */
async function startWasm(kind) {
  program = await startProgram(kind);
  ({ wasm } = program);
}

/** @param {import('../core/i18n.js').Message} why */
async function fallBack(why) {
  device = { kind: 'cpu', reason: { key: 'device.because', values: { why } } };
  await startWasm('cpu');
  for (const entry of pictures.values()) entry.picture = await decodePicture(entry.source); // the old ones belong to the other module
}

/** @param {import('../core/state.js').Source} source */
async function decodePicture(source) {
  if ('phantom' in source) return wasm.Picture.phantom(source.phantom, source.moving ? DRAFT_SIZE : PHANTOM_SIZE);
  const picture = wasm.Picture.decode(new Uint8Array(await source.file.arrayBuffer()));
  if (!source.negative) return picture;
  const negative = picture.negative();
  picture.free();
  return negative;
}

/** @param {any} picture @returns {Promise<ImageBitmap>} */
function bitmapFromPicture(picture) {
  const grey = picture.grey();
  const rgba = new Uint32Array(grey.length);
  for (let i = 0; i < grey.length; i++) rgba[i] = 0xff000000 | (grey[i] * 0x010101); // little-endian ABGR
  return createImageBitmap(new ImageData(new Uint8ClampedArray(rgba.buffer), picture.width, picture.height));
}

/** Means of blocks, so that it is small and still shows what there is. @param {any} picture @param {number} side Pixels of the longer side */
function thumbnailOf(picture, side) {
  const { width: columns, height: rows } = picture;
  const grey = picture.grey();
  const step = Math.max(1, Math.max(columns, rows) / side);
  const [width, height] = [columns, rows].map((size) => Math.max(1, Math.round(size / step)));
  const means = new Uint8ClampedArray(width * height);
  for (let y = 0, i = 0; y < height; y++) {
    const [top, bottom] = [y, y + 1].map((at) => Math.floor((at * rows) / height));
    for (let x = 0; x < width; x++, i++) {
      const [left, right] = [x, x + 1].map((at) => Math.floor((at * columns) / width));
      let sum = 0;
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) sum += grey[row * columns + column];
      means[i] = sum / ((bottom - top) * (right - left));
    }
  }
  return { width, height, grey: means };
}

/** Each job returns `[value, transfer]`. */
const jobs = {
  async start({ preference, without, folder }) {
    if (folder.kind === 'site') prepared = prepare(folder.url);
    prepared?.catch(() => {}); // whoever loads it is told
    device = without
      ? { kind: 'cpu', reason: { key: 'device.because', values: { why: without } } }
      : await chooseDevice(preference);
    try {
      await startWasm(device.kind);
    } catch (error) {
      if (device.kind === 'cpu') throw error;
      await fallBack({ key: 'why.start', values: { message: error.message } });
    }
    return [{ device, phantoms: wasm.phantoms(), palettes: wasm.palettes() }];
  },

  async japanese() {
    return [wasm.japaneseNames()];
  },

  async load({ folder, build }, progress) {
    const onDisk = folder.kind === 'disk';
    const { manifest, ahead } = await (onDisk ? { manifest: await manifestFromDisk(folder.files) } : prepared);
    const assemble = async () => {
      const loader = await wasm.Loader.create(manifest);
      const passing =
        !onDisk && build && device.kind === 'cpu' ? passOf(folder.url, manifest, `${build} ${program.glue}`) : null;
      const weights = await (onDisk
        ? feedFromDisk(folder.files, loader, progress)
        : feed(folder.url, loader, progress, ahead));
      progress(null);
      const { written, ...bytes } = weights;
      try {
        const pass = await passing;
        model = await loader.finish(pass?.known ?? false);
        pass?.note();
      } finally {
        bytes.trouble = await written?.();
      }
      return bytes;
    };
    let weights;
    try {
      weights = await assemble();
    } catch (error) {
      if (device.kind !== 'webgpu' || !['device', 'self-test'].includes(error.code)) throw error;
      await fallBack({
        key: error.code === 'device' ? 'why.start' : 'why.selfTest',
        values: { message: error.message },
      });
      weights = await assemble();
    }
    // Not sooner: while all starts, its members would take the processor from what is waited for. An isolated page has shared memory, but in WebKit's GTK port.
    if (device.kind === 'cpu' && crossOriginIsolated && globalThis.SharedArrayBuffer)
      wasm.joinTeam(new Team(program, Math.min(MEMBERS, navigator.hardwareConcurrency - 1)));
    return [{ device, info: { ...model.info(), sha256: await digestOf(manifest) }, weights }];
  },

  async decode({ picture: id, source }) {
    const picture = await decodePicture(source);
    pictures.set(id, { source, picture, encoded: null });
    const { width, height, notes, facts, warnings } = picture;
    const { values, window, spacing } = picture.shown();
    const truth = 'phantom' in source ? wasm.phantomTruth(source.phantom) : [];
    return [{ width, height, notes, facts, warnings, truth, values, window, spacing }, [values.buffer]];
  },

  async preview({ phantom }) {
    const picture = wasm.Picture.phantom(phantom, PREVIEW_SIZE);
    const bitmap = await bitmapFromPicture(picture);
    picture.free();
    return [{ bitmap }, [bitmap]];
  },

  async drop({ picture: id }) {
    const entry = pictures.get(id);
    pictures.delete(id);
    entry?.picture.free();
    entry?.encoded?.free();
    return [null];
  },

  async encode({ picture: id }) {
    const entry = pictures.get(id);
    const start = performance.now();
    entry.encoded?.free();
    entry.encoded = await model.encodeImage(entry.picture);
    const { x, y, width, height } = entry.encoded.view;
    const verdict = await model.verdict(entry.picture, entry.encoded);
    return [{ view: { x, y, width, height }, verdict, ms: performance.now() - start }];
  },

  async score({ picture: id, findings }) {
    const start = performance.now();
    const scores = await model.score(pictures.get(id).encoded, findings);
    const buffers = scores.flatMap(({ attention, similarity, reference }) => [attention, similarity, reference]);
    const transfer = [...new Set(buffers.filter(Boolean).map(({ buffer }) => buffer))];
    return [{ scores, ms: performance.now() - start }, transfer];
  },

  async explain({ picture: id, finding }) {
    const explanation = await model.explain(pictures.get(id).encoded, finding);
    const { patches, attendedWords, wordPatches } = explanation;
    return [explanation, [patches, attendedWords, wordPatches].map(({ buffer }) => buffer)];
  },

  /** An image of a series, from its file to its scores; nothing of it stays. */
  async assess({ file, findings, side }) {
    const picture = await decodePicture({ file });
    let encoded;
    try {
      const { width, height, warnings } = picture;
      const thumbnail = thumbnailOf(picture, side);
      encoded = await model.encodeImage(picture);
      const all = findings.length ? await model.score(encoded, findings) : [];
      const scores = all.map(({ finding, sentence, logit, i2t, t2i, percentile, wording, measured }) => ({
        finding,
        sentence,
        logit,
        i2t,
        t2i,
        percentile,
        wording,
        measured,
      }));
      return [
        { width, height, warnings, verdict: await model.verdict(picture, encoded), thumbnail, scores },
        [thumbnail.grey.buffer],
      ];
    } finally {
      encoded?.free();
      picture.free();
    }
  },

  /** Checks a finding; throws 'bad-prompt'. */
  async sentence({ finding }) {
    return [wasm.sentence(finding)];
  },

  async typed({ text }) {
    return [wasm.typed(text)];
  },

  async rewriting() {
    return [wasm.rewriting()];
  },

  async readAnswer({ text, answer }) {
    return [wasm.readAnswer(text, answer)];
  },

  async complete({ prefix, limit }) {
    return [wasm.complete(prefix, limit)];
  },

  async map({ map, palette }) {
    const rgba = wasm.renderMap(map, MAP_SIZE, palette);
    return [{ rgba, size: MAP_SIZE }, [rgba.buffer]];
  },
};

const MODEL_JOBS = new Set(['start', 'load', 'drop', 'encode', 'score', 'explain', 'assess']);
/** @type {Promise<void>} */ let queue = Promise.resolve();

/** @param {any} reason */
const crash = (reason) =>
  postMessage({ type: 'crash', value: { message: String(reason?.message ?? reason), stack: reason?.stack } });

/** @param {any} error */
function report(id, error) {
  if (error instanceof WebAssembly.RuntimeError) crash(error);
  else
    postMessage({
      id,
      type: 'error',
      value: { code: error?.code ?? 'failed', message: error?.message ?? String(error), values: error?.values },
    });
}

/** @param {MessageEvent<{id: number, type: string, payload: any}>} event */
onmessage = ({ data: { id, type, payload } }) => {
  if (!Object.hasOwn(jobs, type)) throw new Error(`unknown message type: ${type}`);
  const run = async () => {
    try {
      const [value, transfer = []] = await jobs[type](payload, (/** @type {any} */ at) =>
        postMessage({ id, type: 'progress', value: at }),
      );
      postMessage({ id, type: 'result', value }, transfer);
    } catch (error) {
      report(id, error);
    }
  };
  if (MODEL_JOBS.has(type)) queue = queue.then(run);
  else run();
};

// A panic inside a future of wasm-bindgen rejects nothing: it surfaces here.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  crash(event.reason);
});
