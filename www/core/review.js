/**
 * A text under review, and the language model that may read it in place of the rules.
 *
 * @typedef {'off' | 'browser' | 'endpoint'} By
 * @typedef {object} Rewriter Kept in memory only
 * @property {By} by @property {string} url @property {string} model @property {string} key
 * @property {'' | 'ready' | 'fetched'} builtIn See `builtIn`
 *
 * @typedef {object} Review A text to choose prompts from
 * @property {string} text @property {import('./state.js').Statement[]} statements
 * @property {string=} near The finding that the text seems to mean, if it is misspelt or has several meanings
 * @property {boolean=} rulesOut It names no finding, but says that something is normal or absent
 * @property {import('../worker/jobs.js').Typed} byRules
 * @property {boolean} busy @property {import('./i18n.js').Message} note What came of asking the language model
 * @property {boolean} rewritten
 */

/** @returns {Rewriter} */
export const initialRewriter = () => ({ by: 'off', url: '', model: '', key: '', builtIn: '' });

/** What the rules found. @param {string} text @param {import('../worker/jobs.js').Typed} byRules @returns {Review} */
export const reviewOf = (text, byRules) => ({
  text,
  statements: byRules.statements,
  near: byRules.near,
  rulesOut: byRules.rulesOut,
  byRules,
  busy: false,
  note: '',
  rewritten: false,
});

/** Whether the model can read anything of a text: it has Latin letters or digits. */
export const isReadable = (/** @type {string} */ text) => /[a-z\d]/i.test(text);

const BETWEEN = /[,;、，。\n]|\.(?!\d)|\b(?:and|plus|y)\b/i;
/** In a text with sentences, longer items may well name no finding: "Heart size is normal." */
const MOST_WORDS = 2;
const bytesOf = (/** @type {string} */ text) => new TextEncoder().encode(text).length;

/** Items of a short text in which nothing was recognised, as "banana" in "pneumothorax, banana"; in a text with sentences only items of one or two words. @param {string} text @param {readonly {start: number, end: number}[]} statements Bytes of the text */
export function leftOut(text, statements) {
  if (!statements.length || text.length > 80) return [];
  const most = /[\n.。]/.test(text.trim().slice(0, -1)) ? MOST_WORDS : Infinity;
  let rest = text;
  return text
    .split(BETWEEN)
    .filter((item) => {
      const at = text.length - rest.length + rest.indexOf(item);
      rest = text.slice(at + item.length);
      const [from, to] = [at, at + item.length].map((end) => bytesOf(text.slice(0, end)));
      return (
        item.trim() &&
        item.trim().split(/\s+/).length <= most &&
        !statements.some(({ start, end }) => start < to && end > from)
      );
    })
    .map((item) => item.trim());
}
