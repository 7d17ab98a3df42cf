/**
 * The one state object of the page, and what can be derived from it.
 *
 * @typedef {import('carzero').Phantom} Params What a synthetic chest shows
 * @typedef {import('carzero').Example} Example
 * @typedef {{example: Example, phantom: Params, moving: boolean}} Drawing `moving`: a small draft, while a slider moves
 * @typedef {{file: Blob, negative?: boolean} | Drawing} Source A file's picture, or its negative
 * @typedef {import('carzero').Verdict} Verdict What a picture looks like to the model
 * @typedef {import('carzero').Warning | {code: Verdict | 'drawing' | 'negative'}} Warning Of a picture's file, or of what it looks like
 * @typedef {import('carzero').Note} Note
 * @typedef {import('carzero').Fact} Fact
 * @typedef {object} Picture
 * @property {number} id @property {Source} source @property {import('./i18n.js').Message} name
 * @property {number} width @property {number} height @property {Note[]} notes How its file was read
 * @property {Fact[]} facts Of a DICOM file @property {Warning[]} warnings That its file is damaged, or no frontal chest radiograph
 * @property {import('./viewport/pixels.js').Pixels} pixels What the viewer shows
 * @property {{width: number, height: number, aspect: number}} grid Its size in pixels, and a pixel's height over width; while a draft is on show, those of the final drawing
 * @property {import('carzero').Truth[]} truth The true boxes, in fractions of the picture
 * @property {{x: number, y: number, width: number, height: number} | null} view The square the model saw, or will see; null until known.
 * @property {boolean} encoded @property {boolean} fromLab Whether it follows the picture before, by a change in the phantom lab
 * @property {Verdict=} verdict Once encoded, where the model says it @property {Float32Array=} embedding Once encoded, the image encoder's global features
 *
 * @typedef {import('carzero').Statement} Statement
 * @typedef {import('carzero').Score & {picture: number, ms?: number}} Score `picture`: its id; `ms`: the share of this score in the time that its batch took
 *
 * @typedef {import('./viewport/transform.js').Point & {by: 'mouse' | 'finger' | 'keys'}} Cursor A point of the picture, from 0 to 1 each way
 * @typedef {object} Display How the viewer shows the picture. Nothing of it reaches the worker.
 * @property {import('./viewport/transform.js').View} view
 * @property {import('./viewport/pixels.js').Window | null} window Null: the picture's own
 * @property {boolean} invert
 * @property {readonly import('./viewport/measure.js').Line[]} lines
 * @property {import('./viewport/measure.js').Draft | null} draft A line of which one end is not set yet
 * @property {Cursor | null} cursor Where the magnifier is, or where the next end of a line would be set
 *
 * @typedef {{finding: string, index: number}} Word A word of a finding's sentence
 * @typedef {object} Why What is shown of explanations
 * @property {boolean} open
 * @property {import('./explanation.js').Choice} choice The layer and head whose attention is shown
 * @property {Word | null} word Chosen: its map stays on show @property {Word | null} hovered Pointed at: its map is on show meanwhile
 * @property {import('./viewport/transform.js').Point | null} at The point of the picture that is pointed at
 *
 * @typedef {{title: import('./i18n.js').Message, text: import('./i18n.js').Message, report?: string}} Notice `report`: of a crash
 * @typedef {Notice & {crash: boolean, offerCpu: boolean, offerOwn: boolean}} Failure `offerOwn`: the page's own model may be used instead of the one that failed
 * @typedef {'auto' | 'webgpu' | 'cpu'} Preference The device that a person wants
 * @typedef {'cpu' | 'webgpu'} DeviceKind
 * @typedef {'loading' | 'ready' | 'working' | 'done' | 'error' | 'empty'} Phase The page's state in one word
 * @typedef {{received: number, total: number}} Progress Bytes
 * @typedef {{key: string} & import('./viewport/heatmap.js').Painted} Overlay
 * @typedef {ReturnType<typeof initialState>} State
 * @typedef {State & {picture: Picture}} Viewed With a picture in the viewer
 */

import { initialExperiments } from './experiments.js';
import { ALL } from './explanation.js';
import { language } from './i18n.js';
import { initialPopulation } from './population.js';
import { initialRemote } from './remote.js';
import { initialRewriter } from './review.js';
import { initialStudy } from './study.js';
import { FITTED } from './viewport/transform.js';

/** A picture as it opens. @returns {Display} */
export const initialDisplay = () => ({
  view: FITTED,
  window: null,
  invert: false,
  lines: [],
  draft: null,
  cursor: null,
});

/** The state before anything has loaded. */
export function initialState() {
  return {
    /** @type {import('./folders.js').Folder} */ folder: { kind: 'site', name: '', url: '' },
    /** @type {{name: string, download: Progress | null} | null} A model that is tried while the other works */ trial:
      null,
    /** @type {import('./conversion.js').Conversion | null} A checkpoint that is to be a model */ conversion: null,
    /** @type {import('./remote.js').Remote} A model at another site */ remote: initialRemote(),
    /** Models that this browser keeps; while one is written, `busy` */ kept: {
      /** @type {import('./remote.js').Kept[]} */ models: [],
      busy: false,
    },
    /** @type {'loading' | 'ready' | 'failed' | 'empty'} Empty: all was forgotten, and nothing is loaded */ model:
      'loading',
    /** @type {Progress | null} */ download: null,
    /** @type {Preference} */ preference: 'auto',
    /** @type {import('../worker/jobs.js').Device | null} */ device: null,
    /** @type {import('../worker/jobs.js').ModelInfo | null} */ info: null,
    /** @type {import('./i18n.js').Message} Where the weights came from */ weights: '',
    /** `kept`: for use without a network; `update`: a new build waits */ offline: { kept: false, update: false },
    /** @type {Example[]} */ phantoms: [],
    /** @type {import('carzero').Palette[]} */ palettes: [],
    /** @type {{source: Source, name: import('./i18n.js').Message} | null} Chosen, not yet decoded */ wanted: null,
    /** @type {Picture | null} */ picture: null,
    /** @type {import('./table.js').Series | null} */ series: null,
    /** @type {import('./evaluation.js').Evaluation | null} Of the series */ evaluation: null,
    population: initialPopulation(),
    /** @type {import('./beside.js').Comparison | null} */ compare: null,
    /** @type {Drawing | null} What the synthetic picture shall show next */ redraw: null,
    /** @type {boolean} Outline what was drawn */ truth: false,
    /** @type {import('./i18n.js').Language} */ language: language(),
    /** @type {number} The step of the guided tour, or -1 */ tour: -1,
    /** @type {import('./round.js').Round | null} Cases that are read: teaching mode, or a study */ round: null,
    /** @type {import('../features/teaching/progress.js').Progress} Of a learner */ progress: {
      level: 1,
      right: [],
      findings: {},
    },
    /** @type {import('./study.js').StudyState} */ study: initialStudy(),
    /** @type {Phase | ''} The phase, in a state from which scores are withheld */ veiled: /** @type {Phase | ''} */ (
      ''
    ),
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
    /** @type {ReadonlyMap<string, Score>} Those of the picture before stay until replaced, in the phantom lab */ scores:
      new Map(),
    /** @type {string} */ selected: '',
    /** @type {boolean} Whether a person selected it, not the page */ selectedByPerson: false,
    /** @type {'' | 'encoding' | 'scoring'} */ work: '',
    /** @type {number | null} Milliseconds that the current picture took to be encoded */ encodeMs: null,
    map: { on: true, opacity: 70, palette: '', kind: /** @type {'similarity' | 'attention'} */ ('attention') },
    /** @type {Overlay | null} */ overlay: null,
    /** @type {Why} */ why: { open: false, choice: { layer: ALL, head: ALL }, word: null, hovered: null, at: null },
    /** @type {ReadonlyMap<string, import('./explanation.js').Explanation | {error: string}>} By picture and finding */ explanations:
      new Map(),
    experiments: initialExperiments(),
    /** `chosen`: findings, each at the index of its colour, which it keeps; null: the best of the ranking. */
    contours: { on: false, chosen: /** @type {(string | null)[] | null} */ (null) },
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
