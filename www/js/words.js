/** Numbers in words. */

/** @param {number} value */
export function ordinal(value) {
  const tens = value % 100;
  const suffix = tens > 10 && tens < 14 ? 'th' : ['th', 'st', 'nd', 'rd'][value % 10] ?? 'th';
  return `${value}${suffix}`;
}

/** "87th", never "0th" or "100th". @param {number} percentile 0..100 */
export function standing(percentile) {
  if (percentile < 1) return '<1st';
  return percentile >= 99.5 ? '>99th' : ordinal(Math.round(percentile));
}

/** @param {number} percentile 0..100 */
export function reading(percentile) {
  if (percentile <= 0) return 'Lower than all reference images';
  if (percentile >= 100) return 'Higher than all reference images';
  if (percentile < 1) return 'Higher than less than 1 % of reference images';
  if (percentile >= 99.5) return 'Higher than more than 99 % of reference images';
  return `Higher than ${Math.round(percentile)} % of reference images`;
}

/** @param {number} bytes */
export function megabytes(bytes) {
  const value = bytes / 1e6;
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

/** @param {number} value */
export const signed = (value) => value.toFixed(2).replace('-', '−');

/** @param {number} milliseconds */
export const duration = (milliseconds) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
