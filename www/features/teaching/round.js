/**
 * Teaching mode without its elements: what is hidden in a round, and how a learner's view compares with the model's.
 *
 * @typedef {import('../../core/viewport/transform.js').Point} Point
 * @typedef {1 | 2 | 3} Sureness From a hunch to very sure
 * @typedef {object} Round
 * @property {number} rounds Finished before this one
 * @property {Point | null} mark Where the learner sees something, in parts of the picture
 * @property {boolean} clear The learner sees nothing abnormal
 * @property {Readonly<Record<string, Sureness>>} guesses By finding
 * @property {Outcome | null} outcome Once revealed
 *
 * @typedef {object} Outcome What is compared; words are the view's
 * @property {{finding: string, sure: Sureness | 0, score: import('../../core/state.js').Score | undefined, drawn: boolean | null}[]} rows `drawn` is null where nobody knows
 * @property {{finding: string, share: number, distance: number} | 'unseen' | null} map The share of the map that is weaker than at the mark, and how far its peak lies
 * @property {import('../../core/state.js').Warning[]} warnings What speaks against the model's side
 * @property {{finding: string, distance: number}[] | null} drawn How far the mark lies outside what was drawn; null where nobody knows
 */
import { ranked } from '../../core/derived.js';
import { warningsOf } from '../../core/words.js';

/** @param {number} rounds @returns {Round} */
export const newRound = (rounds) => ({ rounds, mark: null, clear: false, guesses: {}, outcome: null });

/** What the learner has yet to say. @param {Round} round @returns {'place' | 'guess' | ''} */
export function missingIn({ mark, clear, guesses }) {
  if (clear) return '';
  if (!mark) return 'place';
  return Object.keys(guesses).length ? '' : 'guess';
}

/** How far a point lies outside a box, in parts of the picture's width. @param {Point} point @param {import('../../core/viewport/transform.js').Box} box @param {number} ratio Height over width */
export function distanceToBox({ x, y }, box, ratio) {
  const beyond = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ size) =>
    Math.max(low - value, 0, value - low - size);
  return Math.hypot(beyond(x, box.x, box.width), ratio * beyond(y, box.y, box.height));
}

/**
 * A place against a map that covers a part of the picture.
 *
 * @param {Point} mark @param {Float32Array} map Row by row @param {number} side
 * @param {import('../../core/viewport/transform.js').Box} view In parts of the picture @param {number} ratio Height over width
 */
export function placeInMap(mark, map, side, view, ratio) {
  const [column, row] = [(side * (mark.x - view.x)) / view.width, (side * (mark.y - view.y)) / view.height].map(
    Math.floor,
  );
  if (column < 0 || row < 0 || column >= side || row >= side) return null;
  const here = map[row * side + column];
  const peak = map.indexOf(Math.max(...map));
  const [x, y] = [
    view.x + (view.width * ((peak % side) + 0.5)) / side,
    view.y + (view.height * (Math.floor(peak / side) + 0.5)) / side,
  ];
  return {
    share: map.filter((value) => value < here).length / map.length,
    distance: Math.hypot(x - mark.x, ratio * (y - mark.y)),
  };
}

/** Compares a finished round. @param {import('../../core/state.js').Viewed} state @param {Round} round @returns {Outcome} */
export function compare(state, { mark, guesses }) {
  const {
    picture: { truth, source, view, width, height },
    scores,
    info,
    map,
  } = state;
  const known = 'phantom' in source;
  const order = ranked(state);
  const drawn = truth.map(({ finding }) => finding);
  const names = [...new Set([...drawn, ...order.filter((finding) => guesses[finding]), ...order.slice(0, 1)])];
  const rows = names.map((finding) => ({
    finding,
    sure: guesses[finding] ?? 0,
    score: scores.get(finding),
    drawn: known ? drawn.includes(finding) : null,
  }));
  const ratio = height / width;
  const compared = names.find((finding) => scores.has(finding));
  const score = compared ? scores.get(compared) : undefined;
  const part = view && {
    x: view.x / width,
    y: view.y / height,
    width: view.width / width,
    height: view.height / height,
  };
  const asked = mark && compared && score && part && info ? { finding: compared, score, part, info, mark } : null;
  const place = asked && placeInMap(asked.mark, asked.score[map.kind], asked.info.mapSide, asked.part, ratio);
  return {
    rows,
    map: asked && (place ? { finding: asked.finding, ...place } : 'unseen'),
    warnings: warningsOf(state.picture),
    drawn:
      known && mark
        ? truth.map(({ finding, ...box }) => ({ finding, distance: distanceToBox(mark, box, ratio) }))
        : known
          ? []
          : null,
  };
}

const between = (/** @type {number} */ low, /** @type {number} */ high) => low + (high - low) * Math.random();
/** @type {Record<string, () => Partial<import('../../core/state.js').Params>>} */
const KINDS = {
  normal: () => ({}),
  effusion: () => ({ effusion: between(0.25, 0.7) }),
  heart: () => ({ heart: between(0.56, 0.68) }),
  pneumothorax: () => ({ pneumothorax: between(0.25, 0.8) }),
  consolidation: () => ({ consolidation: between(0.5, 1) }),
  nodule: () => ({
    nodule: {
      x: Math.random() < 0.5 ? between(0.27, 0.38) : between(0.62, 0.73),
      y: between(0.3, 0.55),
      radius: between(0.018, 0.035),
    },
  }),
};

/** A synthetic chest that nobody has chosen. @param {import('../../core/state.js').Params} normal @returns {import('../../core/state.js').Params} */
export function surprise(normal) {
  const kinds = Object.keys(KINDS);
  const kind = kinds[Math.floor(Math.random() * kinds.length)];
  return {
    ...normal,
    ...KINDS[kind](),
    exposure: between(-0.2, 0.2),
    rotation: between(-3, 3),
    seed: Math.floor(Math.random() * 1e6),
  };
}
