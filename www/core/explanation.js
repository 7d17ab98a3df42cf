/**
 * What can be told of an explanation, which is how a picture and a sentence attend to one another.
 *
 * @typedef {import('carzero').Explanation} Explanation
 * @typedef {{layer: number, head: number}} Choice Counted from 0; `ALL` for the mean over all of them
 * @typedef {import('./viewport/transform.js').Point} Point
 */
import { percent, t } from './i18n.js';

export const ALL = -1;

/** @param {number} picture Id @param {string} finding */
export const keyOf = (picture, finding) => `${picture}|${finding}`;

/** @param {Choice} choice */
export const isAll = ({ layer, head }) => layer === ALL && head === ALL;

/** The mean over the chosen layers and heads. @param {Float32Array} values `[layers, heads, n]` @param {Pick<Explanation, 'layers' | 'heads'>} of @param {Choice} choice @returns {Float32Array} */
export function meanOf(values, { layers, heads }, { layer, head }) {
  const size = values.length / (layers * heads);
  const sum = new Float32Array(size);
  let count = 0;
  for (let l = 0; l < layers; l++) {
    for (let h = 0; h < heads; h++) {
      if ((layer !== ALL && layer !== l) || (head !== ALL && head !== h)) continue;
      const start = (l * heads + h) * size;
      for (let i = 0; i < size; i++) sum[i] += values[start + i];
      count++;
    }
  }
  return sum.map((value) => value / Math.max(1, count));
}

/** The map of a word alone. @param {Pick<Explanation, 'words' | 'wordPatches'>} explanation @param {number} word @returns {Float32Array} */
export function mapOfWord({ words, wordPatches }, word) {
  const size = wordPatches.length / words.length;
  return wordPatches.subarray(word * size, (word + 1) * size);
}

/** How much each word alone looks at a patch. @param {Pick<Explanation, 'words' | 'wordPatches'>} explanation @param {number} patch @returns {number[]} */
export const wordsAtPatch = (explanation, patch) =>
  explanation.words.map((_, word) => mapOfWord(explanation, word)[patch]);

/** The patch under a point of the picture, or -1 outside of what the model saw. @param {Point} part From 0 to 1 each way @param {import('./viewport/transform.js').Box} seen @param {import('./viewport/transform.js').Size} grid @param {number} side Patches along one side */
export function patchAt({ x, y }, seen, grid, side) {
  if (x < 0 || y < 0 || x > 1 || y > 1) return -1;
  const [column, row] = [(x * grid.width - seen.x) / seen.width, (y * grid.height - seen.y) / seen.height].map((at) =>
    Math.floor(at * side),
  );
  return column >= 0 && row >= 0 && column < side && row < side ? row * side + column : -1;
}

/** A share of the attention, from 0 to 1, written in percent. @param {number} part */
export function share(part) {
  if (part < 0.0005) return `<${percent(0.001, 1)}`;
  return percent(part, part < 0.0995 ? 1 : 0);
}

/** "layer 2, all heads". @param {Choice} choice */
export function choiceInWords({ layer, head }) {
  const layers = layer === ALL ? t('why.allLayers') : t('why.layerOf', { layer: layer + 1 });
  return t('why.choice', { layers, heads: head === ALL ? t('why.allHeads') : t('why.headOf', { head: head + 1 }) });
}
