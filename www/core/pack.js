/**
 * Case packs: a JSON file that lists phantoms by seed, or images beside it with what they show (docs/reader-study.md).
 *
 * @typedef {import('./round.js').Case} Case
 * @typedef {import('./round.js').Truth} Truth
 * @typedef {{cases: Case[], findings: string[]}} Pack `findings`: all that the file asks for
 */
import { digestOfText } from './digest.js';
import { CodedError } from './errors.js';

export const PACK = 'carzero-cases';

/** The findings that phantoms show. */
export const DRAWN = ['Pleural Effusion', 'Cardiomegaly', 'Pneumothorax', 'Pulmonary Consolidation', 'Lung Nodule'];

/** @param {string} code @param {Record<string, string | number>} [values] */
const fault = (code, values = {}) => Object.assign(new CodedError(`pack-${code}`, code), { values });

/** @param {unknown} value @returns {value is Record<string, unknown>} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** @param {unknown} value @returns {value is number} */
const isPart = (value) => typeof value === 'number' && value >= 0 && value <= 1;

/** Whether a value is a box, in fractions of the picture. @param {unknown} value @returns {value is import('./viewport/transform.js').Box} */
const isBox = (value) =>
  isObject(value) && [value.x, value.y, value.width, value.height].every(isPart) && Number(value.width) > 0;

/** @param {Record<string, unknown>} told @param {number} number Of the case @returns {Truth} */
function truthFrom(told, number) {
  const entries = Object.entries(told).map(([finding, value]) => {
    if (value === true) return [finding, []];
    if (value === false) return [finding, null];
    if (Array.isArray(value) && value.length && value.every(isBox)) return [finding, value];
    throw fault('truth', { number, finding });
  });
  return Object.fromEntries(entries);
}

/** The key by which an image is recognised when it is chosen again. @param {string} name Without folders @param {File} file */
const keyOf = (name, file) => digestOfText(JSON.stringify([name, file.size]));

/** @param {unknown} entry @param {number} number @param {ReadonlyMap<string, File>} files @returns {Promise<Case>} */
async function caseFrom(entry, number, files) {
  if (!isObject(entry)) throw fault('case', { number });
  const { image, seed, difficulty = 0, findings } = entry;
  if (
    image === undefined &&
    Number.isInteger(seed) &&
    Number(seed) >= 0 &&
    Number(seed) < 2 ** 32 &&
    isPart(difficulty)
  )
    return { seed: Number(seed), difficulty };
  if (typeof image !== 'string' || !isObject(findings)) throw fault('case', { number });
  const file = files.get(image);
  if (!file) throw fault('image', { name: image });
  return { key: await keyOf(image, file), file, truth: truthFrom(findings, number) };
}

/** What identifies a case. @param {Case} one */
export const caseKey = (one) => ('seed' in one ? `${one.seed} ${one.difficulty}` : one.key);

/** @param {readonly Case[]} cases */
const findingsOf = (cases) => [...new Set(cases.flatMap((one) => ('seed' in one ? DRAWN : Object.keys(one.truth))))];

/** @param {import('./files.js').Named[]} files */
const byName = (files) => new Map(files.map(({ name, file }) => [name.split('/').at(-1) ?? name, file]));

/** The cases with their images, which were chosen again; throws where some are missing. @param {readonly Case[]} cases @param {import('./files.js').Named[]} files @returns {Promise<Case[]>} */
export async function withFiles(cases, files) {
  const named = [...byName(files)];
  const keyed = await Promise.all(
    named.map(async ([name, file]) => /** @type {const} */ ([await keyOf(name, file), file])),
  );
  const found = new Map(keyed);
  const all = cases.map((one) => ('seed' in one ? one : { ...one, file: found.get(one.key) ?? null }));
  const missing = all.filter((one) => 'key' in one && !one.file).length;
  if (missing) throw fault('missing', { missing, count: all.length });
  return all;
}

/** Reads a pack; throws with a code of `pack.error.` where it is none. @param {import('./files.js').Named[]} files @returns {Promise<Pack>} */
export async function readPack(files) {
  const lists = files.filter(({ name }) => /\.json$/i.test(name));
  if (lists.length !== 1) throw fault(lists.length ? 'several' : 'none');
  /** @type {unknown} */ let told;
  try {
    told = JSON.parse(await lists[0].file.text());
  } catch {
    throw fault('json');
  }
  if (!isObject(told) || told.format !== PACK || !Array.isArray(told.cases)) throw fault('format');
  const named = byName(files);
  const cases = await Promise.all(told.cases.map((entry, i) => caseFrom(entry, i + 1, named)));
  const keys = cases.map(caseKey);
  const twice = keys.findIndex((key, i) => keys.indexOf(key) < i);
  if (twice >= 0) throw fault('twice', { number: twice + 1, first: keys.indexOf(keys[twice]) + 1 });
  const findings = findingsOf(cases);
  if (!findings.length) throw fault('empty');
  return { cases, findings };
}

/** Seeds of one pack follow one another. @param {number} seed @param {number} count @param {number} difficulty @returns {Case[]} */
export const drawnCases = (seed, count, difficulty) =>
  Array.from({ length: count }, (_, i) => ({ seed: (seed * 1000 + i) % 2 ** 32, difficulty }));
