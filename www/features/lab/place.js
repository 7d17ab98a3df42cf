/** Where parts of a synthetic chest are on the screen. */
import { hasPicture, matrixOfState } from '../../core/derived.js';
import { applyToBox } from '../../core/viewport/transform.js';

/** Puts an element over a part of the picture, wherever that is on show. @param {import('../../core/state.js').State} state @param {HTMLElement} element @param {import('../../core/viewport/transform.js').Box} part */
export function cover(state, element, { x, y, width, height }) {
  if (!hasPicture(state)) return { x: 0, y: 0, width: 0, height: 0 };
  const { grid } = state.picture;
  const box = applyToBox(matrixOfState(state), {
    x: x * grid.width,
    y: y * grid.height,
    width: width * grid.width,
    height: height * grid.height,
  });
  for (const [side, size] of Object.entries({ left: box.x, top: box.y, width: box.width, height: box.height }))
    element.style.setProperty(side, `${size}px`);
  return box;
}
