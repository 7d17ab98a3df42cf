/**
 * Experiments: what a score rests on. The results of each are kept by picture and finding.
 *
 * @typedef {import('carzero').AuditReport['cover']} Cover
 * @typedef {{error: string}} Refusal
 * @typedef {{done: number, passes: number, report?: import('carzero').AuditReport}} Audit `report` once all passes are done
 * @typedef {{done: number, passes: number, report?: import('carzero').CurvesReport}} Curves `report` likewise
 * @typedef {{finding: string} & import('carzero').BothHeads} ScoredByBoth
 * @typedef {{all: ScoredByBoth[], map?: Float32Array}} Heads The CLIP-style head's map of the selected finding, where the model has one
 * @typedef {import('carzero').Standing & {attention: Float32Array, similarity: Float32Array, seen: ImageBitmap}} Elsewhere The finding on another image, and what the model sees of that
 * @typedef {{name: string, phantom: import('./state.js').Params, without?: string}} Other A synthetic example by its name, or the synthetic chest on show without one of its findings
 * @typedef {(typeof EXPERIMENTS)[number]} Experiment
 * @typedef {object} Experiments
 * @property {boolean} open
 * @property {Experiment | null} wanted Asked for by a link, to be opened once a picture is scored @property {Experiment | null} at The one that the dialog opens at
 * @property {Cover} cover What places are covered with
 * @property {boolean} curvesRun Whether the forward passes for the curves are running
 * @property {ReadonlyMap<string, Heads | Refusal>} heads By `headsKey`
 * @property {ReadonlyMap<string, import('carzero').Ablated[] | Refusal>} parts By `partsKey`
 * @property {ReadonlyMap<string, import('carzero').Observed | Refusal>} observations By `partsKey`
 * @property {ReadonlyMap<string, import('carzero').Mirrored[] | Refusal>} sides By `partsKey`
 * @property {ReadonlyMap<string, (Elsewhere | Refusal)[]>} elsewhere By `partsKey`, the finished ones of `othersOf`, in its order
 * @property {ReadonlyMap<string, Curves | Refusal>} curves By `curvesKey`
 * @property {ReadonlyMap<string, Audit | Refusal>} audits By `auditKey`
 * @property {ReadonlyMap<string, import('carzero').Sensitivity | Refusal>} wordings By `wordingsKey`
 * @property {readonly string[]} own A person's own wordings, of any finding
 */

/** In the order of the dialog, by their names in links. */
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

/** The results before anything is measured. */
export const unmeasured = () => ({
  curvesRun: false,
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

/** Depends on the listed findings, too. @param {import('./state.js').State} state */
export const headsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.findings)}`;

/** Depends on the kind of map, too. @param {import('./state.js').State} state */
export const curvesKey = (state) => `${partsKey(state)}|${state.map.kind}`;

/** Depends on what places are covered with, too. @param {import('./state.js').State} state */
export const auditKey = (state) => `${curvesKey(state)}|${state.experiments.cover}`;

/** Depends on the person's own wordings, too. @param {import('./state.js').State} state */
export const wordingsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.experiments.own)}`;

/** Other images for the same sentence: for a synthetic chest, itself without each of the findings that it shows; then the examples. @param {import('./state.js').State} state @returns {Other[]} */
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
