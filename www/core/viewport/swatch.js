/** A piece of a contour's line, for the legends. */
import { createSvg } from '../dom.js';
import { STYLES } from './contours.js';

/** @param {number} place */
export const strokeOf = (place) => ({ stroke: STYLES[place].colour, 'stroke-dasharray': STYLES[place].dash });

/** @param {Element} svg @param {number} place Or -1 for none */
export function drawSwatch(svg, place) {
  svg.setAttribute('viewBox', '0 0 34 12');
  svg.replaceChildren(...(place < 0 ? [] : [createSvg('path', { d: 'M2 6H32', ...strokeOf(place) })]));
}

/** @param {number} place */
export function createSwatch(place) {
  const svg = createSvg('svg', { class: 'swatch', 'aria-hidden': 'true' });
  drawSwatch(svg, place);
  return svg;
}
