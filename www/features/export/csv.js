/** Scores as CSV by RFC 4180, a line for each image and finding. */
import { harmless, linesOf } from '../../core/csv.js';
import { PURPOSE, referenceOf, short } from '../../core/written.js';
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
  'search',
  'likeness',
  'model',
  'version',
  'sha256',
  'reference',
  'note',
];
/** @param {string | number | undefined} value */
const spared = (value) => (typeof value === 'string' ? harmless(value) : value);

/** "lateral; body-part KNEE". @param {import('../../core/state.js').Warning[]} warnings */
const listed = (warnings) =>
  warnings.map(({ code, ...values }) => [code, ...Object.values(values)].join(' ')).join('; ');

/** @param {import('./records.js').Record[]} records @param {{title: string, version: string, sha256?: string, population?: string, ownImages?: number}} model @param {import('./records.js').Searched | null} [searched] */
export function csvOf(records, { title, version, sha256, ...info }, searched = null) {
  const search = !searched ? '' : 'like' in searched ? `like ${searched.like}` : searched.finding;
  const reference = referenceOf(info) ?? '';
  const rows = records.flatMap(({ image, side, verdict, warnings, error, likeness, scores }) => {
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
        search,
        short(likeness),
        title,
        version,
        sha256,
        reference,
        PURPOSE,
      ];
    });
  });
  return linesOf([COLUMNS, ...rows.map((row) => row.map(spared))]);
}
