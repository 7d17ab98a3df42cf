/**
 * A checkpoint that is converted to a model: its settings and progress.
 *
 * @typedef {{image: number, text: number, fusion: number}} Heads Numbers of attention heads, which no checkpoint states
 * @typedef {{name: string, done: number, of: number} | null} Progress The tensor that was converted last; null while the result is tested
 * @typedef {object} Conversion
 * @property {File} file @property {File | null} tokenizer @property {Heads} heads
 * @property {boolean} running @property {Progress} [progress] @property {import('./i18n.js').Message} error
 */

/** The official CARZero's. @type {Heads} */
export const OFFICIAL = { image: 12, text: 12, fusion: 4 };
export const HEADS_MAX = 64;

const CHECKPOINT = /\.(ckpt|pt|pth|safetensors)$/i;
const TOKENIZER = /(^|\/)(tokenizer\.json|vocab\.txt)$/i;

/**
 * A checkpoint and its tokenizer among files that were dropped or chosen; both null where there is neither.
 *
 * @param {import('./files.js').Named[]} files @returns {{checkpoint: File | null, tokenizer: File | null}}
 */
export function checkpointAmong(files) {
  const first = (/** @type {RegExp} */ pattern) => files.find(({ name }) => pattern.test(name))?.file ?? null;
  return { checkpoint: first(CHECKPOINT), tokenizer: first(TOKENIZER) };
}

/** A checkpoint's name without the extension. @param {File} file */
export const nameOf = ({ name }) => name.replace(CHECKPOINT, '');
