/** Numbers in words, in the page's language. */
import { language, listed, modelText, number, percent, plural, pluralRule, t, tell } from './i18n.js';

/** @type {Partial<Record<Intl.LDMLPluralRule, string>>} */
const SUFFIXES = { one: 'st', two: 'nd', few: 'rd' };

const QUOTED_MAX = 40; // characters

/** A text on one line. @param {string} text */
export const tidy = (text) => text.replace(/[\p{C}\s]+/gu, ' ').trim();

/** The beginning of a text, to tell which one is meant. @param {string} text */
export function shortened(text) {
  const characters = [...tidy(text)];
  return characters.length > QUOTED_MAX ? `${characters.slice(0, QUOTED_MAX).join('')}…` : characters.join('');
}

/** A message that stands by itself. Errors are written to follow a colon, and so begin in lower case; a file's name at the beginning stays as it is. @param {import('./i18n.js').Message} message */
export function asSentence(message) {
  const text = tell(message);
  const isError = typeof message === 'object' && 'key' in message && message.key.startsWith('error.');
  return isError ? text.replace(/^\p{Ll}+(?=[\s,])/u, (word) => word.charAt(0).toUpperCase() + word.slice(1)) : text;
}

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
export function warningInWords(warning) {
  const { code, ...values } = warning;
  if ('share' in warning) return t(`warning.${code}`, { share: percent(Math.floor(100 * warning.share) / 100) }); // rounded down, as 100 % would be a whole file
  return t(`warning.${code}`, values);
}

/** Numbers as the viewer writes them, with nothing between thousands. @param {Record<string, string | number | boolean>} values @returns {Record<string, string>} */
const ungrouped = (values) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? number(value, { useGrouping: false, maximumFractionDigits: 4 }) : String(value),
    ]),
  );

/** @param {import('./state.js').Note} note */
export const noteInWords = ({ code, ...values }) => t(`note.${code}`, ungrouped(values));

/** Which images scores are ranked among: the model's, or a person's own by their name. @param {{population?: string, ownImages?: number}} info */
export const populationInWords = ({ population = '', ownImages }) =>
  ownImages === undefined ? modelText(population) : t('population.own', { name: population, images: ownImages });

/** The model, its version and hash, and the images that its percentiles are among. @param {{title: string, version: string, sha256?: string, population?: string, ownImages?: number}} info @param {boolean} [ranked] Whether percentiles are shown */
export function modelInWords({ title, version, sha256, ...info }, ranked = true) {
  const model = { title, version: sha256 ? `${version} (${sha256.slice(0, 12)})` : version };
  return ranked && info.population
    ? t('figure.modelReference', { ...model, population: populationInWords(info) })
    : t('figure.model', model);
}

/** Which part of a picture the model sees. @param {{resize: string, margin: number}} model See `ImageConfig` in src/radiograph/preprocess.rs */
export const viewInWords = ({ resize, margin }) => t(`model.view.${resize}`, { margin: percent(margin) });

/** The key of the words for a fact that the file has in numbers. @param {Exclude<import('./state.js').Fact, {value: string}>} fact */
function measuredKey(fact) {
  if (fact.code === 'spacing') return fact.atDetector ? 'fact.spacing.detector' : 'fact.spacing.patient';
  if (fact.code === 'bits') return fact.signed ? 'fact.bits.signed' : 'fact.bits.unsigned';
  return 'fact.matrix.size';
}

/** A fact's name, and its value. @param {import('./state.js').Fact} fact @returns {[string, string]} */
export const factInWords = (fact) => [
  t(`fact.${fact.code}`),
  'value' in fact ? fact.value : t(measuredKey(fact), ungrouped({ ...fact })),
];

/**
 * Reasons to doubt an image's scores: from its file, and then from what it looks like.
 *
 * @param {{warnings: import('./state.js').Warning[], verdict?: import('./state.js').Verdict, source?: import('./state.js').Source}} image
 * @returns {import('./state.js').Warning[]}
 */
export function warningsOf({ warnings, verdict, source }) {
  if (source && 'phantom' in source) return [...warnings, { code: 'drawing' }];
  /** @type {import('./state.js').Warning[]} */ const looks = [];
  if (source && 'negative' in source && source.negative) looks.push({ code: 'negative' });
  if (verdict && verdict !== 'familiar') looks.push({ code: verdict });
  return [...warnings, ...looks];
}

/** These reasons in sentences. @param {Parameters<typeof warningsOf>[0]} image */
export const cautions = (image) => warningsOf(image).map(warningInWords);

/** Kinds of files for which there is advice, as they may hold pictures in another way; by the advice's key. */
const ADVICE = { zip: /^(ZIP|7Z|RAR|GZ|TGZ|TAR)$/, pdf: /^PDF$/, dicom: /^DICOM/ };

/** "12 files are not images: 8 PDF, 4 ZIP." and what can be done. @param {import('./files.js').Left} left */
export function leftInWords(left) {
  const kinds = Object.entries(left).sort(
    ([kind, one], [other, two]) => two - one || Number(!kind) - Number(!other) || (kind < other ? -1 : 1),
  );
  const all = kinds.reduce((sum, [, count]) => sum + count, 0);
  if (!all) return '';
  const counted = listed(kinds.map(([kind, count]) => t('left.kind', { count, kind: kind || t('left.other') })));
  const advice = Object.entries(ADVICE)
    .filter(([, pattern]) => kinds.some(([kind]) => pattern.test(kind)))
    .map(([key]) => t(`left.${key}`));
  return [plural('left.files', all, { kinds: counted }), ...advice].join(' ');
}

/** @param {number} bytes */
export function megabytes(bytes) {
  const value = bytes / 1e6;
  const digits = value >= 100 ? 0 : 1;
  return number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A number with a true minus sign, unless it is rounded to zero. @param {number} value @param {number} [digits] */
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
