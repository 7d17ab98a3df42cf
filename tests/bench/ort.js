/**
 * The same in onnxruntime-web, on the graphs of export.py.
 *
 * @typedef {{data: Float32Array}} Tensor As it comes out
 * @typedef {Record<string, Tensor>} Tensors
 * @typedef {object} Ort What is used of onnxruntime-web, which only `make bench` installs
 * @property {new (type: string, data: Float32Array | BigInt64Array, dims: number[]) => Tensor} Tensor
 * @property {{create(model: Uint8Array, options: object): Promise<{run(inputs: Tensors): Promise<Tensors>}>}} InferenceSession
 * @property {{logLevel: string, wasm: object}} env
 *
 * @typedef {{image: {crop: number, mean: number, std: number}, text_encoder: {rows: number}}} Config
 */
import { answer, bytes } from './worker.js';
/** @import { Input } from './worker.js' */

const MASKED = -1e4;
/** @type {WebAssembly.Memory[]} */ const memories = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  /** @param {WebAssembly.MemoryDescriptor} descriptor */
  constructor(descriptor) {
    super(descriptor);
    memories.push(this);
  }
};

/** @type {Ort} */ let ort;
/** @type {Record<string, Awaited<ReturnType<Ort['InferenceSession']['create']>>>} */ let sessions;
/** @type {Config} */ let config;
/** @type {Record<string, number>} */ let pieces;
/** @type {Input} */ let input;
/** @type {Tensor} */ let pixels;
/** @type {Tensors} */ let image;
/** @type {Tensors} */ let texts;

const tensor = (/** @type {Float32Array | BigInt64Array} */ data, /** @type {number[]} */ dims) =>
  new ort.Tensor(data instanceof BigInt64Array ? 'int64' : 'float32', data, dims);
const prefixed = (/** @type {string} */ prefix, /** @type {Tensors} */ outputs) =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}.${name}`, value]));

/** WordPiece: the identifiers of a sentence, and the row each piece belongs to. @param {string} finding */
function tokens(finding) {
  const ids = [pieces['[CLS]']];
  const rows = [0];
  let row = 0;
  for (const [word] of `there is ${finding}`.toLowerCase().matchAll(/\w+/g)) {
    row++;
    for (let start = 0; start < word.length;) {
      let end = word.length;
      const piece = () => (start ? '##' : '') + word.slice(start, end);
      while (end > start && !(piece() in pieces)) end--;
      ids.push(pieces[piece()]);
      rows.push(row);
      start = end;
    }
  }
  return { ids: [...ids, pieces['[SEP]']], rows: [...rows, row + 1], used: row + 2 };
}

/** @param {string[]} findings */
async function encodeTexts(findings) {
  const batch = findings.map(tokens);
  const count = batch.length;
  const length = Math.max(...batch.map(({ ids }) => ids.length));
  const all = config.text_encoder.rows;
  const kept = Math.min(all, Math.max(...batch.map(({ used }) => used)) + 1);
  const ids = new BigInt64Array(count * length);
  const mask = new Float32Array(count * length).fill(MASKED);
  const gather = new Float32Array(count * kept * length);
  const bias = new Float32Array(count * (1 + kept));
  batch.forEach((text, index) => {
    text.ids.forEach((id, position) => {
      ids[index * length + position] = BigInt(id);
      mask[index * length + position] = 0;
      gather[(index * kept + text.rows[position]) * length + position] = 1;
    });
    const extra = Math.log((all - text.used) / (kept - text.used));
    bias.fill(extra, index * (1 + kept) + 1 + text.used, (index + 1) * (1 + kept));
  });
  const encoded = await sessions.text.run({
    ids: tensor(ids, [count, length]),
    mask: tensor(mask, [count, 1, 1, length]),
    gather: tensor(gather, [count, kept, length]),
  });
  return { ...prefixed('text', encoded), 'text.bias': tensor(bias, [count, 1, 1, 1 + kept]) };
}

const encode = async () => {
  image = prefixed('image', await sessions.image.run({ pixels }));
};
const score = () => sessions.score.run({ ...image, ...texts });
/** A list's texts, encoded once, as one batch. @param {() => string[]} findings */
const cached = (findings) => {
  /** @type {Tensors} */ let kept;
  return {
    prepare: async () => {
      texts = kept ??= await encodeTexts(findings());
    },
    run: score,
  };
};
const scoreNew = async (/** @type {string} */ finding) => {
  texts = await encodeTexts([finding]);
  await score();
};

answer({
  async load({ device, threads, model: folder, graphs, input: given }) {
    if (!given) throw new Error('no input');
    ort = await import(`/ort/ort.${device === 'webgpu' ? 'webgpu' : 'wasm'}.min.mjs`);
    ort.env.logLevel = 'error';
    Object.assign(ort.env.wasm, { numThreads: threads, proxy: false, wasmPaths: '/ort/' });
    config = await (await fetch(`${folder}/config.json`)).json();
    pieces = (await (await fetch(`${folder}/tokenizer.json`)).json()).model.vocab;
    sessions = {};
    for (const name of ['image', 'text', 'score']) {
      const options = { executionProviders: [device === 'webgpu' ? 'webgpu' : 'wasm'] };
      sessions[name] = await ort.InferenceSession.create(await bytes(`${graphs}/${name}.onnx`), options);
    }
    input = given;
    const { crop, mean, std } = config.image;
    const side = Math.sqrt(input.grey.length);
    const from = (side - crop) / 2;
    const at = (/** @type {number} */ index) =>
      input.grey[(from + Math.floor(index / crop)) * side + from + (index % crop)];
    pixels = tensor(
      Float32Array.from({ length: crop * crop }, (_, index) => (at(index) / 255 - mean) / std),
      [1, 1, crop, crop],
    );
    await encode();
  },
  async logits(findings) {
    texts = await encodeTexts(findings);
    const { i2t, t2i } = await score();
    return Array.from(i2t.data, (value, index) => (value + t2i.data[index]) / 2);
  },
  memory: () => memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
  tasks: {
    image: { run: encode },
    prompt: cached(() => [input.finding]),
    newPrompt: { run: () => scoreNew(input.finding) },
    prompts14: cached(() => input.preset14),
    prompts192: cached(() => input.preset192),
    full: {
      run: async () => {
        await encode();
        await scoreNew(input.finding);
      },
    },
  },
});
