/** Numbers in words, in the page's language. */
import { language, number, percent, plural, pluralRule, t } from './i18n.js';

/** @type {Partial<Record<Intl.LDMLPluralRule, string>>} */
const SUFFIXES = { one: 'st', two: 'nd', few: 'rd' };

/** "87th" in English, "87" in Japanese. @param {number} value */
export function ordinal(value) {
  if (language() !== 'en') return number(value);
  return `${number(value)}${SUFFIXES[pluralRule(value, { type: 'ordinal' })] ?? 'th'}`;
}

/** A percentile as it is written: 0 stands for less than 1, and 100 for more than 99. @param {number} percentile 0..100 */
export const rounded = (percentile) => (percentile < 1 ? 0 : Math.round(percentile));

/** "87th", never "0th" or "100th". @param {number} percentile 0..100 */
export function standing(percentile) {
  const whole = rounded(percentile);
  if (whole < 1) return `<${ordinal(1)}`;
  return whole > 99 ? `>${ordinal(99)}` : ordinal(whole);
}

/** @param {number} percentile 0..100 */
export function reading(percentile) {
  if (percentile <= 0) return t('reading.lowest');
  if (percentile >= 100) return t('reading.highest');
  const whole = rounded(percentile);
  if (whole < 1) return t('reading.below', { share: percent(0.01) });
  if (whole > 99) return t('reading.above', { share: percent(0.01) });
  return t('reading.share', { share: percent(whole / 100) });
}

/** @param {import('./state.js').Warning} warning */
export function warningInWords({ code, ...values }) {
  if (code === 'damaged') values.share = percent(Math.floor(100 * Number(values.share)) / 100); // 100 % is the whole
  return t(`warning.${code}`, values);
}

/** Numbers as the viewer writes them, with nothing between thousands. @param {Record<string, string | number>} values */
const ungrouped = (values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? number(value, { useGrouping: false, maximumFractionDigits: 4 }) : value,
    ]),
  );

/** @param {import('./state.js').Note} note */
export const noteInWords = ({ code, ...values }) => t(`note.${code}`, ungrouped(values));

/** Which part of a picture the model sees. @param {{resize: string, margin: number}} model See `ImageConfig` in src/radiograph/preprocess.rs */
export const viewInWords = ({ resize, margin }) => t(`model.view.${resize}`, { margin: percent(margin) });

/** Facts whose values the file has as numbers: the key of their words. @type {Record<string, (values: Record<string, any>) => string>} */
const MEASURED = {
  matrix: () => 'fact.matrix.size',
  spacing: ({ atDetector }) => (atDetector ? 'fact.spacing.detector' : 'fact.spacing.patient'),
  bits: ({ signed: below }) => (below ? 'fact.bits.signed' : 'fact.bits.unsigned'),
};

/** A fact's name, and its value. @param {import('./state.js').Fact} fact @returns {[string, string]} */
export const factInWords = ({ code, ...values }) => [
  t(`fact.${code}`),
  Object.hasOwn(MEASURED, code) ? t(MEASURED[code](values), ungrouped(values)) : values.value,
];

/**
 * What speaks against an image's scores: what its file says, and then its looks.
 *
 * @param {{warnings: import('./state.js').Warning[], verdict?: import('./state.js').Verdict, source?: import('./state.js').Source}} image
 * @returns {import('./state.js').Warning[]}
 */
export function warningsOf({ warnings, verdict, source }) {
  const drawn = source && 'phantom' in source && ['unusual', 'unfamiliar'].includes(verdict ?? '');
  if (drawn) return [...warnings, { code: 'drawing' }];
  const looks = [source && 'negative' in source && source.negative && 'negative', verdict !== 'familiar' && verdict];
  return [...warnings, ...looks.flatMap((code) => (code ? [{ code }] : []))];
}

/** The same in sentences. @param {Parameters<typeof warningsOf>[0]} image */
export const cautions = (image) => warningsOf(image).map(warningInWords);

/** Kinds of files that hold pictures in another way, or none, and what can be done. */
const ADVICE = { zip: /^(ZIP|7Z|RAR|GZ|TGZ|TAR)$/, pdf: /^PDF$/, dicom: /^DICOM/ };

/** "12 files are not images: 8 PDF, 4 ZIP." and what can be done. @param {import('./files.js').Left} left */
export function leftInWords(left) {
  const kinds = Object.entries(left).sort(
    ([kind, one], [other, two]) => two - one || Number(!kind) - Number(!other) || (kind < other ? -1 : 1),
  );
  const all = kinds.reduce((sum, [, count]) => sum + count, 0);
  if (!all) return '';
  const listed = kinds.map(([kind, count]) => t('left.kind', { count, kind: kind || t('left.other') })).join(', ');
  const advice = Object.entries(ADVICE)
    .filter(([, pattern]) => kinds.some(([kind]) => pattern.test(kind)))
    .map(([key]) => t(`left.${key}`));
  return [plural('left.files', all, { kinds: listed }), ...advice].join(' ');
}

/** @param {number} bytes */
export function megabytes(bytes) {
  const value = bytes / 1e6;
  const digits = value >= 100 ? 0 : 1;
  return number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** With a minus below zero, where a digit says so. @param {number} value @param {number} [digits] */
export const signed = (value, digits = 2) =>
  number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: 'negative' }).replace(
    '-',
    '−',
  );

/** @param {number} milliseconds */
export const duration = (milliseconds) =>
  milliseconds < 1000
    ? t('duration.ms', { value: Math.round(milliseconds) })
    : t('duration.s', { value: number(milliseconds / 1000, { minimumFractionDigits: 1, maximumFractionDigits: 1 }) });
