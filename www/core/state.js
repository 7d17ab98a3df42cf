/**
 * The one state object of the page, and what can be derived from it.
 *
 * @typedef {object} Params What a synthetic chest shows; see `Phantom` in the wasm boundary.
 * @property {number} effusion @property {number} heart @property {{x: number, y: number, radius: number} | null} nodule
 * @property {number} pneumothorax @property {number} consolidation
 * @property {number} exposure @property {number} rotation @property {number} seed
 * @typedef {{name: string, title: string, finding?: string, params: Params}} Example
 * @typedef {{example: Example, phantom: Params, moving: boolean}} Drawing A draft while a slider moves
 * @typedef {{file: Blob, negative?: boolean} | Drawing} Source A file's picture, or its negative
 * @typedef {'familiar' | 'unusual' | 'unfamiliar' | 'inverted'} Verdict What a picture looks like to the model
 * @typedef {{code: string} & Record<string, string | number>} Warning See `Warning` in src/radiograph/warning.rs
 * @typedef {{code: string} & Record<string, string | number>} Note See `Note` in src/radiograph/note.rs
 * @typedef {{code: string} & Record<string, any>} Fact See `Fact` in src/radiograph/dicom/about.rs
 * @typedef {object} Picture
 * @property {number} id @property {Source} source @property {import('./i18n.js').Message} name
 * @property {number} width @property {number} height @property {Note[]} notes How its file was read
 * @property {Fact[]} facts Of a DICOM file @property {Warning[]} warnings Of a damaged file, or one that is no frontal chest radiograph
 * @property {import('./viewport/pixels.js').Pixels} pixels What the viewer shows
 * @property {{width: number, height: number, aspect: number}} grid Its pixels; those of the finest drawing, while a draft is on show
 * @property {{finding: string, x: number, y: number, width: number, height: number}[]} truth What was drawn, in parts of the picture
 * @property {{x: number, y: number, width: number, height: number} | null} view The square the model saw, or will see; null until known.
 * @property {boolean} encoded @property {boolean} redrawn In the phantom lab, after the picture before
 * @property {Verdict=} verdict Once encoded, where the model says it
 *
 * @typedef {{finding: string, negated: boolean, uncertain: boolean, historical: boolean, location?: string, prompt: string}} Statement
 * @typedef {object} Score See `Score` in the wasm boundary.
 * @property {number} picture Id of the picture that it belongs to
 * @property {string} finding @property {string} sentence
 * @property {number} logit @property {number} i2t @property {number} t2i
 * @property {number=} percentile @property {Float32Array=} reference
 * @property {import('./wording.js').Wording=} wording
 * @property {import('./zone.js').Measured=} measured On labelled images
 * @property {Float32Array} attention @property {Float32Array} similarity
 *
 * @typedef {import('./viewport/transform.js').Point & {by: 'mouse' | 'finger' | 'keys'}} Cursor A part of the picture
 * @typedef {object} Display How the viewer shows the picture. Nothing of it reaches the worker.
 * @property {import('./viewport/transform.js').View} view
 * @property {import('./viewport/pixels.js').Window | null} window Null: the picture's own
 * @property {boolean} invert
 * @property {readonly import('./viewport/measure.js').Line[]} lines
 * @property {import('./viewport/measure.js').Draft | null} draft A line that has no end yet
 * @property {Cursor | null} cursor For the loupe and the next end of a line
 *
 * @typedef {{finding: string, index: number}} Word Of a finding's sentence
 * @typedef {object} Why What is on show of explanations
 * @property {boolean} open
 * @property {import('./explanation.js').Choice} choice Whose weights
 * @property {Word | null} word Its map stays @property {Word | null} hovered Its map is on show meanwhile
 * @property {import('./viewport/transform.js').Point | null} at The part of the picture that is pointed at
 *
 * @typedef {{title: import('./i18n.js').Message, text: import('./i18n.js').Message, report?: string}} Notice `report`: of a crash
 * @typedef {Notice & {crash: boolean, offerCpu: boolean, offerOwn: boolean}} Failure `offerOwn`: the page's own model is another one
 * @typedef {ReturnType<typeof initialState>} State
 */

import { language, t } from './i18n.js';
import { initialRewriter } from './review.js';
import { CONTOURS_MAX } from './viewport/contours.js';
import { FITTED, matrixOf, matrixWithin } from './viewport/transform.js';
import { ALL, choiceInWords, isAll, keyOf, mapOfWord, meanOf } from './explanation.js';

/** A picture as it opens. @returns {Display} */
export const initialDisplay = () => ({
  view: FITTED,
  window: null,
  invert: false,
  lines: [],
  draft: null,
  cursor: null,
});

/** Before anything has loaded. */
export function initialState() {
  return {
    /** @type {import('./folders.js').Folder} */ folder: { kind: 'site', name: '', url: '' },
    /** @type {{name: string, download: {received: number, total: number} | null} | null} A model that is tried while the other works */ trial:
      null,
    /** @type {'loading' | 'ready' | 'failed' | 'empty'} Empty: all was forgotten, and nothing is loaded */ model:
      'loading',
    /** @type {{received: number, total: number} | null} */ download: null,
    /** @type {'auto' | 'webgpu' | 'cpu'} */ preference: 'auto',
    /** @type {{kind: 'cpu' | 'webgpu', reason: import('./i18n.js').Message} | null} */ device: null,
    /** @type {object | null} ModelInfo of the wasm boundary */ info: null,
    /** @type {import('./i18n.js').Message} Where the weights came from */ weights: '',
    /** Kept for use without a network; a new build waits */ offline: { kept: false, update: false },
    /** @type {Example[]} */ phantoms: [],
    /** @type {string[]} */ palettes: [],
    /** @type {{source: Source, name: import('./i18n.js').Message} | null} Chosen, not yet decoded */ wanted: null,
    /** @type {Picture | null} */ picture: null,
    /** @type {import('./table.js').Series | null} */ series: null,
    /** @type {import('./beside.js').Comparison | null} */ compare: null,
    /** @type {Drawing | null} What the synthetic picture shall show next */ redraw: null,
    /** @type {boolean} Outline what was drawn */ truth: false,
    /** @type {import('./i18n.js').Language} */ language: language(),
    /** @type {number} The step of the guided tour, or -1 */ tour: -1,
    /** @type {import('../features/teaching/round.js').Round | null} Teaching mode */ teaching: null,
    /** @type {ReturnType<typeof phase> | ''} The phase, in a state from which scores are withheld */ veiled:
      /** @type {any} */ (''),
    /** @type {import('./viewport/gestures.js').Tool} */ tool: 'window',
    display: initialDisplay(),
    /** @type {import('./viewport/transform.js').Size} In CSS pixels */ viewport: { width: 0, height: 0 },
    /** @type {boolean} Single keys work the viewer */ keys: true,
    /** @type {string} Id of the chosen preset */ preset: '',
    /** @type {string[]} */ findings: [],
    /** @type {string[]} Taken off the list, to be restored */ removed: [],
    /** @type {import('./i18n.js').Message} */ findingError: '',
    /** @type {{text: string, finding: string} | null} What was typed, and the finding that it was taken for */ taken:
      null,
    /** @type {import('./review.js').Review | null} */ review: null,
    rewriter: initialRewriter(),
    /** @type {Map<string, Score>} Those of the picture before stay until replaced, in the phantom lab */ scores:
      new Map(),
    /** @type {string} */ selected: '',
    /** @type {boolean} The selection is a person's, not ours */ picked: false,
    /** @type {'' | 'encoding' | 'scoring'} */ work: '',
    /** @type {{encode: number, score: number, scored: number} | null} Milliseconds of the current picture */ timing:
      null,
    map: { on: true, opacity: 70, palette: '', kind: /** @type {'similarity' | 'attention'} */ ('attention') },
    /** @type {{key: string, size: number, rgba: Uint8ClampedArray} | null} */ overlay: null,
    /** @type {Why} */ why: { open: false, choice: { layer: ALL, head: ALL }, word: null, hovered: null, at: null },
    /** @type {ReadonlyMap<string, import('./explanation.js').Explanation | {error: string}>} By picture and finding */ explanations:
      new Map(),
    /** `chosen` has a place for each line, so that it keeps its colour; null: the first of the ranking. */
    contours: { on: false, chosen: /** @type {(string | null)[] | null} */ (null) },
    /** @type {{palette: string, rgba: Uint8ClampedArray} | null} A ramp from low to high */ ramp: null,
    /** @type {Notice | null} A refusal, or a restart; nothing was lost */ notice: null,
    /** @type {Failure | null} Why the model is 'failed' */ failure: null,
  };
}

/** Holds the state; tells its listener once per turn of the event loop. */
export class Store {
  /** @type {State} */ #state = initialState();
  /** @type {(state: State) => void} */ #listener;
  #scheduled = false;

  /** @param {(state: State) => void} listener */
  constructor(listener) {
    this.#listener = listener;
  }

  get state() {
    return this.#state;
  }

  /** @param {Partial<State>} patch */
  update(patch) {
    this.#state = Object.freeze({ ...this.#state, ...patch });
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#listener(this.#state);
    });
  }
}

/** Findings of the list that the current picture has no score for yet. @param {State} state */
export const unscored = ({ findings, scores, picture }) =>
  findings.filter((finding) => scores.get(finding)?.picture !== picture?.id);

/** The page's state in one word. @param {State} state @returns {'loading' | 'ready' | 'working' | 'done' | 'error' | 'empty'} */
export function phase(state) {
  if (state.veiled) return state.veiled;
  if (state.model === 'failed') return 'error';
  if (state.model === 'loading' || state.model === 'empty') return state.model;
  if (state.wanted || state.work || state.redraw) return 'working';
  return state.picture?.encoded && unscored(state).length === 0 ? 'done' : 'ready';
}

/** The synthetic chest on show, or about to be, or null. @param {State} state @returns {Drawing | null} */
export function drawing({ picture, wanted, redraw }) {
  const source = redraw ?? picture?.source;
  return !wanted && source && 'phantom' in source ? source : null;
}

/** The row of the series that is in the viewer, or about to be. @param {State} state */
export function rowInView({ series, wanted, picture }) {
  const source = (wanted ?? picture)?.source;
  return source && 'file' in source ? series?.rows.find(({ file }) => file === source.file) : undefined;
}

/** Where the picture stands, or null without one. @param {State} state @returns {import('./viewport/transform.js').Place | null} */
export const placeOf = ({ picture, viewport }) => (picture ? { grid: picture.grid, viewport } : null);

/** From pixels of the picture to the viewport: the one matrix that all layers follow. @param {State} state */
export const matrixOfState = (state) => (state.picture ? matrixOf(placeOf(state), state.display.view) : null);

/** What the model saw, in pixels of the grid. @param {Picture} picture @returns {import('./viewport/transform.js').Box | null} */
export function seenBox({ view, grid, width: columns, height: rows }) {
  if (!view) return null;
  const [x, y] = [grid.width / columns, grid.height / rows];
  return { x: view.x * x, y: view.y * y, width: view.width * x, height: view.height * y };
}

/** From parts of what the model saw to the viewport. @param {State} state With a picture and its view @returns {import('./viewport/transform.js').Matrix} */
export const matrixOfSeen = (state) => matrixWithin(matrixOfState(state), seenBox(state.picture));

/** The window in use. @param {State} state */
export const windowOf = ({ picture, display }) => display.window ?? picture?.pixels.window ?? null;

/** Ranked by percentile, then those without a reference, then those not scored yet. @param {Pick<State, 'findings' | 'scores'>} state */
export function ranked(state) {
  const key = (/** @type {string} */ finding) => {
    const score = state.scores.get(finding);
    return score ? (score.percentile ?? -1) : -2;
  };
  return [...state.findings].sort((a, b) => key(b) - key(a));
}

/** Of the score on show, or undefined until it is there. @param {State} state @returns {import('./explanation.js').Explanation | undefined} */
export function explanationOf({ explanations, scores, selected }) {
  const score = scores.get(selected);
  const found = score && explanations.get(keyOf(score.picture, selected));
  return found && 'words' in found ? found : undefined;
}

/** The word whose map is on show, or -1. @param {State} state */
export function wordOnShow({ why, selected }) {
  const { hovered, word } = why;
  return [hovered, word].find((each) => each?.finding === selected)?.index ?? -1;
}

/** The map that lies over the picture: the finding's, or a part of its explanation. Null without a score. @param {State} state */
export function shownMap(state) {
  const {
    scores,
    selected,
    map: { kind },
    why,
  } = state;
  const score = scores.get(selected);
  if (!score) return null;
  const explanation = why.open ? explanationOf(state) : undefined;
  const index = explanation ? wordOnShow(state) : -1;
  if (index >= 0 && index < explanation.words.length) {
    const word = explanation.words[index];
    return {
      part: /** @type {const} */ ('word'),
      id: `word ${index}`,
      name: t('map.word', { word }),
      text: t('map.wordText', { word }),
      values: mapOfWord(explanation, index),
    };
  }
  if (explanation && !isAll(why.choice)) {
    const choice = choiceInWords(why.choice);
    const { layer, head } = why.choice;
    return {
      part: /** @type {const} */ ('choice'),
      id: `${layer} ${head}`,
      name: t('map.choice', { choice }),
      text: t('map.choiceText', { choice }),
      values: meanOf(explanation.patches, explanation, why.choice),
    };
  }
  return {
    part: /** @type {const} */ ('finding'),
    id: '',
    name: t(`map.${kind}`),
    text: t(`map.${kind}Text`),
    values: score[kind],
  };
}

/** What the overlay must show, or '' for nothing. @param {State} state */
export function overlayKey(state) {
  const { picture, selected, scores, map } = state;
  const score = scores.get(selected);
  return picture?.view && score ? [score.picture, map.kind, map.palette, selected, shownMap(state).id].join('|') : '';
}

/** Findings whose contours are on show, each at the place of its colour. The best ones keep the list's order, so that colours rest. @param {State} state @returns {(string | null)[]} */
export function contoured(state) {
  const {
    contours: { on, chosen },
    findings,
    scores,
    picture,
  } = state;
  if (!on || !picture?.view) return [];
  const known = (/** @type {string | null} */ finding) =>
    finding !== null && findings.includes(finding) && scores.has(finding);
  if (chosen) return chosen.map((finding) => (known(finding) ? finding : null));
  const best = ranked(state).filter(known).slice(0, CONTOURS_MAX);
  return findings.filter((finding) => best.includes(finding));
}
