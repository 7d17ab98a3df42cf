/**
 * The scores on show, ready to be written down.
 *
 * @typedef {{image: string, width: number, height: number, verdict?: import('../state.js').Verdict, error: string, scores: import('../series/table.js').Mark[]}} Record
 */
import { tell } from '../i18n.js';
import { rowsOnShow } from '../series/table.js';

/** In every table that leaves this page; tables are in English. */
export const PURPOSE = 'For teaching and research, not for diagnosis';

/** A number of the model, which is an f32, in its shortest form. @param {number | undefined} value @returns {number | undefined} */
export const short = (value) => (value === undefined ? undefined : Number(value.toPrecision(7)));

/** @param {readonly string[]} findings @param {ReadonlyMap<string, import('../series/table.js').Mark>} scores */
const inOrder = (findings, scores) => findings.flatMap((finding) => scores.get(finding) ?? []);

/** Of the rows that pass the filter, where the table is on show; else of the image in the viewer. @param {import('../state.js').State} state @returns {Record[]} */
export function recordsOf({ series, picture, findings, scores }) {
  if (series?.shown) {
    return rowsOnShow(series, findings).filter(({ state }) => state !== 'waiting')
      .map(({ name, width, height, verdict, error, marks }) => ({ image: name, width, height, verdict, error, scores: inOrder(findings, marks) }));
  }
  if (!picture) return [];
  const own = inOrder(findings, scores).filter((score) => /** @type {any} */ (score).picture === picture.id);
  return own.length ? [{ image: tell(picture.name), width: picture.width, height: picture.height, verdict: picture.verdict, error: '', scores: own }] : [];
}
