/**
 * What can be derived from the state.
 *
 * @typedef {import('./state.js').State} State
 * @typedef {import('./state.js').Viewed} Viewed
 */
import { CONTOURS_MAX } from './viewport/contours.js';
import { isNegated } from './wording.js';
import { matrixOf, matrixWithin } from './viewport/transform.js';

/** @template {State} T @param {T} state @returns {state is T & Viewed} */
export const hasPicture = (state) => state.picture !== null;

/** Findings of the list that the current picture has no score for yet. @param {State} state */
export const unscored = ({ findings, scores, picture }) =>
  findings.filter((finding) => scores.get(finding)?.picture !== picture?.id);

/** Milliseconds for encoding the picture, and for the listed findings that have a score; null before it was encoded. @param {State} state */
export function timingOf({ encodeMs, findings, scores }) {
  if (encodeMs === null) return null;
  const times = findings.flatMap((finding) => scores.get(finding)?.ms ?? []);
  return { encode: encodeMs, score: times.reduce((sum, ms) => sum + ms, 0), scored: times.length };
}

/** The page's state in one word. @param {State} state @returns {import('./state.js').Phase} */
export function phase(state) {
  if (state.veiled) return state.veiled;
  if (state.model === 'failed') return 'error';
  if (state.model === 'loading' || state.model === 'empty') return state.model;
  if (state.wanted || state.work || state.redraw) return 'working';
  return state.picture?.encoded && unscored(state).length === 0 ? 'done' : 'ready';
}

/** The synthetic chest that is shown or being fromLab, if the person may change it, or null. A case of a round stays as it is. @param {State} state @returns {import('./state.js').Drawing | null} */
export function drawing({ picture, wanted, redraw, round }) {
  const source = redraw ?? picture?.source;
  return !wanted && !round && source && 'phantom' in source ? source : null;
}

/** The row of the series that is in the viewer, or about to be. @param {State} state */
export function rowInView({ series, wanted, picture }) {
  const source = (wanted ?? picture)?.source;
  return source && 'file' in source ? series?.rows.find((row) => row.source.file === source.file) : undefined;
}

/** The picture's grid and the viewport, from which its place follows. @param {Viewed} state @returns {import('./viewport/transform.js').Place} */
export const placeOf = ({ picture, viewport }) => ({ grid: picture.grid, viewport });

/** The matrix from pixels of the grid to CSS pixels of the viewport, which all layers follow. @param {Viewed} state */
export const matrixOfState = (state) => matrixOf(placeOf(state), state.display.view);

/** What the model saw, in pixels of the grid. @param {import('./state.js').Picture} picture @returns {import('./viewport/transform.js').Box | null} */
export function seenBox({ view, grid, width: columns, height: rows }) {
  if (!view) return null;
  const [x, y] = [grid.width / columns, grid.height / rows];
  return { x: view.x * x, y: view.y * y, width: view.width * x, height: view.height * y };
}

/** The matrix from fractions of what the model saw to CSS pixels of the viewport. @param {Viewed} state @param {import('./viewport/transform.js').Box} seen See `seenBox` */
export const matrixOfSeen = (state, seen) => matrixWithin(matrixOfState(state), seen);

/** The window in use. @param {Viewed} state */
export const windowOf = ({ picture, display }) => display.window ?? picture.pixels.window;

/** Findings by falling percentile; then negations, whose percentile says nothing of a finding; then those without a reference, then those not scored yet. @param {{findings: readonly string[], scores: ReadonlyMap<string, {percentile?: number}>}} state */
export function ranked(state) {
  const key = (/** @type {string} */ finding) => {
    const score = state.scores.get(finding);
    if (score?.percentile === undefined) return score ? -2 : -3;
    return isNegated({ finding }) ? score.percentile / 100 - 1 : score.percentile;
  };
  return [...state.findings].sort((a, b) => key(b) - key(a));
}

/** Whether it is known which contours to draw: without a choice, the best findings are known once all are scored. @param {State} state */
export const hasContours = (state) =>
  state.contours.chosen !== null || state.picture?.fromLab === true || phase(state) === 'done';

/** Findings whose contours are on show, each at the index of its colour. The best ones are in the list's order, so that a colour stays when ranks change. @param {State} state @returns {(string | null)[]} */
export function contoured(state) {
  const {
    contours: { on, chosen },
    findings,
    scores,
    picture,
  } = state;
  if (!on || !picture?.view || !hasContours(state)) return [];
  const known = (/** @type {string | null} */ finding) =>
    finding !== null && findings.includes(finding) && scores.has(finding);
  if (chosen) return chosen.map((finding) => (known(finding) ? finding : null));
  const best = ranked(state).filter(known).slice(0, CONTOURS_MAX);
  return findings.filter((finding) => best.includes(finding));
}
