/**
 * The values of a picture, and how a window turns them into greys.
 *
 * @typedef {Uint8Array | Uint16Array | Int16Array} Values
 * @typedef {{center: number, width: number}} Window As DICOM has it (PS3.3 C.11.2.1.2.1, linear)
 */

const SAMPLES = 1e6; // values looked at for the distribution
const BAND = 256; // rows painted at a time, so that no second copy of the picture in colour is held
const SMALLEST = 5; // halvings at most

/**
 * The presets, by key; their words are `preset.` and the key. A radiograph's values have no common unit as those of CT
 * have, so all presets but the first take their limits from the picture itself: `parts` are quantiles of its values.
 *
 * @type {{key: string, parts?: [low: number, high: number]}[]}
 */
export const PRESETS = [
  { key: '1' },
  { key: '2', parts: [0.01, 0.99] },
  { key: '3', parts: [0.01, 0.6] },
  { key: '4', parts: [0.35, 0.998] },
  { key: '5', parts: [0.2, 0.8] },
];

/** The window from `low` to `high`. @param {number} low @param {number} high @returns {Window} */
export function windowBetween(low, high) {
  const width = Math.max(2, high - low + 1);
  return { center: low + width / 2, width };
}

/** A window as fractions of the range of values, so that it can be carried to other values. @param {Window} window @param {{low: number, high: number}} range @returns {[center: number, width: number]} */
export const partsOfWindow = ({ center, width }, { low, high }) => [
  (center - low) / (high - low + 1),
  width / (high - low + 1),
];

/** The inverse of `partsOfWindow`. @param {[center: number, width: number]} parts @param {{low: number, high: number}} range @returns {Window} */
export const windowFromParts = ([center, width], { low, high }) => ({
  center: low + center * (high - low + 1),
  width: width * (high - low + 1),
});

/** @param {Window} window @param {{low: number, high: number}} from @param {{low: number, high: number}} to @returns {Window} */
export const carryWindow = (window, from, to) =>
  from.low === to.low && from.high === to.high ? window : windowFromParts(partsOfWindow(window, from), to);

/** The grey, 0 to 1, of a value. @param {number} value @param {Window} window */
export const greyOf = (value, { center, width }) =>
  Math.max(0, Math.min(1, (value - (center - 0.5)) / (width - 1) + 0.5));

/** How often a picture may be halved and still have a pixel for each one of the screen. @param {number} scale Device pixels for one of the picture */
export const levelFor = (scale) => Math.max(0, Math.min(SMALLEST, Math.floor(-Math.log2(scale) + 1e-6)));

/** Means of two by two. At an odd end the last one counts twice. @param {{values: Values, width: number, height: number}} level @returns {{values: Values, width: number, height: number}} */
export function halve({ values, width, height }) {
  const half = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const means = values.slice(0, half.width * half.height); // an array of the same type, which is overwritten
  for (let y = 0, i = 0; y < half.height; y++) {
    const upper = 2 * y * width;
    const lower = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < half.width; x++, i++) {
      const left = 2 * x;
      const right = Math.min(left + 1, width - 1);
      means[i] = (values[upper + left] + values[upper + right] + values[lower + left] + values[lower + right] + 2) >> 2;
    }
  }
  return { ...half, values: means };
}

export class Pixels {
  /** Each half as wide as the one before, so that a reduced picture shows no aliasing. */
  #levels;
  #low = 0;
  #high = 255;
  /** @type {Uint32Array | null} */ #counts = null;
  /** @type {Map<string, Window>} */ #presets = new Map();

  /**
   * @param {{values: Uint8Array | Uint16Array | Int16Array, width: number, height: number,
   *   spacing?: [row: number, column: number] | null, window?: Window | null}} decoded
   *   `spacing`: millimetres from row to row and from column to column. `window`: the one to open with.
   */
  constructor({ values, width, height, spacing = null, window = null }) {
    this.#levels = [{ values, width, height }];
    this.width = width;
    this.height = height;
    this.spacing = spacing;
    if (!(values instanceof Uint8Array)) {
      this.#low = this.#high = values[0];
      for (const value of values) {
        if (value < this.#low) this.#low = value;
        else if (value > this.#high) this.#high = value;
      }
    }
    /** The window that the picture opens with. @type {Window} */
    this.window = window ?? windowBetween(this.#low, this.#high);
  }

  /** The least and the greatest value: 0 and 255 for 8 bits, else those in the picture. */
  get range() {
    return { low: this.#low, high: this.#high };
  }

  /** How much taller than wide a pixel is. */
  get aspect() {
    return this.spacing ? this.spacing[0] / this.spacing[1] : 1;
  }

  /** @param {string} key @returns {Window} */
  preset(key) {
    const known = this.#presets.get(key);
    if (known) return known;
    const parts = PRESETS.find((preset) => preset.key === key)?.parts;
    const window = parts
      ? windowBetween(this.#quantile(parts[0], this.#low), this.#quantile(parts[1], this.#high))
      : this.window;
    this.#presets.set(key, window);
    return window;
  }

  /** @param {Window} window Limited to what makes sense for these values. @returns {Window} */
  clamp({ center, width }) {
    const span = this.#high - this.#low + 1;
    return {
      center: Math.max(this.#low - span / 2, Math.min(this.#high + span / 2, center)),
      width: Math.max(2, Math.min(3 * span, width)),
    };
  }

  /** The grey, 0 to 255, of every value from `range.low` on. @param {Window} window @param {boolean} invert */
  lookup(window, invert) {
    const greys = new Uint8Array(this.#high - this.#low + 1);
    for (let i = 0; i < greys.length; i++) {
      const grey = greyOf(this.#low + i, window);
      greys[i] = Math.round(255 * (invert ? 1 - grey : grey));
    }
    return greys;
  }

  /**
   * Paints all of it, halved as often as `level` says, and sizes the canvas to that.
   *
   * @param {CanvasRenderingContext2D} context @param {Window} window @param {boolean} invert @param {number} level
   * @returns {import('./transform.js').Size} What the canvas covers, in pixels of the picture
   */
  paint(context, window, invert, level) {
    while (this.#levels.length <= level) this.#levels.push(halve(this.#levels[this.#levels.length - 1]));
    const { values, width, height } = this.#levels[level];
    const { canvas } = context;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const colours = Uint32Array.from(this.lookup(window, invert), (grey) => 0xff000000 | (grey * 0x010101)); // little-endian ABGR
    const band = new ImageData(width, Math.min(BAND, height));
    const rgba = new Uint32Array(band.data.buffer);
    const low = this.#low;
    for (let top = 0; top < height; top += BAND) {
      const rows = Math.min(BAND, height - top);
      for (let i = 0, from = top * width; i < rows * width; i++) rgba[i] = colours[values[from + i] - low];
      context.putImageData(band, 0, top, 0, 0, width, rows);
    }
    return { width: width * 2 ** level, height: height * 2 ** level };
  }

  /** A quantile of the values. The lowest and the highest value do not count, so that black or white borders do not. @param {number} part @param {number} otherwise The result if there are no other values */
  #quantile(part, otherwise) {
    const counts = (this.#counts ??= this.#distribution());
    const all = counts.reduce((sum, count) => sum + count, 0);
    if (!all) return otherwise;
    let [sum, value] = [0, 0];
    while (sum + counts[value] < part * all) sum += counts[value++];
    return this.#low + value;
  }

  #distribution() {
    const [{ values }] = this.#levels;
    const counts = new Uint32Array(this.#high - this.#low + 1);
    const step = Math.max(1, Math.floor(values.length / SAMPLES));
    for (let i = 0; i < values.length; i += step) counts[values[i] - this.#low]++;
    counts[0] = counts[counts.length - 1] = 0;
    return counts;
  }
}
