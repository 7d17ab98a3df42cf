/**
 * A search of a series: its images ranked by what one sentence scores on them, or by how alike they are to one of them.
 *
 * @typedef {import('./table.js').Row} Row
 * @typedef {{by: 'text', finding: string, typed: string}} ByText `typed`: the words that it was taken from
 * @typedef {{by: 'image', file: Blob | null, name: import('./i18n.js').Message, embedding: Float32Array}} ByImage `file`: null for a drawing
 * @typedef {(ByText | ByImage) & {before: import('./table.js').Sort}} Search `before`: how the table was sorted
 */

/** The column of likeness. No finding begins with a space. */
export const LIKE = ' like';

/** The cosine of two vectors, as `likeness` in src/engine/retrieval.rs. @param {Float32Array} one @param {Float32Array} two */
export function cosine(one, two) {
  let [dot, a, b] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    dot += one[i] * two[i];
    a += one[i] * one[i];
    b += two[i] * two[i];
  }
  return a && b ? dot / Math.sqrt(a * b) : 0;
}

/** Whether a row is the image that others are compared with. @param {Search | null} search @param {Row} row */
export const isOrigin = (search, { source }) => search?.by === 'image' && search.file === source.file;

/** How alike a row is to the image of the search; undefined while it is not encoded. @param {Search | null} search @param {Row} row */
export function likenessOf(search, row) {
  if (search?.by !== 'image') return undefined;
  if (isOrigin(search, row)) return 1;
  return row.embedding ? cosine(search.embedding, row.embedding) : undefined;
}

/** The findings of the table's columns: the one that is searched for first. @param {{search: Search | null}} series @param {readonly string[]} findings @returns {readonly string[]} */
export const columnsOf = ({ search }, findings) =>
  search?.by === 'text' ? [search.finding, ...findings.filter((finding) => finding !== search.finding)] : findings;

/** Whether a row has what its rank is computed from. @param {Search} search @param {Row} row */
export const isRanked = (search, row) =>
  search.by === 'text' ? row.marks.has(search.finding) : likenessOf(search, row) !== undefined;

/** Whether a row in sight still lacks the map of what is searched for. @param {Search} search @param {Row} row */
export const lacksMap = (search, { map }) => search.by === 'text' && map?.finding !== search.finding;

/** How far a search is. @param {Search} search @param {readonly Row[]} rows */
export function searchedOf(search, rows) {
  const readable = rows.filter(({ state }) => state !== 'failed');
  return { total: readable.length, done: readable.filter((row) => isRanked(search, row)).length };
}
