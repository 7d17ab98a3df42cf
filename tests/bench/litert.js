/**
 * The same tasks in LiteRT.js, on the graphs of litegraphs.py. LiteRT.js loads its program with importScripts, which
 * only a classic worker has: esbuild bundles this file with what it imports.
 */
import { Tensor, loadAndCompile, loadLiteRt } from '@litertjs/core';
import { inputsOf, prefixed } from './inputs.js';
import { answer, bytes } from './worker.js';
/** @import { CompiledModel } from '@litertjs/core' */
/** @import { Input } from './worker.js' */
/** @typedef {Record<string, Tensor>} Tensors In LiteRT's memory, until they are deleted */

const PROGRAM = '/litert/';
/** @type {Record<string, CompiledModel>} */ const graphs = {};
/** @type {Awaited<ReturnType<typeof loadLiteRt>>['liteRtWasm']} */ let wasm;
/** @type {Awaited<ReturnType<typeof inputsOf>>} */ let inputs;
/** @type {Input} */ let input;
/** @type {Tensors} */ let pixels;
/** @type {Tensors} */ let image;
/** @type {Tensors} */ let texts;

const free = (/** @type {Tensors} */ tensors) => Object.values(tensors).forEach((tensor) => tensor.delete());

/** Encodes a sentence: the text graph's inputs have fixed shapes. The rows' bias is added to the outputs. @param {string} finding */
async function encodeText(finding) {
  const shapes = Object.fromEntries(graphs.text.getInputDetails().map(({ name, shape }) => [name, shape]));
  const [, kept, length] = shapes.gather;
  const { bias, ids, mask, gather } = inputs.texts([finding], length, kept);
  const given = Object.fromEntries(
    Object.entries({ ids, mask, gather }).map(([name, values]) => [name, new Tensor(values, shapes[name])]),
  );
  const encoded = await graphs.text.run(given);
  free(given);
  return { ...prefixed('text', encoded), 'text.bias': new Tensor(bias, [1, 1, 1, 1 + kept]) };
}

/** Encodes the texts of a list one after another, and joins them to one batch. @param {string[]} findings */
async function encodeTexts(findings) {
  /** @type {Record<string, Float32Array[]>} */ const parts = {};
  /** @type {Record<string, number[]>} */ const shapes = {};
  for (const finding of findings) {
    const text = await encodeText(finding);
    for (const [name, tensor] of Object.entries(text)) {
      (parts[name] ??= []).push(await tensor.data());
      shapes[name] = [findings.length, ...tensor.type.layout.dimensions.slice(1)];
    }
    free(text);
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, values]) => {
      const size = values[0].length;
      const all = new Float32Array(size * values.length);
      values.forEach((part, index) => all.set(part, index * size));
      return [name, new Tensor(all, shapes[name])];
    }),
  );
}

async function encode() {
  const encoded = prefixed('image', await graphs.image.run(pixels));
  if (image) free(image);
  image = encoded;
}

/** Logits and maps. */
async function score() {
  const [count] = texts['text.query'].type.layout.dimensions;
  const scores = await graphs.score.run(`prompts${count}`, { ...image, ...texts });
  /** @type {Record<string, Float32Array>} */ const read = {};
  for (const [name, tensor] of Object.entries(scores)) read[name] = await tensor.data();
  free(scores);
  return read;
}

/** As many sentences as given: those that are too long for the graph are replaced by the list's first ones. @param {string[]} findings */
const fitting = (findings) => {
  const [{ shape }] = graphs.text.getInputDetails();
  const short = findings.filter((finding) => inputs.pieces(finding) <= shape[0]);
  return findings.map((_, index) => short[index % short.length]);
};
/** A list's texts, encoded once. @param {() => string[]} findings */
const cached = (findings) => {
  /** @type {Tensors} */ let kept;
  return {
    prepare: async () => {
      texts = kept ??= await encodeTexts(fitting(findings()));
    },
    run: score,
  };
};
const scoreNew = async (/** @type {string} */ finding) => {
  texts = await encodeText(finding);
  await score();
  free(texts);
};

answer({
  async load({ device, threads, model: folder, graphs: from, input: given }) {
    if (!given) throw new Error('no input');
    const webgpu = device === 'webgpu';
    // In a worker, LiteRT.js would look for its program and its threads' script beside this file.
    globalThis.Module = {
      locateFile: (/** @type {string} */ file) => PROGRAM + file,
      mainScriptUrlOrBlob: `${PROGRAM}litert_wasm_threaded_internal.js`,
      printErr: console.debug, // it prints mere notes, too
    };
    ({ liteRtWasm: wasm } = await loadLiteRt(PROGRAM, { threads: threads > 1, jspi: webgpu }));
    for (const name of ['image', 'text', 'score']) {
      graphs[name] = await loadAndCompile(await bytes(`${from}/${name}.tflite`), {
        accelerator: webgpu ? 'webgpu' : 'wasm',
        cpuOptions: { numThreads: threads },
        gpuOptions: { precision: 'fp32' },
      });
      if (webgpu && !graphs[name].isFullyAccelerated) console.error(`LiteRT: a part of ${name} is not on the GPU`);
    }
    inputs = await inputsOf(folder);
    input = given;
    const [{ shape }] = graphs.image.getInputDetails();
    pixels = { pixels: new Tensor(inputs.pixels(input.grey), shape) };
    await encode();
  },
  async logits(findings) {
    texts = await encodeTexts(findings);
    const { i2t, t2i } = await score();
    free(texts);
    return Array.from(i2t, (value, index) => (value + t2i[index]) / 2);
  },
  memory: () => wasm.HEAPU8.buffer.byteLength,
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
