/** Scores as CSV by RFC 4180, a line for each image and finding. */
import { PURPOSE, short } from './records.js';

const COLUMNS = ['image', 'finding', 'prompt', 'logit', 'i2t', 't2i', 'percentile', 'verdict', 'error', 'model', 'version', 'note'];
/** What a spreadsheet takes for a formula, also in its wide forms. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

/** A text that a spreadsheet leaves a text. @param {string} text */
export const harmless = (text) => (FORMULA.test(text) ? `'${text}` : text);

/** @param {string | number | undefined} value */
function field(value) {
  const text = typeof value === 'string' ? harmless(value) : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {import('./records.js').Record[]} records @param {{title: string, version: string}} model */
export function csvOf(records, { title, version }) {
  const rows = records.flatMap(({ image, verdict, error, scores }) => {
    const marks = scores.length ? scores : [/** @type {any} */ ({})];
    return marks.map(({ finding, sentence, logit, i2t, t2i, percentile }) => (
      [image, finding, sentence, short(logit), short(i2t), short(t2i), short(percentile), verdict, error, title, version, PURPOSE]));
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
