/** The micro checkpoint in Chromium, on both devices, against the official implementation's numbers. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from './server.mjs';
import { DIST, MICRO, convertMicro, launch, scratch } from './setup.mjs';
/** @import { Score } from 'carzero' */
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
const OPENED = '/tests/opened.mjs'; // for the page
const work = scratch();
/** @type {Site} */ let site;

before(async () => {
  convertMicro(join(work.path, 'model'), 'f32');
  writeFileSync(join(work.path, 'index.html'), '<!doctype html>');
  site = await serve({
    '/': DIST,
    '/tests/': import.meta.dirname,
    '/blank/': work.path,
    '/model/': join(work.path, 'model'),
    '/images/': MICRO,
  });
});
after(async () => {
  await site.close();
  work.remove();
});

/** All experiments on the first image, as numbers by their names, in the page. @param {{opened: string, name: string, finding: string, prompts: string[], image: string}} wanted */
async function experiment({ opened, name, finding, prompts, image }) {
  /** @type {typeof import('./opened.mjs')} */ const { bytesOf, openModel } = await import(opened);
  const { wasm, model } = await openModel(name);
  const picture = wasm.Picture.decode(await bytesOf(`/images/${image}`));
  const encoded = await model.encodeImage(picture);
  const [{ attention }] = await model.score(encoded, [finding]);
  const audit = await model.audit(picture, encoded, finding, attention, 'blur');
  while (audit.done < audit.passes) await model.auditStep(audit);
  const curves = await model.curves(picture, encoded, finding, attention);
  while (curves.done < curves.passes) await model.curvesStep(curves);
  const [audited, drawn] = [audit.report(), curves.report()];
  if (!audited || !drawn) throw new Error('no report');
  const logits = (/** @type {{logit: number}[]} */ all) => all.map(({ logit }) => logit);
  /** @type {import('carzero').Mirrored[]} */ const sides = await model.sides(picture, encoded, finding);
  /** @type {import('carzero').Sensitivity} */ const { wordings } = await model.sensitivity(encoded, finding, []);
  /** @type {import('carzero').BothHeads[]} */ const both = await model.bothHeads(encoded, prompts);
  const parts = [];
  for (const prompt of prompts) parts.push(...(await model.ablate(encoded, prompt)));
  return {
    parts: logits(parts),
    cosine: both.map(({ cosine }) => cosine.logit),
    observations: logits((await model.observe(encoded, finding)).observations),
    sides: sides.flatMap(({ asIs, mirrored }) => logits([asIs, mirrored])),
    wordings: wordings.flatMap(({ before, after }) => (before && after ? logits([before, after]) : [])),
    audit: logits([audited.whole, audited.covered, ...audited.controls, audited.kept, audited.shuffled]),
    curves: logits([...drawn.deletion, ...drawn.insertion]),
  };
}

/** Scores all prompts on all images, in the page. @param {{opened: string, name: string, prompts: string[], images: string[]}} wanted */
async function scoreAll({ opened, name, prompts, images }) {
  /** @type {typeof import('./opened.mjs')} */ const { bytesOf, openModel } = await import(opened);
  const { wasm, model } = await openModel(name);
  /** @type {{scores: Score[], alone: Score[]}[]} */ const results = [];
  for (const image of images) {
    const encoded = await model.encodeImage(wasm.Picture.decode(await bytesOf(`/images/${image}`)));
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
      const { device, results } = await page.evaluate(scoreAll, { opened: OPENED, name, prompts: sent, images });
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

test('experiments are those of an independent implementation, and the same on both devices', async () => {
  const sent = prompts.filter((prompt) => prompt !== 'pneumothorax');
  const wanted = { finding: 'Pleural Effusion', prompts: sent, image: images[0] };
  const [cpu, webgpu] = await Promise.all(
    ['cpu', 'webgpu'].map(async (name) => {
      const browser = await launch({ webgpu: name === 'webgpu' });
      try {
        const page = await browser.newPage();
        await page.goto(`${site.origin}/blank/`);
        return await page.evaluate(experiment, { opened: OPENED, name, ...wanted });
      } finally {
        await browser.close();
      }
    }),
  );
  const ablated = readTensors(join(MICRO, 'ablation.safetensors')).logits;
  const parts = ablated.length / images.length / prompts.length;
  const golden = sent.flatMap((prompt) => {
    const from = prompts.indexOf(prompt) * parts;
    return [...ablated.subarray(from, from + parts)];
  });
  const near = (/** @type {string} */ name, /** @type {number[]} */ actual, /** @type {number[]} */ expected) => {
    assert.equal(actual.length, expected.length, name);
    actual.forEach((value, i) => {
      const far = Math.abs(value - expected[i]);
      assert.ok(far <= 2e-4 * Math.max(1, Math.abs(expected[i])), `${name}[${i}] is ${value}, expected ${expected[i]}`);
    });
  };
  near('parts', cpu.parts, golden);
  for (const name of /** @type {(keyof typeof cpu)[]} */ (Object.keys(cpu))) {
    assert.ok(cpu[name].length > 1, `${name} was measured`);
    near(name, webgpu[name], cpu[name]);
  }
});
