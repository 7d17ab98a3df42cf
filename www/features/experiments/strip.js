/** A figure of marks along horizontal lines. */
import { createSvg } from '../../core/dom.js';

const WIDTH = 640;
const MARGIN = 16;

/** @param {number} height @param {string} label What a screen reader says of it */
export const createStrip = (height, label) =>
  createSvg('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label, class: 'strip' });

/** Where a value lies. @param {number} value @param {number} low At the left end @param {number} high At the right end */
export const placeOn = (value, low, high) => MARGIN + ((value - low) / (high - low || 1)) * (WIDTH - 2 * MARGIN);

/** @param {number} y */
export const createAxis = (y) =>
  createSvg('line', { x1: MARGIN, x2: WIDTH - MARGIN, y1: y, y2: y, class: 'strip-axis' });

/** @param {number} x @param {number} y @param {'start' | 'middle' | 'end'} anchor @param {string} words */
export function createLabel(x, y, anchor, words) {
  const text = createSvg('text', { x, y, 'text-anchor': anchor });
  text.textContent = words;
  return text;
}
