/** What is hidden while a person reads a case: its truth, and without the model all that the model says. */
import { phase } from './derived.js';
import { isAided, isOpen } from './round.js';

const NOTHING = new Map();
/** The source of a veiled picture: neither a file nor a drawing. */
const HIDDEN = /** @type {import('./state.js').Source} */ ({});
/** All in the state that shows another picture than the one to read. */
const OTHERS = { series: null, evaluation: null, compare: null };
/** @type {WeakMap<import('./state.js').Picture, import('./state.js').Picture>} */ const veiled = new WeakMap();

/** The picture without what tells its truth; always the same object for the same picture. @param {import('./state.js').Picture} picture */
function veiledPicture(picture) {
  const known = veiled.get(picture) ?? { ...picture, name: '', notes: [], truth: [], source: HIDDEN };
  veiled.set(picture, known);
  return known;
}

/**
 * The state as the views may see it. Until a case is answered, it has neither the truth nor a table or another picture
 * that could tell it; while the model is not to be shown, it has neither scores nor maps.
 *
 * @param {import('./state.js').State} state
 * @returns {import('./state.js').State}
 */
export function veil(state) {
  const { round, picture } = state;
  if (!round) return state;
  if (!isOpen(round)) return round.purpose === 'one' ? state : { ...state, ...OTHERS };
  const hidden = {
    ...state,
    ...OTHERS,
    picture: picture && veiledPicture(picture),
    redraw: null,
    truth: false,
    experiments: { ...state.experiments, open: false },
  };
  if (isAided(round)) return hidden;
  return {
    ...hidden,
    veiled: phase(state),
    scores: NOTHING,
    selected: '',
    overlay: null,
    encodeMs: null,
    explanations: NOTHING,
    why: { ...state.why, open: false },
    contours: { on: false, chosen: null },
  };
}
