/**
 * A picture kept beside the one in the viewer, and what can be told of the two.
 * The viewer's is A, the one beside it is B. They may be the same picture: then two findings are compared.
 *
 * @typedef {import('./state.js').State} State
 * @typedef {import('./state.js').Viewed & {compare: Comparison}} Compared With two pictures
 * @typedef {object} Comparison
 * @property {import('./state.js').Picture} picture B, as it was when another picture replaced it in the viewer
 * @property {ReadonlyMap<string, import('./state.js').Score>} scores Of that picture
 * @property {boolean} loaded The worker has it
 * @property {string} finding The finding whose map B shows; '' for the selected one
 * @property {boolean} linked B's view and window follow A's, and A's follow B's
 * @property {import('./state.js').Display} display B's own, where it is not linked
 * @property {import('./viewport/transform.js').Size} viewport
 * @property {import('./state.js').Overlay | null} overlay
 */
import { contoured, ranked } from './derived.js';
import { carryWindow } from './viewport/pixels.js';
import { rounded, signed } from './words.js';

/** @param {State} state @returns {state is Compared} */
export const isCompared = (state) => state.compare !== null && state.picture !== null;

/** Whether A and B are the same picture. @param {State} state */
export const isSame = ({ compare, picture }) => compare?.picture.id === picture?.id;

/** B. @param {Compared} state */
export const pictureBeside = (state) => (isSame(state) ? state.picture : state.compare.picture);

/** @param {Compared} state */
export const scoresBeside = (state) => (isSame(state) ? state.scores : state.compare.scores);

/** @param {Compared} state */
export const findingBeside = ({ compare, findings, selected }) =>
  findings.includes(compare.finding) ? compare.finding : selected;

/** How B is shown: linked, as A is, but without lengths, which belong to A. @param {Compared} state @returns {import('./state.js').Display} */
export function displayBeside(state) {
  const { compare, display, picture } = state;
  if (!compare.linked) return compare.display;
  const window = display.window && carryWindow(display.window, picture.pixels.range, pictureBeside(state).pixels.range);
  return { ...display, window, lines: [], draft: null, cursor: null };
}

/** The state as B's viewer sees it; there the tools for lengths and the magnifier pan instead. @param {Compared} state @returns {Compared} */
export function stateBeside(state) {
  const tool = state.tool === 'length' || state.tool === 'loupe' ? 'pan' : state.tool;
  return {
    ...state,
    picture: pictureBeside(state),
    display: displayBeside(state),
    viewport: state.compare.viewport,
    tool,
  };
}

/** B as a state of its own, to be drawn or printed, with the contours of the findings that A has. @param {Compared} state @returns {import('./state.js').Viewed} */
export const sideB = (state) => ({
  ...stateBeside(state),
  scores: scoresBeside(state),
  selected: findingBeside(state),
  overlay: state.compare.overlay,
  contours: { ...state.contours, chosen: contoured(state) },
  compare: null,
  why: { ...state.why, open: false },
});

/** What B's overlay must show, or ''. @param {Compared} state */
export function overlayKeyBeside(state) {
  const finding = findingBeside(state);
  const score = scoresBeside(state).get(finding);
  const { kind, palette } = state.map;
  return pictureBeside(state).view && score ? [score.picture, kind, palette, finding].join('|') : '';
}

/** The finding that B shows at first: the highest-ranked one besides the selected one. @param {State} state */
export const otherFinding = (state) => ranked(state).find((finding) => finding !== state.selected) ?? '';

/**
 * @typedef {{finding: string, a?: import('./table.js').Mark, b?: import('./table.js').Mark, difference?: number, unit: 'points' | 'logit' | ''}} Difference
 *   `unit`: percentile points, or the logit if the sentence has no reference; '' while a score is missing
 */

/** Between two pictures for the same sentence, B subtracted from A; percentiles are rounded first, as they are shown. @param {string} finding @param {import('./table.js').Mark | undefined} a @param {import('./table.js').Mark | undefined} b @returns {Difference} */
export function difference(finding, a, b) {
  if (!a || !b) return { finding, a, b, unit: '' };
  if (a.percentile === undefined || b.percentile === undefined)
    return { finding, a, b, difference: a.logit - b.logit, unit: 'logit' };
  return { finding, a, b, difference: rounded(a.percentile) - rounded(b.percentile), unit: 'points' };
}

/** "+12", "0", or "…" where a score is awaited. @param {Difference} of */
export function differenceInWords({ difference: value, unit }) {
  if (value === undefined) return '…';
  const text = signed(value, unit === 'points' ? 0 : 2);
  return `${value > 0 && !/^0$/.test(text) ? '+' : ''}${text.replace(/^−0$/, '0')}`;
}

/** For two pictures, the greatest difference first. @param {Compared} state @returns {Difference[]} */
export function differences(state) {
  const beside = scoresBeside(state);
  const own = (/** @type {string} */ finding) => {
    const score = state.scores.get(finding);
    return score?.picture === state.picture?.id ? score : undefined;
  };
  const weight = (/** @type {Difference} */ { unit, difference: value = 0 }) => [
    { points: 2, logit: 1, '': 0 }[unit],
    Math.abs(value),
  ];
  return state.findings
    .map((finding) => difference(finding, own(finding), beside.get(finding)))
    .sort((one, two) => {
      const [[rank, size], [otherRank, otherSize]] = [weight(one), weight(two)];
      return otherRank - rank || otherSize - size;
    });
}
