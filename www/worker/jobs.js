/**
 * The worker's jobs: what each is given and what it answers. The page's end (client.js) and the worker's (worker.js) are both
 * checked against this list, so that a wrong payload is an error of `npm run types`. Pictures have ids that the page gives.
 *
 * @typedef {import('../core/i18n.js').Message} Message
 * @typedef {import('../core/state.js').Params} Params
 * @typedef {import('../core/state.js').Source} Source
 * @typedef {import('../core/folders.js').Folder} Folder
 * @typedef {import('../core/viewport/transform.js').Box} Box
 *
 * @typedef {{kind: import('../core/state.js').DeviceKind, reason: Message}} Device And why it is this one
 * @typedef {{preference: import('../core/state.js').Preference, without?: Message}} Wish `without`: why not WebGPU, whatever is preferred
 * @typedef {{downloaded: number, cached: number, trouble: string} | {read: number}} Weights Bytes; `trouble`: why they were not kept
 *
 * @typedef {object} ModelInfo See `ModelInfo` in the wasm boundary
 * @property {string} name @property {string} title @property {string} version @property {string} license
 * @property {number} parameters @property {number} bytes @property {string} precision
 * @property {{kind: import('../core/state.js').DeviceKind, name: string}} device
 * @property {string=} population Of the reference images @property {string=} validation Of the labelled ones
 * @property {{id: string, title: string, findings: string[]}[]} presets
 * @property {{what: string, who: string, license: string}[]} credits
 * @property {number} mapSide Patches of one side @property {string} resize @property {number} margin
 * @property {string=} sha256 Of the manifest
 *
 * @typedef {object} Decoded A picture as the viewer shows it
 * @property {number} width @property {number} height
 * @property {import('../core/state.js').Note[]} notes @property {import('../core/state.js').Fact[]} facts
 * @property {import('../core/state.js').Warning[]} warnings
 * @property {import('../core/state.js').Picture['truth']} truth
 * @property {import('../core/viewport/pixels.js').Values} values
 * @property {import('../core/viewport/pixels.js').Window=} window The one to open with
 * @property {[row: number, column: number]=} spacing Millimetres
 *
 * @typedef {Omit<import('../core/state.js').Score, 'picture'>} Scored
 * @typedef {import('../core/state.js').Verdict | undefined} Verdict
 * @typedef {import('../core/table.js').Thumbnail} Thumbnail
 * @typedef {Pick<Decoded, 'width' | 'height' | 'warnings'> & {verdict: Verdict, thumbnail: Thumbnail, scores: import('../core/table.js').Mark[]}} Assessed
 * @typedef {{names: string[], near?: string, statements: import('../core/state.js').Statement[]}} Typed How a typed text is understood
 * @typedef {{statements: import('../core/state.js').Statement[], unknownFindings: string[], unknownPlaces: string[]}} Reading
 * @typedef {{instructions: string, schema: object}} Rewriting What a language model is told, and the JSON schema of its answer
 *
 * @typedef {object} Jobs
 * @property {(payload: Wish & {folder: Folder}) => {device: Device, phantoms: import('../core/state.js').Example[], palettes: string[]}} start
 * @property {(payload: {folder: Folder, build: string}) => {device: Device, info: ModelInfo, weights: Weights}} load
 * @property {(payload: {}) => Record<string, string>} japanese Names of findings
 * @property {(payload: {picture: number, source: Source}) => Decoded} decode
 * @property {(payload: {phantom: Params}) => {bitmap: ImageBitmap}} preview
 * @property {(payload: {picture: number}) => null} drop
 * @property {(payload: {picture: number}) => {view: Box, verdict: Verdict, ms: number}} encode
 * @property {(payload: {picture: number, findings: readonly string[]}) => {scores: Scored[], ms: number}} score
 * @property {(payload: {picture: number, finding: string}) => import('../core/explanation.js').Explanation} explain
 * @property {(payload: {file: Blob, findings: readonly string[], side: number}) => Assessed} assess An image of a series, from its file to its scores; nothing of it stays
 * @property {(payload: {finding: string}) => string} sentence Checks a finding; throws 'bad-prompt'
 * @property {(payload: {text: string}) => Typed} typed
 * @property {(payload: {}) => Rewriting} rewriting
 * @property {(payload: {text: string, answer: string}) => Reading} readAnswer
 * @property {(payload: {prefix: string, limit: number}) => {text: string, finding: string}[]} complete
 * @property {(payload: {map: Float32Array, palette: string}) => {rgba: Uint8ClampedArray<ArrayBuffer>, size: number}} map
 */

/** @template {keyof Jobs} J @typedef {Parameters<Jobs[J]>[0]} Payload */
/** @template {keyof Jobs} J @typedef {ReturnType<Jobs[J]>} Answer */
/** What is told meanwhile: bytes of a model, or null once all are there. @typedef {import('../core/state.js').Progress | null} Told */
/** A job of the worker's: its answer, and what of it is handed over instead of copied. @template {keyof Jobs} J @typedef {(payload: Payload<J>, tell: (told: Told) => void) => Promise<[Answer<J>, Transferable[]?]>} Job */
/** Asks the worker for a job. @typedef {<J extends keyof Jobs>(type: J, payload: Payload<J>, onProgress?: (told: Told) => void) => Promise<Answer<J>>} Call */

/** Jobs that use the model: they run one after another, the others between them. @type {ReadonlySet<keyof Jobs>} */
export const MODEL_JOBS = new Set(['start', 'load', 'drop', 'encode', 'score', 'explain', 'assess']);
