/**
 * Experiments: what a score rests on. What came of each is kept by picture and finding.
 *
 * @typedef {import('carzero').AuditReport['cover']} Cover
 * @typedef {{done: number, passes: number, report?: import('carzero').AuditReport}} Audit `report` once all passes are done
 * @typedef {{finding: string} & import('carzero').BothHeads} ScoredByBoth
 * @typedef {{all: ScoredByBoth[], map?: Float32Array}} Heads None where the model has no CLIP-style head; its map of the selected finding
 * @typedef {(typeof EXPERIMENTS)[number]} Experiment
 * @typedef {object} Experiments
 * @property {boolean} open
 * @property {Experiment | null} wanted By a link, to be opened once a picture is scored @property {Experiment | null} at Where they opened
 * @property {Cover} cover With what places are covered
 * @property {ReadonlyMap<string, Heads | {error: string}>} heads By `headsKey`
 * @property {ReadonlyMap<string, import('carzero').Ablated[] | {error: string}>} parts By `partsKey`
 * @property {ReadonlyMap<string, Audit | {error: string}>} audits By `auditKey`
 * @property {ReadonlyMap<string, import('carzero').Sensitivity | {error: string}>} wordings By `wordingsKey`
 * @property {readonly string[]} own A person's own wordings, of any finding
 */

/** In their order, as a link names them. */
export const EXPERIMENTS = /** @type {const} */ (['heads', 'parts', 'wording', 'look', 'steps']);

/** @type {readonly Cover[]} */
export const COVERS = ['mean', 'blur', 'mirror'];

/** @returns {Experiments} */
export const initialExperiments = () => ({
  open: false,
  wanted: null,
  at: null,
  cover: 'mean',
  heads: new Map(),
  parts: new Map(),
  audits: new Map(),
  wordings: new Map(),
  own: [],
});

/** @param {import('./state.js').State} state */
export const partsKey = ({ picture, selected }) => `${picture?.id}|${selected}`;

/** Which findings are listed, too. @param {import('./state.js').State} state */
export const headsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.findings)}`;

/** Which map is in question, and with what it is covered, too. @param {import('./state.js').State} state */
export const auditKey = (state) => `${partsKey(state)}|${state.map.kind}|${state.experiments.cover}`;

/** Which wordings are of one's own, too. @param {import('./state.js').State} state */
export const wordingsKey = (state) => `${partsKey(state)}|${JSON.stringify(state.experiments.own)}`;

/** The middle one, or the mean of the middle two. @param {number[]} values At least one */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}
