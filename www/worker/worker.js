/**
 * The module worker. It owns wasm, the weights and the decoded pictures.
 *
 * In: `{id, type, payload}`, where type names a job below. Out: `{id, type: 'progress' | 'result' | 'error', value}`,
 * or `{type: 'crash', value}` when wasm can no longer be trusted.
 * Jobs that use the model run one after another; the others are short, and run between them.
 */
import { codedFrom } from '../core/errors.js';
import { chooseDevice } from './device.js';
import { feedFromDisk, manifestFromDisk } from './disk.js';
import { MODEL_JOBS } from './jobs.js';
import { bitmapFromPicture, bitmapOfView, decodePicture, thumbnailOf } from './pictures.js';
import { startProgram } from './program.js';
import { Pool } from './pool.js';
import { feed, passOf, prepare } from './weights.js';

const MEMBERS = 3; // of a pool at most: more gain little, and each keeps its share of the weights
const PHANTOM_SIZE = 768;
const DRAFT_SIZE = 384;
const PREVIEW_SIZE = 128;

/** @typedef {import('../core/folders.js').Folder} Folder */

/** @type {import('./jobs.js').Device} */ let device;
/** @type {import('./program.js').Program} */ let program;
/** @type {import('./program.js').Exports} */ let wasm;
/** @type {import('./program.js').Model} */ let model;
/** @type {import('./program.js').Audit | undefined} The one in hand */ let audit;
/** @type {import('./program.js').Curves | undefined} Those in hand */ let curves;
/** @type {ReturnType<typeof prepare> | undefined} Of a model beside the page */ let prepared;
/** @type {Map<number, {source: import('../core/state.js').Source, picture: import('./program.js').Picture, encoded: import('./program.js').EncodedImage | null}>} */
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
  for (const entry of pictures.values()) entry.picture = await decode(entry.source); // the old ones belong to the other module
}

/** @param {import('../core/state.js').Source} source */
const decode = (source) => decodePicture(wasm, source, 'moving' in source && source.moving ? DRAFT_SIZE : PHANTOM_SIZE);

/** A picture that was encoded; throws where it was not. @param {number} id */
function encodedOf(id) {
  const { encoded } = entryOf(id);
  if (!encoded) throw new Error(`picture ${id} is not encoded`);
  return encoded;
}

/** A picture that was decoded; throws where none was. @param {number} id */
function entryOf(id) {
  const entry = pictures.get(id);
  if (!entry) throw new Error(`no picture ${id}`);
  return entry;
}

/** @param {Folder} folder */
const manifestOf = async (folder) =>
  folder.kind === 'disk'
    ? { manifest: await manifestFromDisk(folder.files), ahead: undefined }
    : (prepared ?? prepare(folder.url));

/**
 * Puts the model together: from the manifest, the files of its folder, and the self-test unless it is known to pass.
 *
 * @param {Folder} folder @param {string} build @param {(told: import('./jobs.js').Told) => void} tell
 * @param {Awaited<ReturnType<typeof manifestOf>>} beginning
 * @returns {Promise<import('./jobs.js').Weights>}
 */
async function assemble(folder, build, tell, { manifest, ahead }) {
  const loader = await wasm.Loader.create(manifest);
  if (folder.kind === 'disk') {
    const weights = await feedFromDisk(folder.files, loader, tell);
    tell(null);
    model = await loader.finish(false);
    return weights;
  }
  const passing = build && device.kind === 'cpu' ? passOf(folder.url, manifest, `${build} ${program.glue}`) : null;
  const { written, ...bytes } = await feed(folder.url, loader, tell, ahead);
  tell(null);
  try {
    const pass = await passing;
    model = await loader.finish(pass?.known ?? false);
    pass?.note();
  } finally {
    await written(); // whatever comes of the model
  }
  return { ...bytes, trouble: await written() };
}

/** @type {{[J in keyof import('./jobs.js').Jobs]: import('./jobs.js').Job<J>}} */
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
      await fallBack({ key: 'why.start', values: { message: codedFrom(error).message } });
    }
    return [{ device, phantoms: wasm.phantoms(), palettes: wasm.palettes() }];
  },

  async japanese() {
    return [wasm.japaneseNames()];
  },

  async load({ folder, build }, tell) {
    const beginning = await manifestOf(folder);
    let weights;
    try {
      weights = await assemble(folder, build, tell, beginning);
    } catch (error) {
      const { code, message } = codedFrom(error);
      if (device.kind !== 'webgpu' || !['device', 'self-test'].includes(code)) throw error;
      await fallBack({ key: code === 'device' ? 'why.start' : 'why.selfTest', values: { message } });
      weights = await assemble(folder, build, tell, beginning);
    }
    // Not sooner: while all starts, its members would take the processor from what is waited for. An isolated page has shared memory, but in WebKit's GTK port.
    if (device.kind === 'cpu' && crossOriginIsolated && globalThis.SharedArrayBuffer)
      wasm.joinPool(new Pool(program, Math.min(MEMBERS, navigator.hardwareConcurrency - 1)));
    return [{ device, info: model.info(), weights }];
  },

  async decode({ picture: id, source }) {
    const picture = await decode(source);
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
    const entry = entryOf(id);
    const start = performance.now();
    entry.encoded?.free();
    entry.encoded = await model.encodeImage(entry.picture);
    const { x, y, width, height } = entry.encoded.view;
    const verdict = await model.verdict(entry.picture, entry.encoded);
    return [{ view: { x, y, width, height }, verdict, ms: performance.now() - start }];
  },

  async score({ picture: id, findings }) {
    const start = performance.now();
    /** @type {import('./jobs.js').Scored[]} */ const scores = await model.score(encodedOf(id), findings);
    const buffers = scores.flatMap(({ attention, similarity, reference }) => [attention, similarity, reference]);
    const transfer = [...new Set(buffers.flatMap((values) => (values ? [values.buffer] : [])))];
    return [{ scores, ms: performance.now() - start }, transfer];
  },

  async explain({ picture: id, finding }) {
    const explanation = await model.explain(encodedOf(id), finding);
    const { patches, attendedWords, wordPatches } = explanation;
    return [explanation, [patches, attendedWords, wordPatches].map(({ buffer }) => buffer)];
  },

  async bothHeads({ picture: id, findings, finding }) {
    /** @type {import('carzero').BothHeads[]} */
    const both = await model.bothHeads(encodedOf(id), findings);
    const map = await model.cosineMap(encodedOf(id), finding);
    const all = both.map((each, i) => ({ finding: findings[i], ...each }));
    return [{ all, map }, map ? [map.buffer] : []];
  },

  async ablate({ picture: id, finding }) {
    return [await model.ablate(encodedOf(id), finding)];
  },

  async sensitivity({ picture: id, finding, own }) {
    return [await model.sensitivity(encodedOf(id), finding, [...own])];
  },

  async audit({ picture: id, finding, map, cover }) {
    audit?.free();
    audit = undefined;
    audit = await model.audit(entryOf(id).picture, encodedOf(id), finding, map, cover);
    return [{ passes: audit.passes }];
  },

  async auditStep() {
    if (!audit) throw new Error('no audit is in hand');
    await model.auditStep(audit);
    return [{ done: audit.done, passes: audit.passes, report: audit.report() }];
  },

  async observe({ picture: id, finding }) {
    /** @type {import('carzero').Observed} */ const observed = await model.observe(encodedOf(id), finding);
    const buffers = observed.observations.flatMap(({ attention, similarity }) => [attention.buffer, similarity.buffer]);
    return [observed, buffers];
  },

  async sides({ picture: id, finding }) {
    return [await model.sides(entryOf(id).picture, encodedOf(id), finding)];
  },

  /** A drawing, or the same without something that it shows; nothing of it stays. */
  async elsewhere({ phantom, without, finding }) {
    const params = without ? wasm.phantomWithout(phantom, without) : phantom;
    if (!params) throw new Error(`no ${without} is drawn`);
    const picture = wasm.Picture.phantom(params, PHANTOM_SIZE);
    let encoded;
    try {
      encoded = await model.encodeImage(picture);
      const [score] = await model.score(encoded, [finding]);
      const { logit, percentile, attention, similarity } = score;
      const seen = await bitmapOfView(picture, encoded.view);
      return [{ logit, percentile, attention, similarity, seen }, [attention.buffer, similarity.buffer, seen]];
    } finally {
      encoded?.free();
      picture.free();
    }
  },

  async curves({ picture: id, finding, map }) {
    curves?.free();
    curves = undefined;
    curves = await model.curves(entryOf(id).picture, encodedOf(id), finding, map);
    return [{ passes: curves.passes }];
  },

  async curvesStep() {
    if (!curves) throw new Error('no curves are in hand');
    await model.curvesStep(curves);
    return [{ done: curves.done, passes: curves.passes, report: curves.report() }];
  },

  /** An image of a series, from its file to its scores; nothing of it stays. */
  async assess({ file, findings, measure, side }) {
    const picture = await decode({ file });
    let encoded;
    try {
      const { width, height, warnings, groups } = picture;
      const thumbnail = thumbnailOf(picture, side);
      encoded = await model.encodeImage(picture);
      /** @type {import('./jobs.js').Scored[]} */ const all = findings.length
        ? await model.score(encoded, findings)
        : [];
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
      const measured = measure.length ? await model.measure(encoded, [...measure]) : new Float32Array();
      const verdict = await model.verdict(picture, encoded);
      return [
        { width, height, warnings, groups, verdict, thumbnail, scores, measured },
        [thumbnail.grey.buffer, measured.buffer],
      ];
    } finally {
      encoded?.free();
      picture.free();
    }
  },

  async measurable({ more }) {
    return [await model.measurable(more)];
  },

  async populationOf({ name, findings, scores, images, labelled }) {
    return [model.populationOf(name, findings, scores, images, labelled)];
  },

  async rankAmong({ file }) {
    return [model.rankAmong(file ? new TextEncoder().encode(file) : undefined)];
  },

  async rank({ all }) {
    const ranked = [];
    for (const { finding, logits } of all) ranked.push(await model.rank(finding, logits));
    return [ranked];
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
};

/** @type {Promise<void>} */ let queue = Promise.resolve();

/** @param {unknown} reason */
function crash(reason) {
  const { message, stack } = codedFrom(reason);
  postMessage({ type: 'crash', value: { message, stack } });
}

/** @param {number} id Of the call @param {unknown} error */
function report(id, error) {
  const { code, message, values } = codedFrom(error);
  if (error instanceof WebAssembly.RuntimeError) crash(error);
  else postMessage({ id, type: 'error', value: { code, message, values } });
}

/** @template {keyof import('./jobs.js').Jobs} J @param {number} id @param {J} type @param {import('./jobs.js').Payload<J>} payload */
async function run(id, type, payload) {
  try {
    const [value, transfer = []] = await jobs[type](payload, (told) =>
      postMessage({ id, type: 'progress', value: told }),
    );
    postMessage({ id, type: 'result', value }, { transfer });
  } catch (error) {
    report(id, error);
  }
}

/** @param {MessageEvent<{id: number, type: keyof import('./jobs.js').Jobs, payload: any}>} event */
onmessage = ({ data: { id, type, payload } }) => {
  if (!Object.hasOwn(jobs, type)) throw new Error(`unknown message type: ${type}`);
  if (MODEL_JOBS.has(type)) queue = queue.then(() => run(id, type, payload));
  else run(id, type, payload);
};

// A panic inside a future of wasm-bindgen rejects nothing: it surfaces here.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  crash(event.reason);
});
