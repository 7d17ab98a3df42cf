/** The page's own module, called as the page's worker calls it. */
import { moduleFor } from '/js/device.js';
import { Team } from '/js/team.js';
import { answer, bytes } from './worker.js';

const SIZE = 256; // what the models resize a picture to, so that the input is this picture's very pixels
const FINDING = 'Pneumothorax';

let wasm, memory, model, picture, encoded, lists;

async function encode() {
  encoded?.free();
  encoded = await model.encodeImage(picture);
}
const score = (findings) => model.score(encoded, findings);
const cached = (findings) => ({ prepare: () => score(findings()), run: () => score(findings()) });
const scoreNew = (finding) => {
  model.forgetTexts();
  return score([finding]);
};

/** A picture whose familiarity is in doubt, as that of a drawn one is, would be encoded twice. @param {string} folder */
async function withoutFamiliarity(folder) {
  const [manifest, { familiarity, ...config }] = await Promise.all(
    ['manifest', 'config'].map(async (name) => (await fetch(`${folder}/${name}.json`)).json()),
  );
  const text = new TextEncoder();
  const data = text.encode(JSON.stringify({ ...config, familiarity: null }));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  const entry = manifest.files.find(({ path }) => path === 'config.json');
  Object.assign(entry, { bytes: data.length, sha256: [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('') });
  return { manifest: text.encode(JSON.stringify(manifest)), config: data };
}

answer({
  /** Loads a model; tells its input: grey values, and the lists of findings; and whether it ranks words of one's own. */
  async load({ device, threads, model: folder }) {
    const name = `/carzero-${moduleFor(device)}`;
    const code = await WebAssembly.compileStreaming(fetch(`${name}_bg.wasm`));
    wasm = await import(`${name}.js`);
    ({ memory } = await wasm.default({ module_or_path: code }));
    if (threads > 1) {
      const team = new Team(code, new URL(`${name}.js`, location.href).href, threads - 1);
      while (team.ready() < threads - 1) await new Promise((resolve) => { setTimeout(resolve); });
      wasm.joinTeam(team);
    }
    const { manifest, config } = await withoutFamiliarity(folder);
    const loader = await wasm.Loader.create(manifest);
    for (const { path } of loader.files()) loader.add(path, path === 'config.json' ? config : await bytes(`${folder}/${path}`));
    model = await loader.finish();
    picture = wasm.Picture.phantom(wasm.phantoms()[0].params, SIZE);
    await encode();
    const { presets, population } = model.info();
    lists = Object.fromEntries(presets.map(({ id, findings }) => [id, findings]));
    return { grey: picture.grey(), finding: FINDING, preset14: lists.chestxray14, preset192: lists.padchest192, ranks: Boolean(population) };
  },
  logits: async (findings) => (await score(findings)).map(({ logit }) => logit),
  memory: () => memory.buffer.byteLength,
  tasks: {
    image: { run: encode },
    prompt: cached(() => [FINDING]),
    newPrompt: { run: () => scoreNew(FINDING) },
    ownWords: { run: () => scoreNew('a small shadow behind the heart') },
    prompts14: cached(() => lists.chestxray14),
    prompts192: cached(() => lists.padchest192),
    full: { run: async () => { await encode(); await scoreNew(FINDING); } },
  },
});
