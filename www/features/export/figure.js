/** The image with its map and what it shows, as a picture for a slide or a paper; of a comparison both sides. */
import { findingBeside, scoresBeside, stateBeside } from '../../core/beside.js';
import { glossOf, nameOf, populationInWords, t } from '../../core/i18n.js';
import { contoured, seenBox, shownMap, windowOf } from '../../core/state.js';
import { STYLES, angleOf, clearOf, farthest, linesOf } from '../../core/viewport/contours.js';
import { levelFor } from '../../core/viewport/pixels.js';
import { FITTED, PADDING, apply, applyToBox, matrixOf, matrixWithin } from '../../core/viewport/transform.js';
import { cautions, signed, standing } from '../../core/words.js';
import { cautionsOfWords, scoreInWords } from '../../core/wording.js';
import { sideOf } from '../../core/zone.js';

const LONG_MIN = 1600; // pixels of the longer side, as print needs
const SIDE_MAX = 2048;
const WIDTH_MIN = 1000; // a caption that can be read
const UNIT_MIN = 24; // of which a small letter has 0.8: 7 points, where the figure is printed as wide as a page's text
const GAP = 24; // between two sides
const COLOURS = { paper: '#0b0e10', ink: '#e8edf0', muted: '#a0adb5', accent: '#7cc7da', warning: '#e0a93c' };
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** @param {Uint8ClampedArray} rgba @param {number} width @param {number} height */
function canvasOf(rgba, width, height) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

const WIDE = '\u3000-\u30ff\u3400-\u9fff\uff00-\uffef';
/** What stays on a line: a word, or a character of Japanese with the punctuation after it. */
const UNIT = new RegExp(`(?:[${WIDE}]|[^\\s${WIDE}]+)[、。：）」]*\\s*`, 'gu');

/** @param {CanvasRenderingContext2D} context @param {string} text @param {number} width @returns {string[]} */
function wrap(context, text, width) {
  const lines = [''];
  for (const [unit] of text.matchAll(UNIT)) {
    const longer = lines.at(-1) + unit;
    if (lines.at(-1) && context.measureText(longer.trimEnd()).width > width) lines.push(unit);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}

/** What the caption says. @param {import('../../core/state.js').State} state */
function captionOf(state) {
  const {
    picture,
    scores,
    selected,
    info,
    map,
    display: { view },
  } = state;
  const score = scores.get(selected);
  const ranked = score.percentile !== undefined;
  const model = {
    title: info.title,
    version: info.sha256 ? `${info.version} (${info.sha256.slice(0, 12)})` : info.version,
  };
  const facts = [
    map.on && t('figure.map', { kind: shownMap(state).name }),
    t('figure.dimmed'),
    view.mirror && t('viewer.mirrored'),
    'phantom' in picture.source && t('figure.synthetic'),
  ];
  return {
    finding: glossOf(score.finding) ? `${glossOf(score.finding)} (${score.finding})` : score.finding,
    place: ranked
      ? t('percentile', { standing: standing(score.percentile) })
      : t('figure.logit', { logit: signed(score.logit) }),
    warnings: cautions(picture),
    lines: [
      scoreInWords(score),
      ...cautionsOfWords(score),
      sideOf(score) === 'within' && t('zone.within'),
      ranked && info.population
        ? t('figure.modelReference', { ...model, population: populationInWords(info.population) })
        : t('figure.model', model),
    ].filter(Boolean),
    facts: facts.filter(Boolean).join(' · '),
  };
}

/** @param {CanvasRenderingContext2D} context @param {number} place @param {number} width */
function dashed(context, place, width) {
  const { colour, dash } = STYLES[place];
  Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: 'round' });
  context.setLineDash(dash === 'none' ? [] : dash.split(' ').map((part) => (Number(part) * width) / 2));
}

/** Findings whose contours are drawn, with their places. @param {import('../../core/state.js').State} state */
const outlined = (state) =>
  contoured(state).flatMap((finding, place) => (finding ? [{ finding, place, score: state.scores.get(finding) }] : []));

/** @param {CanvasRenderingContext2D} context @param {import('../../core/state.js').State} state @param {import('../../core/viewport/transform.js').Matrix} matrix From parts of what the model saw @param {number} unit */
function drawContours(context, state, matrix, unit) {
  const line = unit / 9;
  /** @type {import('../../core/viewport/transform.js').Box[]} */ const numbers = [];
  for (const { place, score } of outlined(state)) {
    const { path, longest } = linesOf(score[state.map.kind], state.info.mapSide);
    if (!longest) continue;
    const shape = new Path2D();
    shape.addPath(new Path2D(path), new DOMMatrix(matrix));
    Object.assign(context, { strokeStyle: 'rgb(0 0 0 / 0.62)', lineWidth: 2.2 * line, lineJoin: 'round' });
    context.setLineDash([]);
    context.stroke(shape);
    dashed(context, place, line);
    context.stroke(shape);
    context.setLineDash([]);
    const at = farthest(
      longest.map((point) => apply(matrix, point)),
      angleOf(place),
    );
    context.font = `600 ${Math.round(0.9 * unit)}px ${FONT}`;
    Object.assign(context, {
      strokeStyle: 'rgb(0 0 0 / 0.85)',
      lineWidth: 0.25 * unit,
      fillStyle: STYLES[place].colour,
    });
    const number = String(place + 1);
    const box = clearOf(
      numbers,
      { x: at.x + 0.25 * unit, y: at.y - 1.25 * unit, width: context.measureText(number).width, height: unit },
      context.canvas.height,
    );
    numbers.push(box);
    context.strokeText(number, box.x, box.y + unit);
    context.fillText(number, box.x, box.y + unit);
  }
}

/** @param {CanvasRenderingContext2D} context @param {import('../../core/state.js').State} state @param {import('../../core/viewport/transform.js').Matrix} matrix @param {number} scale @param {number} unit */
function drawPicture(context, state, matrix, scale, unit) {
  const { picture, display, map, overlay } = state;
  const { grid, pixels } = picture;
  const source = document.createElement('canvas');
  const covered = pixels.paint(
    source.getContext('2d', { alpha: false }),
    windowOf(state),
    display.invert,
    levelFor((scale * grid.width) / pixels.width),
  );
  const all = { x: 0, y: 0, width: grid.width, height: grid.height };
  const seen = seenBox(picture);
  context.save();
  const outer = applyToBox(matrix, all);
  context.beginPath();
  context.rect(outer.x, outer.y, outer.width, outer.height);
  context.clip();
  context.save();
  context.transform(...matrix);
  context.imageSmoothingQuality = 'high';
  context.drawImage(
    source,
    0,
    0,
    (covered.width * grid.width) / pixels.width,
    (covered.height * grid.height) / pixels.height,
  );
  context.globalAlpha = map.opacity / 100;
  if (map.on && overlay && seen)
    context.drawImage(canvasOf(overlay.rgba, overlay.size, overlay.size), seen.x, seen.y, seen.width, seen.height);
  context.restore();
  if (seen) {
    const inner = applyToBox(matrix, seen);
    context.beginPath();
    context.rect(outer.x, outer.y, outer.width, outer.height);
    context.rect(inner.x, inner.y, inner.width, inner.height);
    context.fillStyle = 'rgb(11 14 16 / 0.5)';
    context.fill('evenodd');
    drawContours(context, state, matrixWithin(matrix, seen), unit);
  }
  context.restore();
}

/** The picture with its map and contours alone, of `long` pixels on its longer side. @param {import('../../core/state.js').State} state @param {number} long @returns {HTMLCanvasElement} */
export function drawImage(state, long) {
  const {
    picture: { grid },
    display: { view },
  } = state;
  const sides = [grid.width, grid.height * grid.aspect];
  if (view.turn % 2) sides.reverse();
  const scale = long / Math.max(...sides);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = sides.map((side) => Math.max(1, Math.round(side * scale)));
  const context = canvas.getContext('2d', { alpha: false });
  const viewport = { width: canvas.width + 2 * PADDING, height: canvas.height + 2 * PADDING };
  context.translate(-PADDING, -PADDING);
  drawPicture(
    context,
    state,
    matrixOf({ grid, viewport }, { ...FITTED, turn: view.turn, mirror: view.mirror }),
    scale,
    UNIT_MIN,
  );
  return canvas;
}

/** The colours of the map from its median to its highest value. @param {import('../../core/state.js').State} state */
export const drawRamp = ({ ramp }) => canvasOf(ramp.rgba, ramp.rgba.length / 4, 1);

/** One side. @param {import('../../core/state.js').State} state With a scored picture @param {string} letter Of a comparison, or '' @returns {HTMLCanvasElement} */
function drawSide(state, letter) {
  const {
    picture: { grid },
    display: { view },
    ramp,
    map,
  } = state;
  const caption = captionOf(state);
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { alpha: false });
  const sides = [grid.width, grid.height * grid.aspect];
  if (view.turn % 2) sides.reverse();
  const long = Math.max(...sides);
  const wide = Math.max(WIDTH_MIN, sides[0] * Math.max(LONG_MIN / long, Math.min(1, SIDE_MAX / long)));
  const unit = Math.max(UNIT_MIN, Math.round(wide / 50));
  const margin = unit;
  const type = (/** @type {number} */ size, /** @type {number} */ weight, /** @type {string} */ colour) => {
    context.font = `${weight} ${Math.round(size * unit)}px ${FONT}`;
    context.fillStyle = colour;
  };
  const wrapped = (/** @type {string[]} */ texts, /** @type {number} */ width) => {
    type(0.8, 400, COLOURS.muted);
    return texts.flatMap((text) => wrap(context, text, width - 2 * margin));
  };
  const outlines = outlined(state);
  const heightOf = (/** @type {number} */ width) => {
    const lines =
      wrapped([...caption.warnings, ...caption.lines], width).length +
      wrapped([caption.facts], width).length +
      outlines.length;
    return margin * 2 + unit * (1.9 + 1.15 * lines + (outlines.length ? 0.4 : 0) + (map.on && ramp ? 1.5 : 0) + 2.2);
  };

  const room = SIDE_MAX - heightOf(wide);
  const scale = Math.min(Math.max(LONG_MIN / long, Math.min(1, SIDE_MAX / long)), room / sides[1]);
  const [across, down] = sides.map((side) => Math.max(1, Math.round(side * scale)));
  const width = Math.round(Math.max(WIDTH_MIN, across));
  canvas.width = width;
  canvas.height = Math.min(SIDE_MAX, down + Math.ceil(heightOf(width)));
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);

  const viewport = { width: across + 2 * PADDING, height: down + 2 * PADDING };
  const matrix = matrixOf({ grid, viewport }, { ...FITTED, turn: view.turn, mirror: view.mirror });
  context.translate((width - across) / 2 - PADDING, -PADDING);
  drawPicture(context, state, matrix, scale, unit);
  context.resetTransform();

  let y = down + margin + unit;
  type(1.2, 600, COLOURS.accent);
  context.textAlign = 'right';
  context.fillText(caption.place, width - margin, y);
  const left = width - 3 * margin - context.measureText(caption.place).width;
  context.textAlign = 'left';
  type(1.2, 600, COLOURS.ink);
  context.fillText([letter, caption.finding].filter(Boolean).join('  '), margin, y, left);
  y += 0.5 * unit;
  const write = (/** @type {string[]} */ texts, /** @type {string} */ colour) => {
    const lines = wrapped(texts, width);
    context.fillStyle = colour;
    for (const line of lines) context.fillText(line, margin, (y += 1.15 * unit));
  };
  write(caption.warnings, COLOURS.warning);
  write(caption.lines, COLOURS.muted);
  if (outlines.length) y += 0.4 * unit;
  for (const { finding, place, score } of outlines) {
    y += 1.15 * unit;
    dashed(context, place, unit / 9);
    context.stroke(new Path2D(`M${margin} ${y - 0.3 * unit}h${2.4 * unit}`));
    context.setLineDash([]);
    const text = t('figure.contour', {
      number: place + 1,
      finding: nameOf(finding),
      standing:
        score.percentile === undefined
          ? t('figure.logit', { logit: signed(score.logit) })
          : t('percentile', { standing: standing(score.percentile) }),
    });
    context.fillText(text, margin + 2.9 * unit, y, width - 2 * margin - 2.9 * unit);
  }
  if (map.on && ramp) {
    y += 1.5 * unit;
    const scaleWidth = 8 * unit;
    context.fillText(t('median'), margin, y);
    const x = margin + context.measureText(`${t('median')} `).width;
    context.fillStyle = '#555d62'; // low values are transparent
    context.fillRect(x, y - 0.6 * unit, scaleWidth, 0.6 * unit);
    context.drawImage(canvasOf(ramp.rgba, ramp.rgba.length / 4, 1), x, y - 0.6 * unit, scaleWidth, 0.6 * unit);
    context.fillStyle = COLOURS.muted;
    context.fillText(t('map.highest'), x + scaleWidth + 0.4 * unit, y);
  }
  write([caption.facts], COLOURS.muted);
  type(0.9, 600, COLOURS.ink);
  context.fillText(t('page.caution'), margin, y + 1.7 * unit);
  return canvas;
}

/** B of a comparison as a state of its own. @param {import('../../core/state.js').State} state */
const sideB = (state) => ({
  ...stateBeside(state),
  scores: scoresBeside(state),
  selected: findingBeside(state),
  overlay: state.compare.overlay,
  compare: null,
  why: { ...state.why, open: false },
});

/** Nothing names the file: it may name a person. @param {import('../../core/state.js').State} state With a scored picture, and a scored one beside it @returns {HTMLCanvasElement} */
export function drawFigure(state) {
  if (!state.compare) return drawSide(state, '');
  const sides = [drawSide(state, 'A'), drawSide(sideB(state), 'B')];
  const canvas = document.createElement('canvas');
  canvas.width = sides.reduce((sum, { width }) => sum + width, GAP);
  canvas.height = Math.max(...sides.map(({ height }) => height));
  const context = canvas.getContext('2d', { alpha: false });
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(sides[0], 0, 0);
  context.drawImage(sides[1], sides[0].width + GAP, 0);
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
export const pngOf = (canvas) =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error(t('figure.failed')))), 'image/png');
  });
