/**
 * Where the picture lies in the viewport: one affine matrix, which every layer follows.
 *
 * A view is relative (zoom in multiples of the fit, centre in fractions of the picture), so that it survives a resize
 * of the window and a redraw at another resolution.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, height: number}} Size
 * @typedef {Point & Size} Box
 * @typedef {Size & {aspect?: number}} Grid Pixels of the picture, and how much taller than wide one is
 * @typedef {{zoom: number, x: number, y: number, turn: number, mirror: boolean}} View
 *   `mirror` (left to right) comes first, then `turn` quarter turns clockwise; `x` and `y` lie at the viewport's centre.
 * @typedef {[a: number, b: number, c: number, d: number, e: number, f: number]} Matrix As CSS has it: x' = ax + cy + e, y' = bx + dy + f
 * @typedef {{grid: Grid, viewport: Size}} Place
 */

/** @type {View} */
export const FITTED = Object.freeze({ zoom: 1, x: 0.5, y: 0.5, turn: 0, mirror: false });
export const PADDING = 8; // around a fitted picture, in CSS pixels
const ZOOM_MIN = 0.5;
const SCALE_MAX = 16; // CSS pixels for one of the picture

const within = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
  Math.max(low, Math.min(high, value));

/** CSS pixels for one pixel of a fitted picture. @param {Place} place @param {number} turn */
function fitScale({ grid, viewport }, turn) {
  const sides = [grid.width, grid.height * (grid.aspect ?? 1)];
  const [width, height] = turn % 2 ? sides.reverse() : sides;
  return Math.max(1e-6, Math.min((viewport.width - 2 * PADDING) / width, (viewport.height - 2 * PADDING) / height));
}

/** CSS pixels for one pixel of the picture. @param {Place} place @param {View} view */
export const scaleOf = (place, view) => fitScale(place, view.turn) * view.zoom;

/** The matrix from pixels of the picture to CSS pixels of the viewport. @param {Place} place @param {View} view @returns {Matrix} */
export function matrixOf(place, view) {
  const {
    grid: { width, height, aspect = 1 },
    viewport,
  } = place;
  const scale = scaleOf(place, view);
  const [cos, sin] = [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0, -1],
  ][view.turn];
  const side = view.mirror ? -1 : 1;
  const [a, b, c, d] = [side * cos * scale, side * sin * scale, -sin * scale * aspect, cos * scale * aspect];
  const [x, y] = [view.x * width, view.y * height];
  return [a, b, c, d, viewport.width / 2 - a * x - c * y, viewport.height / 2 - b * x - d * y];
}

/** @param {Matrix} matrix @param {Point} point @returns {Point} */
export const apply = ([a, b, c, d, e, f], { x, y }) => ({ x: a * x + c * y + e, y: b * x + d * y + f });

/** @param {Matrix} matrix @returns {Matrix} */
export function inverse([a, b, c, d, e, f]) {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

/** The matrix that takes fractions of a box to where `matrix` takes the box's own coordinates. @param {Matrix} matrix @param {Box} box @returns {Matrix} */
export const matrixWithin = ([a, b, c, d, e, f], { x, y, width, height }) => [
  a * width,
  b * width,
  c * height,
  d * height,
  a * x + c * y + e,
  b * x + d * y + f,
];

/** Where an upright box is taken; quarter turns keep it upright. @param {Matrix} matrix @param {Box} box @returns {Box} */
export function applyToBox(matrix, { x, y, width, height }) {
  const [one, two] = [apply(matrix, { x, y }), apply(matrix, { x: x + width, y: y + height })];
  return {
    x: Math.min(one.x, two.x),
    y: Math.min(one.y, two.y),
    width: Math.abs(two.x - one.x),
    height: Math.abs(two.y - one.y),
  };
}

/** From fractions of the picture to CSS pixels of the viewport. @param {Place} place @param {View} view @param {Point} part @returns {Point} */
export const pointFromPart = (place, view, { x, y }) =>
  apply(matrixOf(place, view), { x: x * place.grid.width, y: y * place.grid.height });

/** From CSS pixels of the viewport to fractions of the picture. @param {Place} place @param {View} view @param {Point} point @returns {Point} */
export function partFromPoint(place, view, point) {
  const { x, y } = apply(inverse(matrixOf(place, view)), point);
  return { x: x / place.grid.width, y: y / place.grid.height };
}

/** The view limited so that the viewport's centre always shows some of the picture. @param {View} view @returns {View} */
const held = (view) => ({ ...view, x: within(view.x, 0, 1), y: within(view.y, 0, 1) });

/** @param {Place} place @param {View} view @param {number} dx @param {number} dy CSS pixels @returns {View} */
export function panBy(place, view, dx, dy) {
  const {
    viewport: { width, height },
  } = place;
  return held({ ...view, ...partFromPoint(place, view, { x: width / 2 - dx, y: height / 2 - dy }) });
}

/** Zooms so that what is under `point` stays there. @param {Place} place @param {View} view @param {Point} point @param {number} factor @returns {View} */
export function zoomAt(place, view, point, factor) {
  const most = Math.max(1, SCALE_MAX / fitScale(place, view.turn));
  const next = { ...view, zoom: within(view.zoom * factor, ZOOM_MIN, most) };
  const moved = pointFromPart(place, next, partFromPoint(place, view, point));
  return panBy(place, next, point.x - moved.x, point.y - moved.y);
}

/** Two fingers: what was under each stays under it, as far as one scale allows. @param {Place} place @param {View} view @param {[Point, Point]} from @param {[Point, Point]} to @returns {View} */
export function pinch(place, view, from, to) {
  const middle = (/** @type {[Point, Point]} */ [one, two]) => ({ x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 });
  const spread = (/** @type {[Point, Point]} */ [one, two]) => Math.max(1, Math.hypot(one.x - two.x, one.y - two.y));
  const [start, end] = [middle(from), middle(to)];
  return panBy(place, zoomAt(place, view, start, spread(to) / spread(from)), end.x - start.x, end.y - start.y);
}

/** A quarter turn clockwise, of what is on show. @param {View} view @returns {View} */
export const turnRight = (view) => ({ ...view, turn: (view.turn + 1) % 4 });

/** Left to right, of what is on show. @param {View} view @returns {View} */
export const flipAcross = (view) => ({ ...view, turn: (4 - view.turn) % 4, mirror: !view.mirror });

/** Upside down, of what is on show. @param {View} view @returns {View} */
export const flipOver = (view) => ({ ...view, turn: (6 - view.turn) % 4, mirror: !view.mirror });
