/** The micro checkpoint in Chromium, on both devices, against the official implementation's numbers. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, MICRO, convertMicro, launch, scratch } from './setup.mjs';
/** @import { Score } from 'carzero' */
/** @import { Exports } from '../../www/worker/program.js' */
/** @import { Site } from './server.mjs' */

/** The f32 tensors of a safetensors file. @param {string} path */
function readTensors(path) {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString());
  const entries = Object.entries(header).filter(([, { dtype }]) => dtype === 'F32');
  return Object.fromEntries(
    entries.map(
      ([
        name,
        {
          data_offsets: [from, to],
        },
      ]) => {
        const bytes = file.subarray(8 + length + from, 8 + length + to);
        return [name, new Float32Array(Uint8Array.from(bytes).buffer)];
      },
    ),
  );
}

const expected = readTensors(join(MICRO, 'expected.safetensors'));
/** @type {{prompts: string[], images: string[]}} */
const { prompts, images } = JSON.parse(readFileSync(join(MICRO, 'case.json'), 'utf8'));
const work = scratch();
/** @type {Site} */ let site;

before(async () => {
  convertMicro(join(work.path, 'model'), 'f32');
  writeFileSync(join(work.path, 'index.html'), '<!doctype html>');
  site = await serve({ '/': DIST, '/blank/': work.path, '/model/': join(work.path, 'model'), '/images/': MICRO });
});
after(async () => {
  await site.close();
  work.remove();
});

/** Scores all prompts on all images, in the page. @param {{name: string, prompts: string[], images: string[]}} wanted */
async function scoreAll({ name, prompts, images }) {
  const bytes = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
  /** @type {Exports} */ const wasm = await import(`/carzero-${name}.js`);
  await wasm.default();
  const loader = await wasm.Loader.create(await bytes('/model/manifest.json'));
  for (const { path } of loader.files()) loader.add(path, await bytes(`/model/${path}`));
  const model = await loader.finish(false);
  /** @type {{scores: Score[], alone: Score[]}[]} */ const results = [];
  for (const image of images) {
    const encoded = await model.encodeImage(wasm.Picture.decode(await bytes(`/images/${image}`)));
    results.push({
      scores: await model.score(encoded, prompts),
      alone: await model.score(encoded, prompts.slice(1, 2)),
    });
  }
  return { device: model.info().device, results };
}

for (const name of ['cpu', 'cpu-relaxed', 'webgpu']) {
  test(`scores and maps match in the module ${name}`, async () => {
    const browser = await launch({ webgpu: name === 'webgpu' });
    try {
      const page = await browser.newPage();
      await page.goto(`${site.origin}/blank/`);
      // The page wraps a bare word as a sentence, so that case of the official code cannot occur here.
      const sent = prompts.filter((prompt) => prompt !== 'pneumothorax');
      const { device, results } = await page.evaluate(scoreAll, { name, prompts: sent, images });
      assert.equal(device.kind, name.split('-')[0]);
      // f32 on both; the order of additions differs.
      const close = (/** @type {string} */ name, /** @type {number} */ actual, /** @type {number} */ index) => {
        const golden = expected[name][index];
        assert.ok(
          Math.abs(actual - golden) <= 1e-4 * Math.abs(golden),
          `${name}[${index}] is ${actual}, expected ${golden}`,
        );
      };
      results.forEach(({ scores, alone }, image) =>
        scores.forEach((score, column) => {
          const pair = image * prompts.length + prompts.indexOf(sent[column]);
          close('logits', score.logit, pair);
          close('i2t', score.i2t, pair);
          close('t2i', score.t2i, pair);
          score.attention.forEach((weight, patch) => close('attention', weight, pair * score.attention.length + patch));
          if (column === 1) close('logits', alone[0].logit, pair);
        }),
      );
    } finally {
      await browser.close();
    }
  });
}
