/** What tools, keys and buttons do to the display. The class has no state of its own. */
import { hasPicture, placeOf, windowOf } from '../derived.js';
import { toolNamed } from './gestures.js';
import { linesWith } from './measure.js';
import {
  FITTED,
  flipAcross,
  flipOver,
  panBy,
  partFromPoint,
  pinch,
  pointFromPart,
  turnRight,
  zoomAt,
} from './transform.js';

const ZOOM_STEP = 1.25;
/** Tools with a cursor, which arrow keys move. */
const POINTING = new Set(['length', 'loupe']);

/** @typedef {'tool' | 'preset' | 'invert' | 'turn' | 'across' | 'over' | 'fit' | 'reset' | 'in' | 'out'} Action */
/** What it works on: the viewer's display, or another picture's. @typedef {Pick<import('../../features/viewer/actions.js').DisplayActions, 'state' | 'show' | 'chooseTool' | 'reset'>} Shown */

export class Viewer {
  #display;

  /** @param {Shown} display */
  constructor(display) {
    this.#display = display;
  }

  /** The state with its picture; throws without one, when no caller may ask for a place on it. */
  get #viewed() {
    const { state } = this;
    if (hasPicture(state)) return state;
    throw new Error('no picture is on show');
  }

  /** What keys and buttons do to the display. @type {Record<Action, (value: string) => void>} */
  #actions = {
    tool: (value) => this.#display.chooseTool(toolNamed(value)),
    preset: (value) => this.setWindow(this.#viewed.picture.pixels.preset(value)),
    invert: () => this.#display.show({ invert: !this.display.invert }),
    turn: () => this.#setView(turnRight(this.#view)),
    across: () => this.#setView(flipAcross(this.#view)),
    over: () => this.#setView(flipOver(this.#view)),
    in: () => this.zoom(this.middle, ZOOM_STEP),
    out: () => this.zoom(this.middle, 1 / ZOOM_STEP),
    fit: () => this.#setView({ ...this.#view, zoom: FITTED.zoom, x: FITTED.x, y: FITTED.y }),
    reset: () => this.#display.reset(),
  };

  get state() {
    return this.#display.state;
  }
  get display() {
    return this.state.display;
  }
  get pointing() {
    return POINTING.has(this.state.tool);
  }
  get middle() {
    return { x: this.state.viewport.width / 2, y: this.state.viewport.height / 2 };
  }
  get #view() {
    return this.display.view;
  }
  get #place() {
    return placeOf(this.#viewed);
  }

  /** From CSS pixels of the viewport to fractions of the picture. @param {import('./transform.js').Point} point */
  part(point) {
    return partFromPoint(this.#place, this.#view, point);
  }

  /** The inverse of `part`. @param {import('./transform.js').Point} part */
  point(part) {
    return pointFromPart(this.#place, this.#view, part);
  }

  /** Does nothing without a picture. @param {Action} action @param {string} [value] The name of a tool or a preset */
  act(action, value = '') {
    if (this.state.picture) this.#actions[action](value);
  }

  /** @param {import('./transform.js').Point} at @param {number} factor */
  zoom(at, factor) {
    this.#setView(zoomAt(this.#place, this.#view, at, factor));
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    this.#setView(panBy(this.#place, this.#view, dx, dy));
  }

  /** @param {[import('./transform.js').Point, import('./transform.js').Point]} from @param {[import('./transform.js').Point, import('./transform.js').Point]} to */
  pinch(from, to) {
    this.#setView(pinch(this.#place, this.#view, from, to));
  }

  get range() {
    return this.#viewed.picture.pixels.range;
  }

  get window() {
    return windowOf(this.#viewed);
  }

  /** @param {import('./pixels.js').Window} window */
  setWindow(window) {
    const { pixels } = this.#viewed.picture;
    this.#display.show({ window: window === pixels.window ? null : pixels.clamp(window) });
  }

  /** The cursor of a pointing tool, and with it the open end of a draft line. @param {import('../state.js').Cursor | null} cursor */
  setCursor(cursor) {
    const { draft } = this.display;
    this.#display.show({ cursor, draft: draft && cursor ? { ...draft, to: { x: cursor.x, y: cursor.y } } : draft });
  }

  /** @param {import('./measure.js').Draft | null} draft */
  setDraft(draft) {
    this.#display.show({ draft });
  }

  /** Sets an end of a line: the first begins a draft, the second finishes it. @param {import('./transform.js').Point} at A part of the picture */
  mark(at) {
    const { draft } = this.display;
    if (!draft) this.setDraft({ from: at, to: at });
    else this.finish({ ...draft, to: at });
  }

  /** @param {import('./measure.js').Draft} draft */
  finish(draft) {
    this.#display.show({ draft: null, lines: linesWith(this.display.lines, draft, (part) => this.point(part)) });
  }

  /** @param {import('./measure.js').Line} gone */
  removeLine(gone) {
    this.#display.show({ lines: this.display.lines.filter((line) => line !== gone) });
  }

  /** @param {import('./transform.js').View} view */
  #setView(view) {
    this.#display.show({ view });
  }
}
