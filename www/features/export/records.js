/**
 * The scores on show, ready to be written to a file, with all reasons to doubt them.
 *
 * @typedef {object} Record
 * @property {string} image @property {'' | 'A' | 'B'} side Of a comparison
 * @property {number} width @property {number} height
 * @property {import('../../core/state.js').Verdict=} verdict @property {import('../../core/state.js').Warning[]} warnings Reasons to doubt the image's scores, what it looks like included
 * @property {string} error @property {import('../../core/table.js').Mark[]} scores
 * @property {number=} likeness To the image of a search
 *
 * @typedef {{finding: string, typed: string} | {like: string}} Searched What a series is ranked by: a finding and the words it was taken from, or likeness to an image by its name
 *
 * @typedef {{image: string, side: '' | 'A' | 'B', error: string, width: number, height: number, verdict?: import('../../core/state.js').Verdict, warnings: import('../../core/state.js').Warning[], negative: boolean}} Source
 */
import { isCompared, isSame, scoresBeside } from '../../core/beside.js';
import { tell } from '../../core/i18n.js';
import { columnsOf, likenessOf } from '../../core/search.js';
import { rowsOnShow } from '../../core/table.js';
import { warningsOf } from '../../core/words.js';

/** @template {import('../../core/table.js').Mark} T @param {readonly string[]} findings @param {ReadonlyMap<string, T>} scores @returns {T[]} */
const inOrder = (findings, scores) => findings.flatMap((finding) => scores.get(finding) ?? []);

/** The record of an image in a viewer, if it is scored. @param {import('../../core/state.js').Picture} picture @param {'' | 'A' | 'B'} side @param {import('../../core/state.js').Score[]} scores @returns {Record[]} */
function recordOfPicture(picture, side, scores) {
  const own = scores.filter((score) => score.picture === picture.id);
  const { name, width, height, verdict } = picture;
  return own.length
    ? [{ image: tell(name), side, width, height, verdict, warnings: warningsOf(picture), error: '', scores: own }]
    : [];
}

/** What the table on show is ranked by. @param {import('../../core/state.js').State} state @returns {Searched | null} */
export function searchedIn({ series }) {
  if (!series?.shown || !series.search) return null;
  const { search } = series;
  return search.by === 'text' ? { finding: search.finding, typed: search.typed } : { like: tell(search.name) };
}

/** Records of the rows that pass the filter, if the table is on show; else of the image in the viewer, and the one beside it. @param {import('../../core/state.js').State} state @returns {Record[]} */
export function recordsOf(state) {
  const { series, picture, findings, scores } = state;
  if (series?.shown) {
    const columns = columnsOf(series, findings);
    return rowsOnShow(series, columns)
      .filter((row) => row.state !== 'waiting')
      .map((row) => ({
        image: row.name,
        side: '',
        width: row.width,
        height: row.height,
        verdict: row.verdict,
        warnings: warningsOf(row),
        error: row.error,
        scores: inOrder(columns, row.marks),
        likeness: likenessOf(series.search, row),
      }));
  }
  if (!picture) return [];
  const own = inOrder(findings, scores);
  if (!isCompared(state) || isSame(state)) return recordOfPicture(picture, '', own);
  return [
    ...recordOfPicture(picture, 'A', own),
    ...recordOfPicture(state.compare.picture, 'B', inOrder(findings, scoresBeside(state))),
  ];
}
