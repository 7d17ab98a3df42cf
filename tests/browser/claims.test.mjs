/** What the page says of scores, and the table of all that it claims (docs/claims.md). */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import en from '../../www/i18n/en.js';
import ja from '../../www/i18n/ja.js';
import { difference } from '../../www/core/beside.js';
import { reading, standing } from '../../www/core/words.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (/** @type {string} */ path) => readFileSync(join(root, path), 'utf8');
/** Words that make a claim. */
const CLAIMING =
  /\b(never|nobody|nowhere|always|cannot be compared|one in ten|nine in ten|not a probability|learnt|published|most|add up|only|does not mean)\b/i;
/** Keys of instructions and names that have such a word, but claim nothing. */
const CLAIMING_NOTHING = new Set(['teach.placeTodo', 'contours.full', 'why.patch', 'tour.lab.title']);

test('a standing is said as it is written', () => {
  const said = (/** @type {number} */ percentile) => [standing(percentile), reading(percentile)];
  assert.deepEqual(said(0), ['<1st', 'No reference image scores lower']);
  assert.deepEqual(said(0.4), ['<1st', 'Among the lowest 1% of the reference images']);
  assert.deepEqual(said(1.2), ['1st', 'Higher than 1% of reference images']);
  assert.deepEqual(said(97.6), ['98th', 'Higher than 98% of reference images']);
  assert.deepEqual(said(99.6), ['>99th', 'Among the highest 1% of the reference images']);
  assert.deepEqual(said(100), ['>99th', 'No reference image scores higher']);
});

test('a difference is that of the standings on show', () => {
  const ranked = (/** @type {number} */ percentile) => ({
    finding: '',
    sentence: '',
    logit: 0,
    i2t: 0,
    t2i: 0,
    percentile,
  });
  for (const [a, b, points] of [
    [97.6, 97.4, 1],
    [97.4, 96.6, 0],
    [0.2, 0.9, 0],
    [0.9, 1, -1],
    [99.4, 99.6, -1],
    [50, 20.5, 29],
  ]) {
    const { difference: value, unit } = difference('', ranked(a), ranked(b));
    assert.deepEqual([value, unit], [points, 'points'], `${standing(a)} and ${standing(b)}`);
  }
});

test('the shipped model looks at 224 by 224 pixels, in 14 by 14 patches', () => {
  const { image } = JSON.parse(read('models/default/config.json'));
  assert.equal(image.crop, 224);
  for (const texts of [en, ja]) {
    assert.match(texts['about.small'], /224/);
    assert.match(texts['about.mapsText'], /14/);
  }
});

test('the model card counts what is in the files', () => {
  const folder = 'models/default';
  const { presets, reference } = JSON.parse(read(`${folder}/config.json`));
  const { files } = JSON.parse(read(`${folder}/manifest.json`));
  const listed = new Set(presets.flatMap((/** @type {{findings: string[]}} */ { findings }) => findings));
  const sum = files.reduce((/** @type {number} */ all, /** @type {{bytes: number}} */ { bytes }) => all + bytes, 0);
  const card = read(`${folder}/MODEL_CARD.md`);
  assert.match(card, new RegExp(`\\(${Object.keys(reference.percentiles).length} of ${listed.size}\\)`));
  assert.match(card, new RegExp(`the folder has ${(sum / 1e6).toFixed(1)} MB`));
});

test('every claim of the page is in the table, and every test that it names exists', () => {
  const table = read('docs/claims.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').slice(1, -1));
  const quoted = (/** @type {string} */ cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text);
  const keys = table.flatMap(([, cell]) => quoted(cell));
  for (const key of keys) assert.ok(Object.hasOwn(en, key), key);
  const claims = Object.entries(en)
    .filter(([key, text]) => CLAIMING.test(text) && !CLAIMING_NOTHING.has(key))
    .map(([key]) => key);
  assert.deepEqual(
    claims.filter((key) => !keys.includes(key)),
    [],
    'not in the table',
  );
  const files = ['src', 'tests'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  );
  const tests = files
    .filter((path) => !path.includes('node_modules') && /\.(rs|test\.mjs)$/.test(path))
    .map(read)
    .join('\n');
  for (const name of table.flatMap(([, , cell]) => quoted(cell))) {
    assert.ok(
      tests.includes(`fn ${name}()`) || [`test('${name}'`, `test(\`${name}\``].some((start) => tests.includes(start)),
      name,
    );
  }
});
