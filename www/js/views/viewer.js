/** The viewer: every layer by one matrix, and the tools. It changes what is shown, never what the model is given. */
import { byId, create, createSvg, onChange } from '../dom.js';
import { matrixOfState, placeOf, windowOf } from '../state.js';
import { keyAction, KEYS } from '../viewer/keys.js';
import { MAGNIFICATION, loupeCentre, loupeMatrix, paintLoupe } from '../viewer/loupe.js';
import { grab, inside, isSlip, lengthInWords, lengthOf, linesWith, unitNote } from '../viewer/measure.js';
import { PRESETS, levelFor } from '../viewer/pixels.js';
import { Gestures, dragFactor, dragWindow } from '../viewer/tools.js';
import { FITTED, applyToBox, flipAcross, flipOver, panBy, partFromPoint, pinch, pointFromPart, scaleOf, turnRight, zoomAt } from '../viewer/transform.js';

const ZOOM_STEP = 1.25;
const PAN_STEP = 40; // CSS pixels of an arrow key
const CURSOR_STEP = 8;
const FAST = 5; // with Shift
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEY_NAMES = { ' ': 'Space', '-': '−' };
/** Tools whose place the arrow keys move. */
const POINTING = new Set(['length', 'loupe']);

const pixels = (/** @type {number} */ value) => `${value}px`;

/** @param {HTMLElement} element @param {Record<string, string>} styles */
function setStyles(element, styles) {
  for (const [name, value] of Object.entries(styles)) element.style.setProperty(name, value);
}

/** Its corners, clockwise and closed, for a clip path. @param {import('../viewer/transform.js').Box} box */
function outline({ x, y, width, height }) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(pixels);
  return `${left} ${top}, ${right} ${top}, ${right} ${bottom}, ${left} ${bottom}, ${left} ${top}`;
}

/** @param {import('../session.js').Session} session */
export function bindViewer(session) {
  const [viewport, frame, layers, pictureCanvas, mapCanvas, unseen, unseenKey, linesLayer, lengths, draftLength, loupe] = [
    'fit', 'frame', 'layers', 'picture', 'map', 'unseen', 'unseen-key', 'lines', 'lengths', 'draft-length', 'loupe',
  ].map(byId);
  const [tools, strip, windowText, zoomText, mirrored, unit, windows, presets, level, width, sheet, sheetKeys, keysToggle] = [
    'tools', 'viewer-strip', 'window-text', 'zoom-text', 'mirrored', 'unit-note', 'windows', 'window-presets', 'window-level', 'window-width', 'sheet', 'sheet-keys', 'keys-toggle',
  ].map(byId);
  const now = () => session.state;
  const shown = () => session.state.display;

  const buttons = /** @type {HTMLButtonElement[]} */ ([...tools.querySelectorAll('button')]);
  const place = () => placeOf(now());
  const setView = (/** @type {import('../viewer/transform.js').View} */ view) => session.show({ view });
  const part = (/** @type {import('../viewer/transform.js').Point} */ point) => partFromPoint(place(), shown().view, point);
  const point = (/** @type {import('../viewer/transform.js').Point} */ at) => pointFromPart(place(), shown().view, at);
  const middle = () => ({ x: now().viewport.width / 2, y: now().viewport.height / 2 });
  const setWindow = (/** @type {import('../viewer/pixels.js').Window | null} */ window) => session.show({ window: window && now().picture.pixels.clamp(window) });

  /** Only where there is a picture. */
  const present = (/** @type {Function} */ act) => (/** @type {any[]} */ ...values) => { if (now().picture) act(...values); };

  /** What keys and buttons do. @type {Record<string, (value?: string) => void>} */
  const actions = {
    tool: (value) => session.chooseTool(/** @type {any} */ (value)),
    preset: (value) => setWindow(value === '1' ? null : now().picture.pixels.preset(value)),
    invert: () => session.show({ invert: !shown().invert }),
    turn: () => setView(turnRight(shown().view)),
    across: () => setView(flipAcross(shown().view)),
    over: () => setView(flipOver(shown().view)),
    in: () => setView(zoomAt(place(), shown().view, middle(), ZOOM_STEP)),
    out: () => setView(zoomAt(place(), shown().view, middle(), 1 / ZOOM_STEP)),
    fit: () => setView({ ...shown().view, zoom: FITTED.zoom, x: FITTED.x, y: FITTED.y }),
    reset: () => session.resetDisplay(),
    help: () => sheet.showModal(),
  };

  /** The next end of a line: the first waits for the second. @param {import('../viewer/transform.js').Point} at A part of the picture */
  function mark(at) {
    const { draft } = shown();
    if (!draft) session.show({ draft: { from: at, to: at } });
    else finish({ ...draft, to: at });
  }

  /** @param {import('../viewer/measure.js').Draft} draft */
  const finish = (draft) => session.show({ draft: null, lines: linesWith(shown().lines, draft, point) });

  new Gestures(viewport, {
    tool: () => now().tool,
    begin: present((tool, start) => {
      if (tool !== 'length') return;
      const to = inside(part(start));
      const held = grab(shown().lines, start, point);
      session.show({ draft: { ...shown().draft ?? (held ? { from: held.from, moves: held.line } : { from: to }), to } });
    }),
    drag: present((tool, from, to, start, finger) => {
      const [dx, dy] = [to.x - from.x, to.y - from.y];
      if (tool === 'window') setWindow(dragWindow(windowOf(now()), now().picture.pixels.range, dx, dy));
      else if (tool === 'zoom') setView(zoomAt(place(), shown().view, start, dragFactor(dy)));
      else if (tool === 'pan') setView(panBy(place(), shown().view, dx, dy));
      else if (tool === 'length' && shown().draft) session.show({ draft: { ...shown().draft, to: inside(part(to)) } });
      else if (tool === 'loupe') session.show({ cursor: { ...inside(part(to)), by: finger ? 'finger' : 'mouse' } });
    }),
    end: present((tool) => { if (tool === 'length' && shown().draft) finish(shown().draft); }),
    abort: present((tool) => { if (tool === 'length') session.show({ draft: null }); }),
    tap: present((tool, at, finger) => {
      if (tool === 'length') mark(inside(part(at)));
      else if (tool === 'loupe') session.show({ cursor: { ...inside(part(at)), by: finger ? 'finger' : 'mouse' } });
      else if (tool === 'pan') setView(panBy(place(), shown().view, middle().x - at.x, middle().y - at.y));
      else if (tool === 'window') viewport.dispatchEvent(new CustomEvent('picture-tap', { detail: part(at) }));
    }),
    hover: present((at) => {
      if (!POINTING.has(now().tool)) return;
      const cursor = at && /** @type {const} */ ({ ...inside(part(at)), by: 'mouse' });
      session.show({ cursor, draft: shown().draft && cursor ? { ...shown().draft, to: { x: cursor.x, y: cursor.y } } : shown().draft });
    }),
    pinch: present((from, to) => setView(pinch(place(), shown().view, from, to))),
    zoom: present((at, factor) => setView(zoomAt(place(), shown().view, at, factor))),
    fit: present(() => { if (now().tool !== 'length') actions.fit(); }),
  });

  /** Arrow keys pan, or move the cursor of a pointing tool; the picture follows a cursor that would leave. @param {number} x @param {number} y @param {boolean} fast */
  function step(x, y, fast) {
    if (!POINTING.has(now().tool)) return setView(panBy(place(), shown().view, -x * PAN_STEP * (fast ? FAST : 1), -y * PAN_STEP * (fast ? FAST : 1)));
    const size = CURSOR_STEP * (fast ? FAST : 1);
    const start = shown().cursor ? point(shown().cursor) : middle();
    const to = inside(part(shown().cursor ? { x: start.x + x * size, y: start.y + y * size } : start));
    const at = point(to);
    const over = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(0, most - value) - Math.min(0, value);
    const view = panBy(place(), shown().view, over(at.x, now().viewport.width), over(at.y, now().viewport.height));
    session.show({ view, cursor: { ...to, by: 'keys' }, draft: shown().draft && { ...shown().draft, to } });
  }

  viewport.addEventListener('keydown', present((/** @type {KeyboardEvent} */ event) => {
    if (event.target !== viewport || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in ARROWS) step(...ARROWS[event.key], event.shiftKey);
    else if (event.key === '+' || event.key === '-') actions[event.key === '+' ? 'in' : 'out'](); // also without single keys
    else if (event.key === 'Enter' && now().tool === 'length' && shown().cursor) mark({ x: shown().cursor.x, y: shown().cursor.y });
    else if (event.key === 'Escape') session.show({ draft: null, cursor: null });
    else if (['Delete', 'Backspace'].includes(event.key)) session.show({ lines: shown().lines.slice(0, -1) });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }));

  addEventListener('keydown', present((/** @type {KeyboardEvent} */ event) => {
    const found = now().keys && !document.querySelector('dialog[open]') && keyAction(event);
    if (!found) return;
    event.preventDefault();
    actions[found.action](found.value);
  }));

  // The toolbar is one stop of the Tab key; arrow keys go along it.
  for (const [i, button] of buttons.entries()) {
    button.tabIndex = i ? -1 : 0;
    const { action, value } = button.dataset;
    const entry = KEYS.find((known) => known.action === action && known.value === value);
    if (entry) {
      button.setAttribute('aria-keyshortcuts', KEY_NAMES[entry.key] ?? entry.key.toUpperCase());
      button.title = `${button.getAttribute('aria-label')} (${KEY_NAMES[entry.key] ?? entry.key.toUpperCase()})`;
    } else button.title = button.getAttribute('aria-label');
    if (!action) continue;
    button.addEventListener('click', present((/** @type {PointerEvent} */ { pointerType }) => {
      actions[action](value);
      if (pointerType === 'mouse' && !sheet.open) viewport.focus(); // the next key is meant for the picture
    }));
  }
  tools.addEventListener('focusin', ({ target }) => { for (const button of buttons) button.tabIndex = button === target ? 0 : -1; });
  tools.addEventListener('keydown', (event) => {
    const last = buttons.length - 1;
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length].focus();
  });
  for (const button of strip.querySelectorAll('button')) button.addEventListener('click', present(() => actions[button.dataset.action]()));

  for (const { key, name, hint } of PRESETS) {
    const button = create('button', undefined, 'preset');
    button.type = 'button';
    button.dataset.preset = key;
    button.append(create('kbd', key), create('span', name), create('span', hint, 'small'));
    button.addEventListener('click', present(() => actions.preset(key)));
    presets.append(button);
  }
  const slide = present(() => setWindow({ center: Number(level.value), width: Number(width.value) }));
  level.addEventListener('input', slide);
  width.addEventListener('input', slide);
  const opener = /** @type {HTMLElement} */ (tools.querySelector('[popovertarget="windows"]'));
  windows.addEventListener('toggle', (event) => {
    opener.setAttribute('aria-expanded', String(event.newState === 'open'));
    const { right, top } = opener.getBoundingClientRect();
    const low = Math.max(8, innerHeight - windows.offsetHeight - 8);
    setStyles(windows, { '--left': pixels(right + 8), '--top': pixels(Math.min(top, low)) }); // the narrow layout has a place of its own
  });

  sheetKeys.replaceChildren(...KEYS.map(({ key, words }) => {
    const row = create('div');
    const term = create('dt');
    term.append(create('kbd', KEY_NAMES[key] ?? key));
    row.append(term, create('dd', words));
    return row;
  }));
  sheet.addEventListener('click', ({ target }) => { if (target === sheet) sheet.close(); });
  keysToggle.addEventListener('change', () => session.setKeys(keysToggle.checked));

  new ResizeObserver(([{ contentRect }]) => session.setViewport({ width: contentRect.width, height: contentRect.height })).observe(viewport);

  const context = pictureCanvas.getContext('2d', { alpha: false });
  /** What the canvas covers, in pixels of the grid. */ let covered = { width: 0, height: 0 };
  const paint = onChange((/** @type {import('../state.js').Picture | null} */ picture, /** @type {import('../viewer/pixels.js').Window} */ window, /** @type {boolean} */ invert, /** @type {number} */ level) => {
    if (!picture) return;
    const { pixels: source, grid } = picture;
    const { width: columns, height: rows } = source.paint(context, window, invert, level);
    covered = { width: (columns * grid.width) / source.width, height: (rows * grid.height) / source.height };
    setStyles(pictureCanvas, { width: pixels(covered.width), height: pixels(covered.height) });
  });

  /** @param {import('../state.js').State} state */
  function paintPicture(state) {
    const { picture, display: { view, invert }, tool } = state;
    if (!picture) return;
    const scale = (scaleOf(placeOf(state), view) * picture.grid.width) / picture.pixels.width;
    paint(picture, windowOf(state), invert, levelFor(scale * devicePixelRatio * (tool === 'loupe' ? MAGNIFICATION : 1)));
  }

  /** Every layer follows the matrix. */
  const drawView = onChange((/** @type {import('../state.js').Picture | null} */ picture, /** @type {import('../viewer/transform.js').View} */ view, /** @type {import('../viewer/transform.js').Size} */ size) => {
    frame.hidden = !picture;
    if (!picture) return;
    const matrix = matrixOfState(now());
    const { grid } = picture;
    setStyles(layers, { width: pixels(grid.width), height: pixels(grid.height), transform: `matrix(${matrix.join(', ')})` });
    zoomText.textContent = `${Math.round(100 * scaleOf({ grid, viewport: size }, view) * devicePixelRatio)} %`;
    mirrored.hidden = !view.mirror;
    const seen = seenBox(picture);
    const whole = picture.view && picture.view.x <= 0 && picture.view.y <= 0 && picture.view.x + picture.view.width >= picture.width && picture.view.y + picture.view.height >= picture.height;
    unseen.hidden = unseenKey.hidden = !seen || whole;
    if (!seen) return;
    setStyles(mapCanvas, { left: pixels(seen.x), top: pixels(seen.y), width: pixels(seen.width), height: pixels(seen.height) });
    const [all, hole] = [{ x: 0, y: 0, ...picture.grid }, seen].map((box) => outline(applyToBox(matrix, box)));
    unseen.style.setProperty('clip-path', `polygon(evenodd, ${all}, ${hole})`);
  });

  /** What the model saw, in pixels of the grid. @param {import('../state.js').Picture} picture */
  function seenBox({ view, grid, width: columns, height: rows }) {
    if (!view) return null;
    const [x, y] = [grid.width / columns, grid.height / rows];
    return { x: view.x * x, y: view.y * y, width: view.width * x, height: view.height * y };
  }

  /** @type {Map<import('../viewer/measure.js').Line, HTMLElement>} */ const chips = new Map();

  /** @param {HTMLElement} chip @param {import('../viewer/measure.js').Line} line */
  function placeChip(chip, line) {
    const ends = [point(line.from), point(line.to)].sort((one, two) => two.x - one.x);
    const hold = (/** @type {number} */ value, /** @type {number} */ most) => Math.max(4, Math.min(most, value));
    setStyles(chip, { left: pixels(hold(ends[0].x + 10, now().viewport.width - 92)), top: pixels(hold(ends[0].y - 14, now().viewport.height - 32)) });
  }

  const inWords = (/** @type {import('../viewer/measure.js').Line} */ line) => lengthInWords(lengthOf(line, now().picture.grid, now().picture.pixels.spacing));

  const drawLines = onChange((/** @type {import('../state.js').Picture | null} */ picture, /** @type {import('../state.js').Display} */ { lines: all, draft, cursor }) => {
    const lines = all.filter((line) => line !== draft?.moves);
    for (const [line, chip] of chips) {
      if (picture && lines.includes(line)) continue;
      chip.remove();
      chips.delete(line);
    }
    if (!picture) return linesLayer.replaceChildren();
    const marks = [...lines, ...(draft ? [draft] : [])].flatMap(({ from, to }) => {
      const [one, two] = [point(from), point(to)];
      const ends = [one, two].map(({ x, y }) => createSvg('circle', { cx: x, cy: y, r: 3 }));
      const at = { x1: one.x, y1: one.y, x2: two.x, y2: two.y };
      return [createSvg('line', { ...at, class: 'halo' }), createSvg('line', at), ...ends];
    });
    if (cursor?.by === 'keys' && now().tool === 'length') {
      const { x, y } = point(cursor);
      const d = `M${x - 10} ${y}h20M${x} ${y - 10}v20`;
      marks.push(createSvg('path', { d, class: 'halo' }), createSvg('path', { d }));
    }
    linesLayer.replaceChildren(...marks);
    for (const line of lines) {
      if (!chips.has(line)) {
        const chip = create('li', undefined, 'length');
        const remove = create('button', '×');
        remove.type = 'button';
        remove.addEventListener('click', () => {
          session.show({ lines: shown().lines.filter((other) => other !== line) });
          viewport.focus();
        });
        chip.append(create('span', ''), remove);
        chips.set(line, chip);
        lengths.append(chip);
      }
      const chip = chips.get(line);
      const words = inWords(line);
      if (chip.firstChild.textContent !== words) {
        chip.firstChild.textContent = words;
        chip.lastChild.setAttribute('aria-label', `Remove the length of ${words}`);
      }
      placeChip(chip, line);
    }
    const drafted = draft && !isSlip(draft, point);
    draftLength.hidden = !drafted;
    if (drafted) {
      draftLength.textContent = inWords(draft);
      placeChip(draftLength, draft);
    }
  });

  /** @param {import('../state.js').State} state */
  function drawLoupe({ tool, display: { cursor, view }, picture, viewport: size }) {
    loupe.hidden = tool !== 'loupe' || !cursor || !picture;
    if (loupe.hidden) return;
    const radius = loupe.clientWidth / 2;
    const ratio = devicePixelRatio;
    const side = Math.round(2 * radius * ratio);
    if (loupe.width !== side) loupe.width = loupe.height = side;
    const at = pointFromPart(placeOf(now()), view, cursor);
    const centre = loupeCentre(at, size, radius, cursor.by === 'finger');
    setStyles(loupe, { left: pixels(centre.x), top: pixels(centre.y) });
    const images = [{ image: pictureCanvas, box: { x: 0, y: 0, ...covered }, alpha: 1 }];
    const seen = seenBox(picture);
    if (!mapCanvas.hidden && seen) images.push({ image: mapCanvas, box: seen, alpha: now().map.opacity / 100 });
    paintLoupe(loupe, loupeMatrix(matrixOfState(now()), at, radius, ratio), images);
  }

  const drawWindow = onChange((/** @type {import('../viewer/pixels.js').Pixels | undefined} */ source, /** @type {number} */ center, /** @type {number} */ span) => {
    if (!source) return;
    const { low, high } = source.range;
    windowText.textContent = `W ${Math.round(span)}  L ${Math.round(center)}`;
    Object.assign(level, { min: low, max: high + 1, value: center });
    Object.assign(width, { min: 2, max: high - low + 1, value: span });
    for (const button of presets.children) {
      const window = source.preset(button.dataset.preset);
      button.setAttribute('aria-pressed', String(window.center === center && window.width === span));
    }
  });

  return (/** @type {import('../state.js').State} */ state) => {
    const { picture, display, tool } = state;
    const window = windowOf(state);
    tools.hidden = strip.hidden = !picture;
    viewport.tabIndex = picture ? 0 : -1;
    viewport.dataset.tool = tool;
    paintPicture(state);
    drawView(picture, display.view, state.viewport);
    drawWindow(picture?.pixels, window?.center, window?.width);
    drawLines(picture, display, state.viewport, tool);
    drawLoupe(state);
    const measuring = Boolean(picture) && (tool === 'length' || display.lines.length > 0);
    unit.hidden = !measuring;
    if (measuring) unit.textContent = unitNote(picture.pixels.spacing);
    keysToggle.checked = state.keys;
    for (const button of buttons) {
      const { action, value } = button.dataset;
      if (action === 'tool') button.setAttribute('aria-pressed', String(value === tool));
      if (action === 'invert') button.setAttribute('aria-pressed', String(display.invert));
    }
  };
}
