/** Picture, map and what the model did not see, in one viewport, all placed by one matrix. */
import { contextOf, onChange } from '../dom.js';
import { matrixOfState, placeOf, seenBox, windowOf } from '../derived.js';
import { levelFor } from './pixels.js';
import { applyToBox, scaleOf } from './transform.js';

/** @typedef {import('./transform.js').Box} Box */

const px = (/** @type {number} */ value) => `${value}px`;

/** @param {HTMLElement} element @param {Record<string, string>} styles */
export function setStyles(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

/** A box's corners, clockwise and closed, for a clip path. @param {Box} box */
function outline({ x, y, width, height }) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(px);
  return `${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom}, ${left} ${top}`;
}

/** @param {Box} box @param {import('./transform.js').Size} size */
const covers = ({ x, y, width, height }, size) =>
  x <= 0 && y <= 0 && x + width >= size.width && y + height >= size.height;

export class Layers {
  #elements;
  #context;
  /** What the picture's canvas covers, in pixels of the grid. */
  covered = { width: 0, height: 0 };

  /** @param {{layers: HTMLElement, picture: HTMLCanvasElement, map: HTMLCanvasElement, unseen: HTMLElement}} elements */
  constructor(elements) {
    this.#elements = elements;
    this.#context = contextOf(elements.picture, { alpha: false });
  }

  /** @param {import('../state.js').Viewed} state @param {number} [magnification] How much closer it is looked at */
  draw(state, magnification = 1) {
    const {
      picture,
      display: { view, invert },
    } = state;
    const scale = (scaleOf(placeOf(state), view) * picture.grid.width) / picture.pixels.width;
    const { center, width } = windowOf(state);
    this.#paint(picture, center, width, invert, levelFor(scale * devicePixelRatio * magnification));
    this.#place(picture, ...matrixOfState(state));
  }

  #paint = onChange(
    (
      /** @type {import('../state.js').Picture} */ { pixels: source, grid },
      /** @type {number} */ center,
      /** @type {number} */ span,
      /** @type {boolean} */ invert,
      /** @type {number} */ level,
    ) => {
      const { width, height } = source.paint(this.#context, { center, width: span }, invert, level);
      this.covered = { width: (width * grid.width) / source.width, height: (height * grid.height) / source.height };
      setStyles(this.#elements.picture, { width: px(this.covered.width), height: px(this.covered.height) });
    },
  );

  #place = onChange(
    (
      /** @type {import('../state.js').Picture} */ picture,
      /** @type {import('./transform.js').Matrix} */ ...matrix
    ) => {
      const { layers, map, unseen } = this.#elements;
      const { grid } = picture;
      setStyles(layers, { width: px(grid.width), height: px(grid.height), transform: `matrix(${matrix.join(', ')})` });
      const seen = seenBox(picture);
      unseen.hidden = !seen || covers(seen, grid);
      if (!seen) return;
      setStyles(map, { left: px(seen.x), top: px(seen.y), width: px(seen.width), height: px(seen.height) });
      const [all, hole] = [{ x: 0, y: 0, ...grid }, seen].map((box) => outline(applyToBox(matrix, box)));
      unseen.style.setProperty('clip-path', `polygon(evenodd, ${all}, ${hole})`);
    },
  );
}
