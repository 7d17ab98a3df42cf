/**
 * The same tasks in onnxruntime-web, on the graphs of export.py.
 *
 * @typedef {{data: Float32Array}} Tensor As a session returns it
 * @typedef {Record<string, Tensor>} Tensors
 * @typedef {object} Ort What is used of onnxruntime-web, which only `make bench` installs
 * @property {new (type: string, data: Float32Array | BigInt64Array, dims: number[]) => Tensor} Tensor
 * @property {{create(model: Uint8Array, options: object): Promise<{run(inputs: Tensors): Promise<Tensors>}>}} InferenceSession
 * @property {{logLevel: string, wasm: object}} env
 */
import { inputsOf, prefixed } from './inputs.js';
import { answer, bytes } from './worker.js';
/** @import { Input } from './worker.js' */

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
/** @type {Awaited<ReturnType<typeof inputsOf>>} */ let inputs;
/** @type {Input} */ let input;
/** @type {Tensor} */ let pixels;
/** @type {Tensors} */ let image;
/** @type {Tensors} */ let texts;

const tensor = (/** @type {Float32Array | BigInt64Array} */ data, /** @type {number[]} */ dims) =>
  new ort.Tensor(data instanceof BigInt64Array ? 'int64' : 'float32', data, dims);

/** @param {string[]} findings */
async function encodeTexts(findings) {
  const { count, length, kept, ids, mask, gather, bias } = inputs.texts(findings);
  const encoded = await sessions.text.run({
    ids: tensor(BigInt64Array.from(ids, BigInt), [count, length]),
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
    sessions = {};
    for (const name of ['image', 'text', 'score']) {
      const options = { executionProviders: [device === 'webgpu' ? 'webgpu' : 'wasm'] };
      sessions[name] = await ort.InferenceSession.create(await bytes(`${graphs}/${name}.onnx`), options);
    }
    inputs = await inputsOf(folder);
    input = given;
    const values = inputs.pixels(input.grey);
    const side = Math.sqrt(values.length);
    pixels = tensor(values, [1, 1, side, side]);
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
