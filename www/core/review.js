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
 * @property {string=} near The finding that it seems to be meant for, misspelt
 * @property {import('./state.js').Statement[]} byRules
 * @property {boolean} busy @property {import('./i18n.js').Message} note What came of the model
 * @property {boolean} rewritten
 */

/** @returns {Rewriter} */
export const initialRewriter = () => ({ by: 'off', url: '', model: '', key: '', builtIn: '' });

/** What the rules found. @param {string} text @param {import('./state.js').Statement[]} statements @param {string} [near] @returns {Review} */
export const reviewOf = (text, statements, near) => ({
  text,
  statements,
  near,
  byRules: statements,
  busy: false,
  note: '',
  rewritten: false,
});
