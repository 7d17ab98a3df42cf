/**
 * A map of patches as pixels, painted as src/engine/heatmap.rs does for the command line. Pure arithmetic.
 *
 * @typedef {{size: number, rgba: Uint8ClampedArray<ArrayBuffer>}} Painted `size * size` pixels, row by row
 */

const SIZE = 336;

/** The values of the first and the last colour: the map's median and its maximum. @param {Float32Array} map @returns {[low: number, high: number]} */
function rangeOf(map) {
  const sorted = map.slice().sort();
  return [sorted[sorted.length >> 1], sorted[sorted.length - 1]];
}

/** The map scaled so that `low`, and all below it, is 0 and `high` is 1; a flat map is all 0. @param {Float32Array} map @param {[low: number, high: number]} range */
function scaled(map, [low, high]) {
  const range = high - low;
  if (!(range > 0 && Number.isFinite(range))) return new Float32Array(map.length);
  return map.map((value) => Math.max(0, (value - low) / range));
}

/** For each new pixel along one axis the four patches around it, and their weights: a Catmull-Rom spline. @param {number} side @param {number} size */
const tapsOf = (side, size) =>
  Array.from({ length: size }, (_, i) => {
    const place = Math.max(0, Math.min(side - 1, ((i + 0.5) / size) * side - 0.5));
    const first = Math.floor(place);
    const t = place - first;
    return {
      patches: [-1, 0, 1, 2].map((step) => Math.max(0, Math.min(side - 1, first + step))),
      weights: [
        t * (-0.5 + t * (1 - 0.5 * t)),
        1 + t * t * (-2.5 + 1.5 * t),
        t * (0.5 + t * (2 - 1.5 * t)),
        t * t * (-0.5 + 0.5 * t),
      ],
    };
  });

/**
 * Paints a map over the square that the model saw.
 *
 * @param {Float32Array} map A square of patches, row by row
 * @param {Uint8ClampedArray} ramp A palette's colours from low to high, RGBA
 * @param {number} [size] Pixels a side
 * @param {[low: number, high: number]} [range] Values of the first colour and of the last; the same for several maps on one scale
 * @returns {Painted}
 */
export function paintMap(map, ramp, size = SIZE, range = rangeOf(map)) {
  const side = Math.round(Math.sqrt(map.length));
  const values = scaled(map, range);
  const taps = tapsOf(side, size);
  const mean = (/** @type {number[]} */ weights, /** @type {(i: number) => number} */ value) =>
    weights.reduce((sum, weight, i) => sum + weight * value(i), 0);
  // First across, then down.
  const across = new Float32Array(side * size);
  for (let y = 0; y < side; y++)
    taps.forEach(({ patches, weights }, x) => {
      across[y * size + x] = mean(weights, (i) => values[y * side + patches[i]]);
    });
  const colours = new Uint32Array(ramp.buffer, ramp.byteOffset, ramp.length / 4);
  const pixels = new Uint32Array(size * size);
  taps.forEach(({ patches: [a, b, c, d], weights: [p, q, r, s] }, y) => {
    for (let x = 0; x < size; x++) {
      const at = (/** @type {number} */ row) => across[row * size + x];
      const value = Math.max(0, Math.min(1, p * at(a) + q * at(b) + r * at(c) + s * at(d)));
      pixels[y * size + x] = colours[Math.round(value * (colours.length - 1))];
    }
  });
  return { size, rgba: new Uint8ClampedArray(pixels.buffer) };
}
