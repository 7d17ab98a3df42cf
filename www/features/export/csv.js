/** Scores as CSV by RFC 4180, a line for each image and finding. */
import { PURPOSE, short } from '../../core/written.js';
import { isNegated } from '../../core/wording.js';
import { sideOf } from '../../core/zone.js';

const COLUMNS = [
  'image',
  'side',
  'finding',
  'prompt',
  'logit',
  'i2t',
  't2i',
  'percentile',
  'wording',
  'related',
  'negated',
  'zone',
  'verdict',
  'warnings',
  'error',
  'model',
  'version',
  'sha256',
  'reference',
  'note',
];
/** What a spreadsheet takes for a formula, also in its wide forms. */
const FORMULA = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;

/** A text that a spreadsheet leaves a text. @param {string} text */
export const harmless = (text) => (FORMULA.test(text) ? `'${text}` : text);

/** @param {string | number | undefined} value */
function field(value) {
  const text = typeof value === 'string' ? harmless(value) : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** "lateral; body-part KNEE". @param {import('../../core/state.js').Warning[]} warnings */
const listed = (warnings) =>
  warnings.map(({ code, ...values }) => [code, ...Object.values(values)].join(' ')).join('; ');

/** @param {import('./records.js').Record[]} records @param {{title: string, version: string, sha256?: string, population?: string}} model */
export function csvOf(records, { title, version, sha256, population }) {
  const rows = records.flatMap(({ image, side, verdict, warnings, error, scores }) => {
    const marks = scores.length ? scores : [undefined];
    return marks.map((mark) => {
      const wording = mark?.wording;
      return [
        image,
        side,
        mark?.finding,
        mark?.sentence,
        short(mark?.logit),
        short(mark?.i2t),
        short(mark?.t2i),
        short(mark?.percentile),
        wording?.standing,
        wording?.standing === 'related' ? wording.finding : '',
        mark && isNegated(mark) ? 'yes' : '',
        sideOf(mark),
        verdict,
        listed(warnings),
        error,
        title,
        version,
        sha256,
        population,
        PURPOSE,
      ];
    });
  });
  return [COLUMNS, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}
