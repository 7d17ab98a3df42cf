/**
 * What pointers do in the viewport, as in OHIF: the left button or one finger uses the chosen tool, the right button
 * zooms, the middle one pans, the wheel and a pinch zoom about the point under them, and a double click fits the
 * picture.
 *
 * @typedef {(typeof TOOLS)[number]} Tool
 * @typedef {import('./transform.js').Point} Point CSS pixels of the viewport
 * @typedef {object} Actions
 * @property {() => boolean} ready There is a picture
 * @property {() => Tool} tool The chosen one
 * @property {(tool: Tool, start: Point) => void} begin A drag
 * @property {(tool: Tool, from: Point, to: Point, start: Point, finger: boolean) => void} drag
 * @property {(tool: Tool, at: Point) => void} end
 * @property {(tool: Tool) => void} abort The drag became something else
 * @property {(tool: Tool, at: Point, finger: boolean) => void} tap
 * @property {(at: Point | null) => void} hover A mouse, which may leave
 * @property {(from: [Point, Point], to: [Point, Point]) => void} pinch
 * @property {(at: Point, factor: number) => void} zoom
 * @property {() => void} fit
 */
import { closest } from '../dom.js';

const TOOLS = /** @type {const} */ (['window', 'zoom', 'pan', 'length', 'loupe']);
/** The tool of a button or a key. @param {string} name @returns {Tool} */
export const toolNamed = (name) => TOOLS.find((tool) => tool === name) ?? 'window';

/** @type {Record<string, number>} */
const SLACK = { mouse: 3, pen: 6, touch: 8 }; // CSS pixels that a tap may slide
const WHEEL_LINE = 33; // CSS pixels
const WHEEL_MOST = 120; // CSS pixels of one event, at most
/** @type {Record<number, Tool>} */
const BUTTONS = { 1: 'pan', 2: 'zoom' };

/** @param {{deltaY: number, deltaMode: number, ctrlKey: boolean}} event `ctrlKey` also stands for a pinch on a trackpad */
export function wheelFactor({ deltaY, deltaMode, ctrlKey }) {
  const pixels = deltaMode === 0 ? deltaY : deltaY * WHEEL_LINE;
  return Math.exp(-Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, pixels)) * (ctrlKey ? 0.01 : 0.002));
}

/** Down zooms in. @param {number} dy CSS pixels */
export const dragFactor = (dy) => Math.exp(dy * 0.008);

/** Across changes the width, down raises the level, which darkens. @param {import('./pixels.js').Window} window @param {{low: number, high: number}} range @param {number} dx @param {number} dy @returns {import('./pixels.js').Window} */
export function dragWindow({ center, width }, { low, high }, dx, dy) {
  const step = (high - low + 1) / 512;
  return { center: center + dy * step, width: width + dx * step };
}

export class Gestures {
  #element;
  #actions;
  /** @type {Map<number, Point>} */ #pointers = new Map();
  /** @type {{id: number, tool: Tool, start: Point, last: Point, moved: boolean} | null} */ #held = null;

  /** @param {HTMLElement} element @param {Actions} actions */
  constructor(element, actions) {
    this.#element = element;
    this.#actions = actions;
    element.addEventListener('pointerdown', (event) => this.#down(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    element.addEventListener('pointerup', (event) => this.#up(event));
    element.addEventListener('pointercancel', (event) => this.#up(event, true));
    element.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse') this.#hover(null);
    });
    element.addEventListener('contextmenu', (event) => event.preventDefault());
    element.addEventListener('mousedown', (event) => {
      if (event.button === 1) event.preventDefault();
    }); // no automatic scrolling
    element.addEventListener('dblclick', (event) => {
      if (!closest(event, 'button') && actions.ready()) actions.fit();
    });
    element.addEventListener(
      'wheel',
      (event) => {
        if (!actions.ready()) return;
        event.preventDefault();
        actions.zoom(this.#at(event), wheelFactor(event));
      },
      { passive: false },
    );
  }

  /** @param {MouseEvent} event @returns {Point} */
  #at({ clientX, clientY }) {
    const { left, top } = this.#element.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  /** @param {Point | null} at */
  #hover(at) {
    if (this.#actions.ready()) this.#actions.hover(at);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (closest(event, 'button') || !this.#actions.ready()) return;
    const at = this.#at(event);
    this.#pointers.set(event.pointerId, at);
    this.#element.setPointerCapture(event.pointerId);
    if (this.#pointers.size === 1) {
      const tool = BUTTONS[event.button] ?? this.#actions.tool();
      this.#held = { id: event.pointerId, tool, start: at, last: at, moved: false };
    } else if (this.#held) {
      if (this.#held.moved) this.#actions.abort(this.#held.tool);
      this.#held = null;
    }
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = this.#at(event);
    const { pointerId: id, pointerType: type } = event;
    if (!this.#pointers.has(id)) {
      if (type === 'mouse' && !closest(event, 'button')) this.#hover(at);
      return;
    }
    const before = [...this.#pointers.values()];
    this.#pointers.set(id, at);
    if (this.#pointers.size === 2) {
      this.#actions.pinch(
        /** @type {[Point, Point]} */ (before),
        /** @type {[Point, Point]} */ ([...this.#pointers.values()]),
      );
      return;
    }
    const held = this.#held;
    if (held?.id !== id) return;
    if (!held.moved) {
      if (Math.hypot(at.x - held.start.x, at.y - held.start.y) <= (SLACK[type] ?? SLACK.mouse)) return;
      held.moved = true;
      this.#actions.begin(held.tool, held.start);
    }
    this.#actions.drag(held.tool, held.last, at, held.start, type === 'touch');
    held.last = at;
  }

  /** @param {PointerEvent} event @param {boolean} [cancelled] */
  #up({ pointerId, pointerType, button }, cancelled = false) {
    if (!this.#pointers.delete(pointerId)) return;
    const held = this.#held;
    if (held?.id !== pointerId) return;
    this.#held = null;
    if (cancelled && held.moved) this.#actions.abort(held.tool);
    else if (held.moved) this.#actions.end(held.tool, held.last);
    else if (!cancelled && button === 0) this.#actions.tap(held.tool, held.start, pointerType === 'touch');
  }
}
