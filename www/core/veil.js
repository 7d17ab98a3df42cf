/** What teaching mode hides until a round is revealed. */
import { phase } from './derived.js';

const NOTHING = new Map();
/** Neither a file nor a drawing. */
const HIDDEN = /** @type {import('./state.js').Source} */ ({});
/** @type {WeakMap<import('./state.js').Picture, import('./state.js').Picture>} */ const veiled = new WeakMap();

/** The picture without what gives it away; the same object for the same picture. @param {import('./state.js').Picture} picture */
function veiledPicture(picture) {
  const known = veiled.get(picture) ?? { ...picture, name: '', notes: [], truth: [], source: HIDDEN };
  veiled.set(picture, known);
  return known;
}

/**
 * What the views may know: until a round is revealed, neither scores nor maps, nor what was drawn, nor a table or another picture that tells of it.
 *
 * @param {import('./state.js').State} state
 * @returns {import('./state.js').State}
 */
export function veil(state) {
  const { teaching, picture } = state;
  if (!teaching || teaching.outcome) return state;
  return {
    ...state,
    veiled: phase(state),
    picture: picture && veiledPicture(picture),
    redraw: null,
    truth: false,
    scores: NOTHING,
    selected: '',
    overlay: null,
    encodeMs: null,
    series: null,
    evaluation: null,
    compare: null,
    explanations: NOTHING,
    why: { ...state.why, open: false },
    experiments: { ...state.experiments, open: false },
    contours: { on: false, chosen: null },
  };
}
