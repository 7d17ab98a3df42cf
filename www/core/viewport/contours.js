/**
 * Contour lines of a map of patches, by marching squares. Pure arithmetic: coordinates are fractions of the square
 * that the map covers, from 0 to 1.
 *
 * @typedef {import('./transform.js').Point} Point
 */

export const CONTOURS_MAX = 5;
/** Okabe and Ito's colours that stand out on dark greys, each with dashes of its own. */
export const STYLES = Object.freeze([
  { colour: '#e69f00', dash: 'none' },
  { colour: '#56b4e9', dash: '9 4' },
  { colour: '#f0e442', dash: '2 4' },
  { colour: '#2fc59b', dash: '12 4 2 4' },
  { colour: '#e59cc6', dash: '5 3' },
]);
const FINENESS = 8; // samples from one patch's middle to the next; even, so that middles are sampled

/** Half-way between the median and the highest value. @param {ArrayLike<number>} map */
export function levelOf(map) {
  const sorted = Float64Array.from(map).sort();
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
  return (median + sorted[sorted.length - 1]) / 2;
}

/** Bilinear between the patches' middles, constant outside of them. @param {ArrayLike<number>} map @param {number} side @returns {{values: Float64Array, size: number}} `size` samples from edge to edge */
export function refine(map, side) {
  const size = side * FINENESS + 1;
  const places = Array.from({ length: size }, (_, i) => {
    const at = Math.max(0, Math.min(side - 1, i / FINENESS - 0.5));
    const low = Math.min(Math.floor(at), Math.max(0, side - 2));
    return { low, high: Math.min(low + 1, side - 1), part: at - low };
  });
  const values = new Float64Array(size * size);
  places.forEach((row, y) =>
    places.forEach((column, x) => {
      const across = (/** @type {number} */ line) =>
        map[line * side + column.low] * (1 - column.part) + map[line * side + column.high] * column.part;
      values[y * size + x] = across(row.low) * (1 - row.part) + across(row.high) * row.part;
    }),
  );
  return { values, size };
}

/** Edges of a cell that a line joins, by the corners above the level: 1 top left, 2 top right, 4 bottom right, 8 bottom left. */
const [TOP, RIGHT, BOTTOM, LEFT] = [0, 1, 2, 3];
const JOINS = [
  [],
  [[LEFT, TOP]],
  [[TOP, RIGHT]],
  [[LEFT, RIGHT]],
  [[RIGHT, BOTTOM]],
  [],
  [[TOP, BOTTOM]],
  [[LEFT, BOTTOM]],
  [[BOTTOM, LEFT]],
  [[BOTTOM, TOP]],
  [],
  [[BOTTOM, RIGHT]],
  [[RIGHT, LEFT]],
  [[RIGHT, TOP]],
  [[TOP, LEFT]],
  [],
];
/** Saddles: two opposite corners are above the level. The mean of all four says whether the two are joined or apart. */
/** @type {Record<number, {apart: number[][], together: number[][]}>} */
const SADDLES = {
  5: {
    apart: [
      [LEFT, TOP],
      [RIGHT, BOTTOM],
    ],
    together: [
      [RIGHT, TOP],
      [LEFT, BOTTOM],
    ],
  },
  10: {
    apart: [
      [TOP, RIGHT],
      [BOTTOM, LEFT],
    ],
    together: [
      [TOP, LEFT],
      [BOTTOM, RIGHT],
    ],
  },
};

/** Lines along which a grid of samples crosses a level; closed ones end where they begin. @param {ArrayLike<number>} values @param {number} size @param {number} level @returns {Point[][]} */
export function linesAt(values, size, level) {
  /** The grid edges that the lines cross, and those that they go on to, by number: twice the first sample, plus 1 for an edge that goes down. @type {Map<number, number[]>} */
  const joined = new Map();
  const join = (/** @type {number} */ one, /** @type {number} */ two) => {
    for (const [from, to] of [
      [one, two],
      [two, one],
    ])
      joined.set(from, [...(joined.get(from) ?? []), to]);
  };
  for (let y = 0; y + 1 < size; y++) {
    for (let x = 0; x + 1 < size; x++) {
      const at = y * size + x;
      const corners = [values[at], values[at + 1], values[at + size + 1], values[at + size]];
      const kind = corners.reduce((sum, value, i) => sum + (value > level ? 1 << i : 0), 0);
      const saddle = SADDLES[kind];
      const mean = corners.reduce((sum, value) => sum + value, 0) / 4;
      const joins = saddle ? saddle[mean > level ? 'together' : 'apart'] : JOINS[kind];
      const edges = [2 * at, 2 * (at + 1) + 1, 2 * (at + size), 2 * at + 1]; // top, right, bottom, left
      for (const [from, to] of joins) join(edges[from], edges[to]);
    }
  }
  const pointOn = (/** @type {number} */ edge) => {
    const at = edge >> 1;
    const [x, y] = [at % size, Math.floor(at / size)];
    const next = edge % 2 ? at + size : at + 1;
    const part = (level - values[at]) / (values[next] - values[at]);
    return { x: (x + (edge % 2 ? 0 : part)) / (size - 1), y: (y + (edge % 2 ? part : 0)) / (size - 1) };
  };
  const seen = new Set();
  const lines = [];
  const joinedTo = (/** @type {number} */ edge) => joined.get(edge) ?? [];
  const starts = [...joined.keys()].sort((one, two) => joinedTo(one).length - joinedTo(two).length); // ends first, so that an open line is followed from one of them
  for (const start of starts) {
    if (seen.has(start)) continue;
    const line = [];
    /** @type {number | undefined} */ let at = start;
    while (at !== undefined) {
      seen.add(at);
      line.push(pointOn(at));
      at = joinedTo(at).find((next) => !seen.has(next));
    }
    if (joinedTo(start).length === 2) line.push(line[0]);
    lines.push(line);
  }
  return lines;
}

/** Contours around the parts where a map is high; none for a flat map. @param {ArrayLike<number>} map @param {number} side @returns {Point[][]} */
export function contoursOf(map, side) {
  const { values, size } = refine(map, side);
  return linesAt(values, size, levelOf(map)).sort((one, two) => two.length - one.length);
}

/** @type {WeakMap<Float32Array, {path: string, longest: Point[] | undefined}>} */
const known = new WeakMap();

/** The contours of a map, computed once: a path of SVG, and the longest of its lines. @param {Float32Array} map @param {number} side */
export function linesOf(map, side) {
  const found = known.get(map);
  if (found) return found;
  const lines = contoursOf(map, side);
  const drawn = { path: pathOf(lines), longest: lines.at(0) };
  known.set(map, drawn);
  return drawn;
}

/** The side of a contour on which its label lies: another one for each colour, so that labels lie apart. @param {number} place Index of the colour */
export const angleOf = (place) => (2 * Math.PI * place) / CONTOURS_MAX - Math.PI / 2;

/** The `d` attribute of an SVG path. @param {Point[][]} lines */
export const pathOf = (lines) =>
  lines.map((line) => `M${line.map(({ x, y }) => `${x.toFixed(4)} ${y.toFixed(4)}`).join('L')}`).join('');

/** The point that lies farthest in a direction. @param {Point[]} points @param {number} angle */
export function farthest(points, angle) {
  const reach = (/** @type {Point} */ { x, y }) => x * Math.cos(angle) + y * Math.sin(angle);
  return points.reduce((best, point) => (reach(point) > reach(best) ? point : best));
}

/**
 * A label's place: its own or, if that overlaps others, the nearest free one that is whole lines below or above it.
 *
 * @param {import('./transform.js').Box[]} others @param {import('./transform.js').Box} box The label's own place @param {number} height Of what it has to stay within
 */
export function clearOf(others, box, height) {
  const apart = (/** @type {import('./transform.js').Box} */ one) =>
    others.every(
      (other) =>
        one.x >= other.x + other.width ||
        other.x >= one.x + one.width ||
        one.y >= other.y + other.height ||
        other.y >= one.y + one.height,
    );
  const lines = Array.from({ length: 4 * others.length + 1 }, (_, i) => (i % 2 ? 1 : -1) * Math.ceil(i / 2));
  return (
    lines
      .map((line) => ({ ...box, y: box.y + line * box.height }))
      .find((place) => place.y >= 0 && place.y + place.height <= height && apart(place)) ?? box
  );
}
