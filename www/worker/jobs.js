/**
 * The worker's jobs: what each is given and what it answers. The page's end (client.js) and the worker's (worker.js) are both
 * checked against this list, so that a wrong payload is an error of `npm run types`. Pictures have ids that the page gives.
 *
 * @typedef {import('../core/i18n.js').Message} Message
 * @typedef {import('carzero').Phantom} Params
 * @typedef {import('../core/state.js').Source} Source
 * @typedef {import('../core/folders.js').Folder} Folder
 *
 * @typedef {{kind: import('../core/state.js').DeviceKind, reason: Message}} Device `reason`: why it is this one
 * @typedef {{preference: import('../core/state.js').Preference, without?: Message}} Wish `without`: why not WebGPU, whatever is preferred
 * @typedef {{downloaded: number, cached: number, trouble: string} | {read: number}} Weights In bytes; `trouble`: why they could not be kept, or ''
 *
 * @typedef {import('carzero').ModelInfo} ModelInfo
 *
 * @typedef {object} Read What is known of a picture once its file is read
 * @property {number} width @property {number} height
 * @property {import('carzero').Note[]} notes @property {import('carzero').Fact[]} facts
 * @property {import('carzero').Warning[]} warnings @property {import('carzero').Truth[]} truth
 * @typedef {Read & import('carzero').Shown} Decoded As the viewer shows it
 *
 * @typedef {import('carzero').Score} Scored
 * @typedef {import('carzero').Verdict | undefined} Verdict
 * @typedef {{key: number, source: {file: Blob, negative?: boolean}}} RowSource
 * @typedef {Pick<Decoded, 'width' | 'height' | 'warnings'> & {groups: import('carzero').Groups, thumbnail: import('carzero').Thumbnail}} FileFacts
 * @typedef {{seen: import('carzero').Seen, facts: FileFacts}} RowRead Of an image of a series, from its file
 * @typedef {FileFacts & {verdict: Verdict, embedding: Float32Array, kept: boolean}} RowFacts
 * @typedef {{facts?: RowFacts, scores: import('../core/table.js').Mark[], measured: Float32Array, map?: import('../core/table.js').RowMap}} Assessed
 * @typedef {import('carzero').Typed} Typed
 * @typedef {import('carzero').Reading} Reading
 * @typedef {import('carzero').Rewriting} Rewriting
 *
 * @typedef {object} Jobs
 * @property {(payload: Wish & {folder: Folder}) => {device: Device, phantoms: import('carzero').Example[], palettes: import('carzero').Palette[]}} start
 * @property {(payload: {folder: Folder, build: string}) => {device: Device, info: ModelInfo, weights: Weights}} load
 * @property {(payload: {}) => Record<string, string>} japanese Names of findings
 * @property {(payload: {picture: number, source: Source}) => Decoded} decode
 * @property {(payload: import('../core/round.js').DrawnCase) => Params} chest The synthetic chest of a case
 * @property {(payload: {phantom: Params}) => {bitmap: ImageBitmap}} preview
 * @property {(payload: {picture: number}) => null} drop
 * @property {(payload: {picture: number}) => Uint8Array} grey Its 8-bit grey values, as the model gets them
 * @property {(payload: {picture: number}) => {view: import('carzero').View, verdict: Verdict, embedding: Float32Array, ms: number}} encode
 * @property {(payload: {picture: number, findings: string[]}) => {scores: Scored[], ms: number}} score
 * @property {(payload: {picture: number, finding: string}) => import('carzero').Explanation} explain
 * @property {(payload: {picture: number, findings: string[], finding: string}) => import('../core/experiments.js').Heads} bothHeads And the CLIP-style head's map of one finding
 * @property {(payload: {picture: number, finding: string}) => import('carzero').Ablated[]} ablate
 * @property {(payload: {picture: number, finding: string, own: readonly string[]}) => import('carzero').Sensitivity} sensitivity
 * @property {(payload: {picture: number, finding: string}) => import('carzero').Observed} observe
 * @property {(payload: {picture: number, finding: string}) => import('carzero').Mirrored[]} sides
 * @property {(payload: {phantom: Params, without?: string, finding: string}) => import('../core/experiments.js').Elsewhere} elsewhere Scores a synthetic chest, or the same one without one of its findings; nothing of it is kept
 * @property {(payload: {picture: number, finding: string, map: Float32Array}) => {passes: number}} curves Begins the curves of a finding, in place of those before
 * @property {(payload: {}) => import('../core/experiments.js').Curves} curvesStep The next pass of the curves
 * @property {(payload: {picture: number, finding: string, map: Float32Array, cover: import('../core/experiments.js').Cover}) => {passes: number}} audit Begins an audit, in place of the one before
 * @property {(payload: {}) => import('../core/experiments.js').Audit} auditStep The next pass of the audit
 * @property {(payload: RowSource & {kept: boolean, findings: string[], measure: readonly string[], mapped: string, side: number, ahead: RowSource[]}) => Assessed} assess Scores an image of a series, and gives what a reference population needs of it and the map of the finding `mapped`: from what was `kept` of it, or else from its file; the files `ahead` are read meanwhile
 * @property {(payload: {}) => null} letGo Drops all that was kept of the images of a series
 * @property {(payload: {finding: string}) => import('carzero').EncodedText} encodeText
 * @property {(payload: {more: string[]}) => string[]} measurable The findings that a reference population is measured for: those of the model, and more
 * @property {(payload: {name: string, findings: string[], scores: Float32Array, images: number, labelled: import('carzero').Labelled[]}) => string} populationOf The file of a reference population, from what was measured
 * @property {(payload: {file: string}) => ModelInfo} rankAmong Ranks among the images of a population's file, or among the model's for ''
 * @property {(payload: {all: {finding: string, logits: Float32Array}[]}) => import('carzero').Ranked[]} rank Ranks logits of images that were scored before
 * @property {(payload: {finding: string}) => string} sentence Checks a finding; throws 'bad-prompt'
 * @property {(payload: {text: string}) => Typed} typed
 * @property {(payload: {}) => Rewriting} rewriting
 * @property {(payload: {text: string, answer: string}) => Reading} readAnswer
 * @property {(payload: {prefix: string, limit: number}) => import('carzero').Completion[]} complete
 */

/** @template {keyof Jobs} J @typedef {Parameters<Jobs[J]>[0]} Payload */
/** @template {keyof Jobs} J @typedef {ReturnType<Jobs[J]>} Answer */
/** The progress of a job: bytes of a model, or null once all have arrived. @typedef {import('../core/state.js').Progress | null} Told */
/** A job of the worker: it gives its answer, and which parts of that are transferred instead of copied. @template {keyof Jobs} J @typedef {(payload: Payload<J>, tell: (told: Told) => void) => Promise<[Answer<J>, Transferable[]?]>} Job */
/** Some of the worker's jobs. @template {keyof Jobs} N @typedef {{[J in N]: Job<J>}} Some */
/** Asks the worker for a job. @typedef {<J extends keyof Jobs>(type: J, payload: Payload<J>, onProgress?: (told: Told) => void) => Promise<Answer<J>>} Call */

/** Jobs that use the model: these run one after another; others may run in between. @type {ReadonlySet<keyof Jobs>} */
export const MODEL_JOBS = new Set([
  'start',
  'load',
  'drop',
  'encode',
  'score',
  'explain',
  'bothHeads',
  'ablate',
  'sensitivity',
  'audit',
  'auditStep',
  'observe',
  'sides',
  'elsewhere',
  'curves',
  'curvesStep',
  'assess',
  'letGo',
  'encodeText',
  'measurable',
  'rankAmong',
  'rank',
]);
