/** The image with its map and what it shows, as a picture for a slide or a paper; of a comparison both sides. */
import { isCompared, sideB } from '../../core/beside.js';
import { contextOf } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { FITTED, PADDING, matrixOf } from '../../core/viewport/transform.js';
import { captionOf, wrap } from './caption.js';
import { FONT, UNIT_MIN, contourInWords, contoursInWords, dashed, drawPicture, drawRamp, outlined } from './image.js';

const LONG_MIN = 1600; // pixels of the longer side, as print needs
const SIDE_MAX = 2048;
const WIDTH_MIN = 1000; // so that the caption can be read
const GAP = 24; // between two sides
const COLOURS = { paper: '#0b0e10', ink: '#e8edf0', muted: '#a0adb5', accent: '#7cc7da', warning: '#e0a93c' };

/** Draws one side; throws if nothing is scored. @param {import('../../core/state.js').Viewed} state @param {string} letter Of a comparison, or '' @returns {HTMLCanvasElement} */
function drawSide(state, letter) {
  const {
    picture: { grid },
    display: { view },
    map,
    info,
    scores,
    selected,
  } = state;
  const score = scores.get(selected);
  if (!score || !info) throw new Error(t('figure.failed'));
  const caption = captionOf(state, score, info);
  const canvas = document.createElement('canvas');
  const context = contextOf(canvas, { alpha: false });
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
  const beside = 2.9 * unit; // the piece of line that stands before a contour's name
  const named = (/** @type {number} */ width) =>
    outlines.map((contour) => wrapped([contourInWords(contour)], width - beside));
  const heightOf = (/** @type {number} */ width) => {
    const lines =
      wrapped([...caption.warnings, ...caption.lines], width).length +
      wrapped([caption.facts, ...contoursInWords(state)], width).length +
      named(width).flat().length;
    return margin * 2 + unit * (1.9 + 1.15 * lines + (outlines.length ? 0.4 : 0) + (map.on ? 1.5 : 0) + 2.2);
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
  for (const [i, lines] of named(width).entries()) {
    dashed(context, outlines[i].place, unit / 9);
    context.stroke(new Path2D(`M${margin} ${y + 0.85 * unit}h${2.4 * unit}`));
    context.setLineDash([]);
    for (const line of lines) context.fillText(line, margin + beside, (y += 1.15 * unit));
  }
  write(contoursInWords(state), COLOURS.muted);
  if (map.on) {
    y += 1.5 * unit;
    const scaleWidth = 8 * unit;
    context.fillText(t('median'), margin, y);
    const x = margin + context.measureText(`${t('median')} `).width;
    context.fillStyle = '#555d62'; // low values are transparent
    context.fillRect(x, y - 0.6 * unit, scaleWidth, 0.6 * unit);
    context.drawImage(drawRamp(state), x, y - 0.6 * unit, scaleWidth, 0.6 * unit);
    context.fillStyle = COLOURS.muted;
    context.fillText(t('map.highest'), x + scaleWidth + 0.4 * unit, y);
  }
  write([caption.facts], COLOURS.muted);
  type(0.9, 600, COLOURS.ink);
  context.fillText(t('page.caution'), margin, y + 1.7 * unit);
  return canvas;
}

/** The figure does not name the image's file, as that may name a person. @param {import('../../core/state.js').Viewed} state With a scored picture, and a scored one beside it @returns {HTMLCanvasElement} */
export function drawFigure(state) {
  if (!isCompared(state)) return drawSide(state, '');
  const sides = [drawSide(state, 'A'), drawSide(sideB(state), 'B')];
  const canvas = document.createElement('canvas');
  canvas.width = sides.reduce((sum, { width }) => sum + width, GAP);
  canvas.height = Math.max(...sides.map(({ height }) => height));
  const context = contextOf(canvas, { alpha: false });
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
