/** What pointers and keys on a viewport do to its viewer. */
import { grab, inside } from './measure.js';
import { Gestures, dragFactor, dragWindow } from './gestures.js';

const PAN_STEP = 40; // CSS pixels of an arrow key
const CURSOR_STEP = 8;
const FAST = 5; // with Shift
/** Steps across and down, by key. @type {Record<string, [number, number]>} */
export const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const TAP = 'picture-tap';

/** Calls `act` for every tap of the viewport's tool on the picture. @param {HTMLElement} viewport @param {(part: import('./transform.js').Point) => void} act */
export function onTap(viewport, act) {
  viewport.addEventListener(TAP, (event) => {
    if (!(event instanceof CustomEvent)) return;
    const { x, y } = event.detail;
    if (x >= 0 && x <= 1 && y >= 0 && y <= 1) act({ x, y });
  });
}

/** @param {HTMLElement} viewport @param {import('./viewer.js').Viewer} viewer @returns {import('./gestures.js').Actions} */
export function pointerActions(viewport, viewer) {
  const part = (/** @type {import('./transform.js').Point} */ point) => inside(viewer.part(point));
  const cursor = (/** @type {import('./transform.js').Point} */ at, /** @type {boolean} */ finger) =>
    viewer.setCursor({ ...part(at), by: finger ? 'finger' : 'mouse' });
  return {
    ready: () => Boolean(viewer.state.picture),
    tool: () => viewer.state.tool,
    begin(tool, start) {
      if (tool !== 'length') return;
      const { draft, lines } = viewer.display;
      const to = part(start);
      const held = grab(lines, start, (at) => viewer.point(at));
      viewer.setDraft({ ...(draft ?? (held ? { from: held.from, moves: held.line } : { from: to })), to });
    },
    drag(tool, from, to, start, finger) {
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      if (tool === 'window') viewer.setWindow(dragWindow(viewer.window, viewer.range, dx, dy));
      else if (tool === 'zoom') viewer.zoom(start, dragFactor(dy));
      else if (tool === 'pan') viewer.pan(dx, dy);
      else cursor(to, finger);
    },
    end(tool) {
      if (tool === 'length' && viewer.display.draft) viewer.finish(viewer.display.draft);
    },
    abort(tool) {
      if (tool === 'length') viewer.setDraft(null);
    },
    tap(tool, at, finger) {
      if (tool === 'length') viewer.mark(part(at));
      else if (tool === 'loupe') cursor(at, finger);
      else if (tool === 'pan') viewer.pan(viewer.middle.x - at.x, viewer.middle.y - at.y);
      else if (tool === 'window') viewport.dispatchEvent(new CustomEvent(TAP, { detail: viewer.part(at) }));
    },
    hover(at) {
      if (!viewer.pointing) return;
      if (at) cursor(at, false);
      else viewer.setCursor(null);
    },
    pinch: (from, to) => viewer.pinch(from, to),
    zoom: (at, factor) => viewer.zoom(at, factor),
    fit() {
      if (viewer.state.tool !== 'length') viewer.act('fit');
    }, // with the length tool, two quick clicks set two ends
  };
}

/** Arrow keys pan, or move the cursor of a pointing tool; the picture is panned when the cursor would leave the viewport. @param {import('./viewer.js').Viewer} viewer @param {number} x @param {number} y @param {boolean} fast */
function step(viewer, x, y, fast) {
  const size = (viewer.pointing ? CURSOR_STEP : PAN_STEP) * (fast ? FAST : 1);
  if (!viewer.pointing) return viewer.pan(-x * size, -y * size);
  const { cursor } = viewer.display;
  const start = cursor ? viewer.point(cursor) : viewer.middle;
  const to = inside(viewer.part(cursor ? { x: start.x + x * size, y: start.y + y * size } : start)); // the first key only shows the cursor
  const at = viewer.point(to);
  const { width, height } = viewer.state.viewport;
  const excess = (/** @type {number} */ value, /** @type {number} */ most) =>
    Math.min(0, most - value) - Math.min(0, value);
  viewer.setCursor({ ...to, by: 'keys' });
  if (excess(at.x, width) || excess(at.y, height)) viewer.pan(excess(at.x, width), excess(at.y, height));
}

/** A key on the viewport. @param {import('./viewer.js').Viewer} viewer @param {KeyboardEvent} event @returns {boolean} Whether it was used */
export function useKey(viewer, { key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (!viewer.state.picture || ctrlKey || metaKey || altKey) return false;
  const { cursor, lines } = viewer.display;
  const last = lines.at(-1);
  if (key in ARROWS) step(viewer, ...ARROWS[key], shiftKey);
  else if (key === '+' || key === '-')
    viewer.act(key === '+' ? 'in' : 'out'); // also where single keys are off
  else if (key === 'Enter' && viewer.state.tool === 'length' && cursor) viewer.mark({ x: cursor.x, y: cursor.y });
  else if (key === 'Escape') {
    viewer.setDraft(null);
    viewer.setCursor(null);
  } else if ((key === 'Delete' || key === 'Backspace') && last) viewer.removeLine(last);
  else return false;
  return true;
}

/**
 * Connects an element's pointers, keys and size to its viewer.
 *
 * @param {HTMLElement} viewport @param {import('./viewer.js').Viewer} viewer
 * @param {(size: import('./transform.js').Size) => void} resized Not called while it is hidden
 */
export function bindViewport(viewport, viewer, resized) {
  new Gestures(viewport, pointerActions(viewport, viewer));
  viewport.addEventListener('keydown', (event) => {
    if (event.target !== viewport || !useKey(viewer, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(([{ contentRect }]) => {
    const { width, height } = contentRect;
    if (width) resized({ width, height });
  }).observe(viewport);
}
