/**
 * Experiments: what a score rests on. What came of each is kept by picture and finding.
 *
 * @typedef {import('carzero').AuditReport['cover']} Cover
 * @typedef {{error: string}} Refusal
 * @typedef {{done: number, passes: number, report?: import('carzero').AuditReport}} Audit `report` once all passes are done
 * @typedef {{done: number, passes: number, report?: import('carzero').CurvesReport}} Curves The same
 * @typedef {{finding: string} & import('carzero').BothHeads} ScoredByBoth
 * @typedef {{all: ScoredByBoth[], map?: Float32Array}} Heads The CLIP-style head's map of the selected finding, where the model has one
 * @typedef {import('carzero').Standing & {attention: Float32Array, similarity: Float32Array, seen: ImageBitmap}} Elsewhere The finding on another image, and what the model sees of that
 * @typedef {{name: string, phantom: import('./state.js').Params, without?: string}} Other A drawing by its example's name, or the one on show without a finding
 * @typedef {(typeof EXPERIMENTS)[number]} Experiment
 * @typedef {object} Experiments
 * @property {boolean} open
 * @property {Experiment | null} wanted By a link, to be opened once a picture is scored @property {Experiment | null} at Where they opened
 * @property {Cover} cover With what places are covered
 * @property {boolean} passing Whether the passes of the curves are taken
 * @property {ReadonlyMap<string, Heads | Refusal>} heads By `headsKey`
 * @property {ReadonlyMap<string, import('carzero').Ablated[] | Refusal>} parts By `partsKey`
 * @property {ReadonlyMap<string, import('carzero').Observed | Refusal>} observations By `partsKey`
 * @property {ReadonlyMap<string, import('carzero').Mirrored[] | Refusal>} sides By `partsKey`
 * @property {ReadonlyMap<string, (Elsewhere | Refusal)[]>} elsewhere By `partsKey`, those of `othersOf` that are done
 * @property {ReadonlyMap<string, Curves | Refusal>} curves By `curvesKey`
 * @property {ReadonlyMap<string, Audit | Refusal>} audits By `auditKey`
 * @property {ReadonlyMap<string, import('carzero').Sensitivity | Refusal>} wordings By `wordingsKey`
 * @property {readonly string[]} own A person's own wordings, of any finding
 */

/** In their order, as a link names them. */
export const EXPERIMENTS = /** @type {const} */ ([
  'heads',
  'parts',
  'observations',
  'wording',
  'sides',
  'look',
  'elsewhere',
  'curves',
  'steps',
]);

/** @type {readonly Cover[]} */
export const COVERS = ['mean', 'blur', 'mirror'];

/** Nothing is measured. */
export const unmeasured = () => ({
  passing: false,
  heads: new Map(),
  parts: new Map(),
  observations: new Map(),
  sides: new Map(),
  elsewhere: new Map(),
  curves: new Map(),
  audits: new Map(),
  wordings: new Map(),
});

/** @returns {Experiments} */
export const initialExperiments = () => ({
  open: false,
  wanted: null,
  at: null,
  cover: 'mean',
  own: [],
  ...unmeasured(),
});

/** @param {import('./state.js').State} state */
export const partsKey = ({ picture, selected }) => `${picture?.id}|${selected}`;

/** Which findings are listed, too. @param {import('./state.js').State} state */
export const headsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.findings)}`;

/** Which map is in question, too. @param {import('./state.js').State} state */
export const curvesKey = (state) => `${partsKey(state)}|${state.map.kind}`;

/** And with what it is covered. @param {import('./state.js').State} state */
export const auditKey = (state) => `${curvesKey(state)}|${state.experiments.cover}`;

/** Which wordings are of one's own, too. @param {import('./state.js').State} state */
export const wordingsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.experiments.own)}`;

/** Other images for the same sentence: of a drawing the same without each finding that it shows, then the examples. @param {import('./state.js').State} state @returns {Other[]} */
export function othersOf({ picture, phantoms }) {
  const source = picture?.source;
  const own = source && 'phantom' in source ? source.phantom : null;
  const without = own
    ? (picture?.truth ?? []).map(({ finding }) => ({ name: '', phantom: own, without: finding }))
    : [];
  const same = JSON.stringify(own);
  const others = phantoms.filter(({ params }) => JSON.stringify(params) !== same);
  return [...without, ...others.map(({ name, params }) => ({ name, phantom: params }))];
}

/** The middle one, or the mean of the middle two. @param {number[]} values At least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
