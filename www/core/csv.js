/** Tables as CSV by RFC 4180. */

/** What a spreadsheet takes for a formula, also written with full-width characters. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

/** A text that a spreadsheet does not take for a formula. @param {string} text */
export const harmless = (text) => (FORMULA.test(text) ? `'${text}` : text);

/** @param {string | number | undefined} value */
function field(value) {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {readonly (readonly (string | number | undefined)[])[]} rows */
export const linesOf = (rows) => rows.map((row) => `${row.map(field).join(',')}\r\n`).join('');
