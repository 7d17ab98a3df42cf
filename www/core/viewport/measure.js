/**
 * Lengths. A line's ends are in fractions of the picture, so that it follows every view.
 *
 * @typedef {import('./transform.js').Point} Point
 * @typedef {{from: Point, to: Point}} Line
 * @typedef {Line & {moves?: Line}} Draft A line under way, and the one that it shall replace
 */

import { number, t } from '../i18n.js';

const NEAR = 12; // CSS pixels from an end within which it is grabbed
const SHORT = 3; // CSS pixels; a shorter line is a slip of the hand

/** In millimetres where the spacing is known, else in pixels. @param {Line} line @param {import('./transform.js').Size} grid @param {[row: number, column: number] | null} spacing @returns {{value: number, unit: 'mm' | 'px'}} */
export function lengthOf({ from, to }, { width, height }, spacing) {
  const [row, column] = spacing ?? [1, 1];
  return {
    value: Math.hypot((to.x - from.x) * width * column, (to.y - from.y) * height * row),
    unit: spacing ? 'mm' : 'px',
  };
}

/** @param {{value: number, unit: string}} length */
export const lengthInWords = ({ value, unit }) =>
  `${number(value, { minimumFractionDigits: unit === 'mm' ? 1 : 0, maximumFractionDigits: unit === 'mm' ? 1 : 0, useGrouping: false })} ${unit}`;

/** How a length is to be read. @param {[number, number] | null} spacing */
export const unitNote = (spacing) => (spacing ? t('viewer.millimetres') : t('viewer.pixels'));

/** @param {Point} point @returns {Point} Moved into the picture */
export const inside = ({ x, y }) => ({ x: Math.max(0, Math.min(1, x)), y: Math.max(0, Math.min(1, y)) });

/** @param {Line} line @param {(part: Point) => Point} place To CSS pixels */
export function isSlip({ from, to }, place) {
  const [one, two] = [place(from), place(to)];
  return Math.hypot(one.x - two.x, one.y - two.y) < SHORT;
}

/** The lines with a finished draft; if that is a slip, they stay as they were. @param {readonly Line[]} lines @param {Draft} draft @param {(part: Point) => Point} place */
export function linesWith(lines, { from, to, moves }, place) {
  return isSlip({ from, to }, place) ? lines : [...lines.filter((line) => line !== moves), { from, to }];
}

/**
 * The line whose end is near, turned so that this end is its `to`.
 *
 * @param {readonly Line[]} lines @param {Point} point CSS pixels @param {(part: Point) => Point} place
 * @returns {{line: Line, from: Point} | null} The line as it is, and the end that stays
 */
export function grab(lines, point, place) {
  let best = null;
  let least = NEAR;
  for (const line of lines) {
    for (const [end, from] of [
      [line.to, line.from],
      [line.from, line.to],
    ]) {
      const { x, y } = place(end);
      const distance = Math.hypot(x - point.x, y - point.y);
      if (distance <= least) [best, least] = [{ line, from }, distance];
    }
  }
  return best;
}
