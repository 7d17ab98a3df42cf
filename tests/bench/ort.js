/** The same in onnxruntime-web, on the graphs of export.py. */
import { answer, bytes } from './worker.js';

const MASKED = -1e4;
const memories = [];
WebAssembly.Memory = class extends WebAssembly.Memory {
  constructor(descriptor) {
    super(descriptor);
    memories.push(this);
  }
};

let ort, sessions, config, pieces, input, pixels, image, texts;

const tensor = (data, dims) => new ort.Tensor(data instanceof BigInt64Array ? 'int64' : 'float32', data, dims);
const prefixed = (prefix, outputs) =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}.${name}`, value]));

/** WordPiece: the identifiers of a sentence, and the row each piece belongs to. */
function tokens(finding) {
  const ids = [pieces['[CLS]']];
  const rows = [0];
  let row = 0;
  for (const word of `there is ${finding}`.toLowerCase().match(/\w+/g)) {
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
  return { ids: [...ids, pieces['[SEP]']], rows: [...rows, row + 1] };
}

async function encodeTexts(findings) {
  const batch = findings.map(tokens);
  const count = batch.length;
  const length = Math.max(...batch.map(({ ids }) => ids.length));
  const all = config.text_encoder.rows;
  const kept = Math.min(all, Math.max(...batch.map(({ rows }) => rows.at(-1) + 1)) + 1);
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
    const used = text.rows.at(-1) + 1;
    bias.fill(Math.log((all - used) / (kept - used)), index * (1 + kept) + 1 + used, (index + 1) * (1 + kept));
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
/** A list's texts, encoded once, as one batch. */
const cached = (findings) => {
  let kept;
  return {
    prepare: async () => {
      texts = kept ??= await encodeTexts(findings());
    },
    run: score,
  };
};
const scoreNew = async (finding) => {
  texts = await encodeTexts([finding]);
  await score();
};

answer({
  async load({ device, threads, model: folder, graphs, input: given }) {
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
    const at = (index) => input.grey[(from + Math.floor(index / crop)) * side + from + (index % crop)];
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
