/** The page's own module, called as in the page's worker. */
import { startProgram } from '/worker/program.js';
import { Pool } from '/worker/pool.js';
import { answer, bytes } from './worker.js';
/** @import { Preset, Score } from 'carzero' */
/** @import { EncodedImage, Exports, Model, Picture } from '/worker/program.js' */

const SIZE = 256; // pixels a side, to which the models resize a picture: this one's pixels are not changed
const FINDING = 'Pneumothorax';

/** @type {Exports} */ let wasm;
/** @type {WebAssembly.Memory} */ let memory;
/** @type {Model} */ let model;
/** @type {Picture} */ let picture;
/** @type {EncodedImage} */ let encoded;
/** @type {Record<string, string[]>} */ let lists;

async function encode() {
  encoded?.free();
  encoded = await model.encodeImage(picture);
}
const score = (/** @type {string[]} */ findings) => model.score(encoded, findings);
const cached = (/** @type {() => string[]} */ findings) => ({
  prepare: () => score(findings()),
  run: () => score(findings()),
});
const scoreNew = (/** @type {string} */ finding) => {
  model.forgetTexts();
  return score([finding]);
};

answer({
  /** Loads a model; tells its input: grey values, and the lists of findings; and whether it ranks words of one's own. */
  async load({ device, threads, model: folder }) {
    const program = await startProgram(device);
    ({ wasm, memory } = program);
    if (threads > 1) {
      const pool = new Pool(program, threads - 1);
      while (pool.ready() < threads - 1)
        await new Promise((resolve) => {
          setTimeout(resolve);
        });
      wasm.joinPool(pool);
    }
    const loader = await wasm.Loader.create(await bytes(`${folder}/manifest.json`));
    for (const { path } of loader.files()) loader.add(path, await bytes(`${folder}/${path}`));
    model = await loader.finish(false);
    picture = wasm.Picture.phantom(wasm.phantoms()[0].params, SIZE);
    await encode();
    const { presets, population } = model.info();
    lists = Object.fromEntries(presets.map((/** @type {Preset} */ { id, findings }) => [id, findings]));
    return {
      grey: picture.grey(),
      finding: FINDING,
      preset14: lists.chestxray14,
      preset192: lists.padchest192,
      ranks: Boolean(population),
    };
  },
  logits: async (findings) => (await score(findings)).map((/** @type {Score} */ { logit }) => logit),
  memory: () => memory.buffer.byteLength,
  tasks: {
    image: { run: encode },
    prompt: cached(() => [FINDING]),
    newPrompt: { run: () => scoreNew(FINDING) },
    ownWords: { run: () => scoreNew('a small shadow behind the heart') },
    wordings: {
      run: () => {
        model.forgetTexts();
        return model.sensitivity(encoded, FINDING, []);
      },
    },
    prompts14: cached(() => lists.chestxray14),
    prompts192: cached(() => lists.padchest192),
    full: {
      run: async () => {
        await encode();
        await scoreNew(FINDING);
      },
    },
  },
});
