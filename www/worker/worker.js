/**
 * The module worker. It owns wasm, the weights and the decoded pictures.
 *
 * In: `{id, type, payload}`, where type names a job below. Out: `{id, type: 'progress' | 'result' | 'error', value}`,
 * or `{type: 'crash', value}` when wasm can no longer be trusted.
 * Jobs that use the model run one after another; the others are short, and run between them.
 */
import './alive.js';
import { codedFrom } from '../core/errors.js';
import { experimentJobs } from './experiments.js';
import { decode, encodedOf, entryOf, held } from './held.js';
import { MODEL_JOBS } from './jobs.js';
import { loadingJobs } from './loading.js';
import { bitmapFromPicture, readRow } from './pictures.js';

const PREVIEW_SIZE = 128;

/** A score without its maps. @param {import('./jobs.js').Scored} score @returns {import('../core/table.js').Mark} */
const markOf = ({ finding, sentence, logit, i2t, t2i, percentile, cosine, wording, measured }) => ({
  finding,
  sentence,
  logit,
  i2t,
  t2i,
  percentile,
  cosine,
  wording,
  measured,
});

/**
 * What a series gets of an image's scores. Scores after those of `findings` are for a reference population, of which
 * only numbers are returned: their logits and then, if the model has a CLIP-style head, their cosines.
 *
 * @param {import('./jobs.js').Scored[]} scores
 * @param {{findings: string[], mapped: string, view: import('carzero').View, facts?: import('./jobs.js').RowFacts}} row
 * @returns {[import('./jobs.js').Assessed]}
 */
function assessed(scores, { findings, mapped, view, facts }) {
  const own = scores.slice(0, findings.length);
  const others = scores.slice(findings.length);
  const numbers = [...others.map(({ logit }) => logit), ...others.flatMap(({ cosine = [] }) => cosine)];
  const values = own.find(({ finding }) => finding === mapped)?.attention;
  const map = values && { finding: mapped, values, view };
  return [{ facts, scores: own.map(markOf), measured: Float32Array.from(numbers), map }];
}

/** What a picture looks like to the model: in doubt its file is read once more, for its negative. @param {import('./program.js').EncodedImage} encoded @param {import('../core/state.js').Source} source @returns {Promise<import('./jobs.js').Verdict>} */
async function verdictOf(encoded, source) {
  const first = await held.model.firstVerdict(encoded);
  if (!first || first === 'familiar') return first;
  const picture = await decode(source);
  try {
    return await held.model.verdict(picture, encoded);
  } finally {
    picture.free();
  }
}

/** @type {import('./jobs.js').Some<keyof import('./jobs.js').Jobs>} */
const jobs = {
  ...loadingJobs,
  ...experimentJobs,

  async japanese() {
    return [held.program.wasm.japaneseNames()];
  },

  async decode({ picture: id, source }) {
    const picture = await decode(source);
    held.pictures.set(id, { source, picture, encoded: null });
    const { width, height, notes, facts, warnings } = picture;
    const { values, window, spacing } = picture.shown();
    const truth = 'phantom' in source ? held.program.wasm.phantomTruth(source.phantom) : [];
    return [{ width, height, notes, facts, warnings, truth, values, window, spacing }, [values.buffer]];
  },

  async chest({ seed, difficulty }) {
    return [held.program.wasm.phantomCase(seed, difficulty)];
  },

  async preview({ phantom }) {
    const picture = held.program.wasm.Picture.phantom(phantom, PREVIEW_SIZE);
    const bitmap = await bitmapFromPicture(picture);
    picture.free();
    return [{ bitmap }, [bitmap]];
  },

  async drop({ picture: id }) {
    const entry = held.pictures.get(id);
    held.pictures.delete(id);
    entry?.picture.free();
    entry?.encoded?.free();
    return [null];
  },

  async grey({ picture: id }) {
    const grey = entryOf(id).picture.grey();
    return [grey, [grey.buffer]];
  },

  async encode({ picture: id }) {
    const entry = entryOf(id);
    const start = performance.now();
    entry.encoded?.free();
    entry.encoded = await held.model.encodeImage(entry.picture);
    const { x, y, width, height } = entry.encoded.view;
    const verdict = await held.model.verdict(entry.picture, entry.encoded);
    const embedding = await held.model.embed(entry.encoded);
    const view = { x, y, width, height };
    return [{ view, verdict, embedding, ms: performance.now() - start }, [embedding.buffer]];
  },

  async score({ picture: id, findings }) {
    const start = performance.now();
    /** @type {import('./jobs.js').Scored[]} */ const scores = await held.model.score(encodedOf(id), findings);
    const buffers = scores.flatMap(({ attention, similarity, reference }) => [attention, similarity, reference]);
    const transfer = [...new Set(buffers.flatMap((values) => (values ? [values.buffer] : [])))];
    return [{ scores, ms: performance.now() - start }, transfer];
  },

  async explain({ picture: id, finding }) {
    const explanation = await held.model.explain(encodedOf(id), finding);
    const { patches, attendedWords, wordPatches } = explanation;
    return [explanation, [patches, attendedWords, wordPatches].map(({ buffer }) => buffer)];
  },

  /** An image of a series: from its file, or from what was kept of it. */
  async assess({ key, source, kept: isKept, findings, measure, mapped, side, ahead }) {
    const asked = [...findings, ...measure];
    const kept = isKept ? held.kept.get(key) : undefined;
    if (kept) {
      const scores = asked.length ? await held.model.scoreKept(kept.numbers, asked) : [];
      return assessed(scores, { findings, mapped, view: kept.view });
    }
    const sizes = { image: held.model.imageConfig(), side };
    const taken = await held.decoders.take(key, ahead, held.program, sizes);
    const { seen, facts } = taken ?? (await readRow(held.program.wasm, source, sizes));
    const { grey, view } = seen;
    const encoded = await held.model.encodeSeen(grey, view);
    try {
      const scores = asked.length ? await held.model.score(encoded, asked) : [];
      if (held.kept.hasRoom) held.kept.keep(key, { numbers: await held.model.keep(encoded), view });
      const verdict = await verdictOf(encoded, source);
      const embedding = await held.model.embed(encoded);
      const all = { ...facts, verdict, embedding, kept: held.kept.has(key) };
      return assessed(scores, { findings, mapped, view, facts: all });
    } finally {
      encoded.free();
    }
  },

  async letGo() {
    held.kept.clear();
    held.decoders.end();
    return [null];
  },

  async encodeText({ finding }) {
    const text = await held.model.encodeText(finding);
    return [text, [text.global.buffer, text.tokens.buffer]];
  },

  async measurable({ more }) {
    return [await held.model.measurable(more)];
  },

  async populationOf({ name, findings, scores, images, labelled }) {
    return [held.model.populationOf(name, findings, scores, images, labelled)];
  },

  async rankAmong({ file }) {
    return [held.model.rankAmong(file ? new TextEncoder().encode(file) : undefined)];
  },

  async rank({ all }) {
    const ranked = [];
    for (const { finding, logits } of all) ranked.push(await held.model.rank(finding, logits));
    return [ranked];
  },

  /** Checks a finding; throws 'bad-prompt'. */
  async sentence({ finding }) {
    return [held.program.wasm.sentence(finding)];
  },

  async typed({ text }) {
    return [held.program.wasm.typed(text)];
  },

  async rewriting() {
    return [held.program.wasm.rewriting()];
  },

  async readAnswer({ text, answer }) {
    return [held.program.wasm.readAnswer(text, answer)];
  },

  async complete({ prefix, limit }) {
    return [held.program.wasm.complete(prefix, limit)];
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

// A panic inside a future of wasm-bindgen rejects nothing: it arrives here.
addEventListener('unhandledrejection', (event) => {
  event.preventDefault();
  crash(event.reason);
});
