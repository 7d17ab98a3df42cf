/** The viewport: every layer by one matrix, pointers and arrow keys. It changes what is shown, never what the model is given. */
import { byId, onChange } from '../dom.js';
import { percent } from '../i18n.js';
import { matrixOfState, placeOf, windowOf } from '../state.js';
import { MAGNIFICATION, loupeCentre, loupeMatrix, paintLoupe } from '../viewer/loupe.js';
import { grab, inside } from '../viewer/measure.js';
import { levelFor } from '../viewer/pixels.js';
import { Gestures, dragFactor, dragWindow } from '../viewer/tools.js';
import { applyToBox, scaleOf } from '../viewer/transform.js';
import { Viewer } from '../viewer/viewer.js';

const PAN_STEP = 40; // CSS pixels of an arrow key
const CURSOR_STEP = 8;
const FAST = 5; // with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @typedef {import('../viewer/transform.js').Box} Box */

const pixels = (/** @type {number} */ value) => `${value}px`;

/** @param {HTMLElement} element @param {Record<string, string>} styles */
function setStyles(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

/** Its corners, clockwise and closed, for a clip path. @param {Box} box */
function outline({ x, y, width, height }) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(pixels);
  return `${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom}, ${left} ${top}`;
}

/** What the model saw, in pixels of the grid. @param {import('../state.js').Picture} picture @returns {Box | null} */
function seenBox({ view, grid, width: columns, height: rows }) {
  if (!view) return null;
  const [x, y] = [grid.width / columns, grid.height / rows];
  return { x: view.x * x, y: view.y * y, width: view.width * x, height: view.height * y };
}

/** @param {Box} box @param {import('../viewer/transform.js').Size} size */
const covers = ({ x, y, width, height }, size) => x <= 0 && y <= 0 && x + width >= size.width && y + height >= size.height;

/** @param {HTMLElement} viewport @param {Viewer} viewer @returns {import('../viewer/tools.js').Actions} */
function pointerActions(viewport, viewer) {
  const part = (/** @type {import('../viewer/transform.js').Point} */ point) => inside(viewer.part(point));
  const cursor = (/** @type {import('../viewer/transform.js').Point} */ at, /** @type {boolean} */ finger) => viewer.setCursor({ ...part(at), by: finger ? 'finger' : 'mouse' });
  return {
    ready: () => Boolean(viewer.state.picture),
    tool: () => viewer.state.tool,
    begin(tool, start) {
      if (tool !== 'length') return;
      const { draft, lines } = viewer.display;
      const to = part(start);
      const held = grab(lines, start, (at) => viewer.point(at));
      viewer.setDraft({ ...draft ?? (held ? { from: held.from, moves: held.line } : { from: to }), to });
    },
    drag(tool, from, to, start, finger) {
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      if (tool === 'window') viewer.setWindow(dragWindow(viewer.window, viewer.state.picture.pixels.range, dx, dy));
      else if (tool === 'zoom') viewer.zoom(start, dragFactor(dy));
      else if (tool === 'pan') viewer.pan(dx, dy);
      else cursor(to, finger);
    },
    end(tool) { if (tool === 'length' && viewer.display.draft) viewer.finish(viewer.display.draft); },
    abort(tool) { if (tool === 'length') viewer.setDraft(null); },
    tap(tool, at, finger) {
      if (tool === 'length') viewer.mark(part(at));
      else if (tool === 'loupe') cursor(at, finger);
      else if (tool === 'pan') viewer.pan(viewer.middle.x - at.x, viewer.middle.y - at.y);
      else if (tool === 'window') viewport.dispatchEvent(new CustomEvent('picture-tap', { detail: viewer.part(at) }));
    },
    hover(at) {
      if (!viewer.pointing) return;
      if (at) cursor(at, false);
      else viewer.setCursor(null);
    },
    pinch: (from, to) => viewer.pinch(from, to),
    zoom: (at, factor) => viewer.zoom(at, factor),
    fit() { if (viewer.state.tool !== 'length') viewer.act('fit'); }, // two quick clicks are two ends
  };
}

/** Arrow keys pan, or move the cursor of a pointing tool; the picture follows a cursor that would leave. @param {Viewer} viewer @param {number} x @param {number} y @param {boolean} fast */
function step(viewer, x, y, fast) {
  const size = (viewer.pointing ? CURSOR_STEP : PAN_STEP) * (fast ? FAST : 1);
  if (!viewer.pointing) return viewer.pan(-x * size, -y * size);
  const { cursor } = viewer.display;
  const start = cursor ? viewer.point(cursor) : viewer.middle;
  const to = inside(viewer.part(cursor ? { x: start.x + x * size, y: start.y + y * size } : start)); // the first key shows it
  const at = viewer.point(to);
  const { width, height } = viewer.state.viewport;
  const excess = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(0, most - value) - Math.min(0, value);
  viewer.setCursor({ ...to, by: 'keys' });
  if (excess(at.x, width) || excess(at.y, height)) viewer.pan(excess(at.x, width), excess(at.y, height));
}

/** A key on the viewport. @param {Viewer} viewer @param {KeyboardEvent} event @returns {boolean} Whether it was used */
function useKey(viewer, { key, shiftKey, ctrlKey, metaKey, altKey }) {
  if (!viewer.state.picture || ctrlKey || metaKey || altKey) return false;
  const { cursor, lines } = viewer.display;
  if (key in ARROWS) step(viewer, ...ARROWS[key], shiftKey);
  else if (key === '+' || key === '-') viewer.act(key === '+' ? 'in' : 'out'); // also where single keys are off
  else if (key === 'Enter' && viewer.state.tool === 'length' && cursor) viewer.mark({ x: cursor.x, y: cursor.y });
  else if (key === 'Escape') {
    viewer.setDraft(null);
    viewer.setCursor(null);
  } else if ((key === 'Delete' || key === 'Backspace') && lines.length) viewer.removeLine(lines.at(-1));
  else return false;
  return true;
}

/** @param {import('../session.js').Session} session */
export function bindViewer(session) {
  const [viewport, frame, layers, pictureCanvas, mapCanvas, unseen, unseenKey, loupe, mirrored, zoomText] = [
    'fit', 'frame', 'layers', 'picture', 'map', 'unseen', 'unseen-key', 'loupe', 'mirrored', 'zoom-text',
  ].map(byId);
  const viewer = new Viewer(session);

  new Gestures(viewport, pointerActions(viewport, viewer));
  viewport.addEventListener('keydown', (event) => {
    if (event.target !== viewport || !useKey(viewer, event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  new ResizeObserver(([{ contentRect: { width, height } }]) => session.setViewport({ width, height })).observe(viewport);

  const context = pictureCanvas.getContext('2d', { alpha: false });
  /** What the canvas covers, in pixels of the grid. */ let covered = { width: 0, height: 0 };
  const paint = onChange((/** @type {import('../state.js').Picture} */ picture, /** @type {import('../viewer/pixels.js').Window} */ window, /** @type {boolean} */ invert, /** @type {number} */ level) => {
    const { pixels: source, grid } = picture;
    const { width, height } = source.paint(context, window, invert, level);
    covered = { width: (width * grid.width) / source.width, height: (height * grid.height) / source.height };
    setStyles(pictureCanvas, { width: pixels(covered.width), height: pixels(covered.height) });
  });

  /** @param {import('../state.js').State} state */
  function paintPicture(state) {
    const { picture, display: { view, invert }, tool } = state;
    const scale = (scaleOf(placeOf(state), view) * picture.grid.width) / picture.pixels.width;
    paint(picture, windowOf(state), invert, levelFor(scale * devicePixelRatio * (tool === 'loupe' ? MAGNIFICATION : 1)));
  }

  /** Every layer follows the matrix. */
  const drawView = onChange((/** @type {import('../state.js').Picture} */ picture, /** @type {import('../viewer/transform.js').View} */ view) => {
    const { grid } = picture;
    const matrix = matrixOfState(session.state);
    setStyles(layers, { width: pixels(grid.width), height: pixels(grid.height), transform: `matrix(${matrix.join(', ')})` });
    zoomText.textContent = percent(scaleOf(placeOf(session.state), view) * devicePixelRatio);
    mirrored.hidden = !view.mirror;
    const seen = seenBox(picture);
    unseen.hidden = unseenKey.hidden = !seen || covers(seen, grid);
    if (!seen) return;
    setStyles(mapCanvas, { left: pixels(seen.x), top: pixels(seen.y), width: pixels(seen.width), height: pixels(seen.height) });
    const [all, hole] = [{ x: 0, y: 0, ...grid }, seen].map((box) => outline(applyToBox(matrix, box)));
    unseen.style.setProperty('clip-path', `polygon(evenodd, ${all}, ${hole})`);
  });

  /** @param {import('../state.js').State} state */
  function drawLoupe(state) {
    const { tool, display: { cursor }, picture, map } = state;
    loupe.hidden = tool !== 'loupe' || !cursor;
    if (loupe.hidden) return;
    const radius = loupe.clientWidth / 2;
    const side = Math.round(2 * radius * devicePixelRatio);
    if (loupe.width !== side) loupe.width = loupe.height = side;
    const at = viewer.point(cursor);
    const { x, y } = loupeCentre(at, state.viewport, radius, cursor.by === 'finger');
    setStyles(loupe, { left: pixels(x), top: pixels(y) });
    const images = [{ image: pictureCanvas, box: { x: 0, y: 0, ...covered }, alpha: 1 }];
    const seen = seenBox(picture);
    if (!mapCanvas.hidden && seen) images.push({ image: mapCanvas, box: seen, alpha: map.opacity / 100 });
    paintLoupe(loupe, loupeMatrix(matrixOfState(state), at, radius, devicePixelRatio), images);
  }

  return (/** @type {import('../state.js').State} */ state) => {
    const { picture, display: { view }, viewport: size } = state;
    frame.hidden = !picture;
    viewport.tabIndex = picture ? 0 : -1;
    viewport.dataset.tool = state.tool;
    if (!picture) return;
    paintPicture(state);
    drawView(picture, view, size);
    drawLoupe(state);
  };
}
