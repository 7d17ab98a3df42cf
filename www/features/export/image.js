/** The image on a canvas, with its map and its contours. */
import { contoured, seenBox, windowOf } from '../../core/derived.js';
import { contextOf } from '../../core/dom.js';
import { nameOf, t } from '../../core/i18n.js';
import { rampOf } from '../../core/map.js';
import { STYLES, angleOf, clearOf, farthest, linesOf } from '../../core/viewport/contours.js';
import { levelFor } from '../../core/viewport/pixels.js';
import { marksOf, standingInWords } from '../../core/wording.js';
import { FITTED, PADDING, apply, applyToBox, matrixOf, matrixWithin } from '../../core/viewport/transform.js';

export const UNIT_MIN = 24; // pixels; small letters are 0.8 of it: 7 points, if the figure is printed as wide as a page's text
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** @param {Uint8ClampedArray} rgba @param {number} width @param {number} height */
function canvasOf(rgba, width, height) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  contextOf(canvas).putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {number} place @param {number} width */
export function dashed(context, place, width) {
  const { colour, dash } = STYLES[place];
  Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: 'round' });
  context.setLineDash(dash === 'none' ? [] : dash.split(' ').map((part) => (Number(part) * width) / 2));
}

/** Findings whose contours are drawn, with their places and lines. @param {import('../../core/state.js').Viewed} state */
export const outlined = (state) =>
  contoured(state).flatMap((finding, place) => {
    const score = finding ? state.scores.get(finding) : undefined;
    if (!finding || !score) return [];
    return [{ finding, place, score, lines: linesOf(score[state.map.kind], state.info?.mapSide ?? 0) }];
  });

/** "1 Edema: 87th percentile · uncertain": as on the page, with reasons to doubt the score. @param {ReturnType<typeof outlined>[number]} contour */
export function contourInWords({ finding, place, score, lines }) {
  const name = t('figure.contour', { number: place + 1, finding: nameOf(finding), standing: standingInWords(score) });
  return [lines.longest ? name : t('contours.flat', { name }), marksOf(score)].filter(Boolean).join(' · ');
}

/** What contours are, where some are drawn. @param {import('../../core/state.js').Viewed} state */
export const contoursInWords = (state) =>
  outlined(state).length ? [t(state.map.kind === 'attention' ? 'contours.attention' : 'contours.similarity')] : [];

/** @param {CanvasRenderingContext2D} context @param {import('../../core/state.js').Viewed} state @param {import('../../core/viewport/transform.js').Matrix} matrix From fractions of the square that the model saw @param {number} unit */
function drawContours(context, state, matrix, unit) {
  const line = unit / 9;
  /** @type {import('../../core/viewport/transform.js').Box[]} */ const numbers = [];
  const contours = outlined(state).flatMap(({ place, lines: { path, longest } }) => {
    if (!longest) return [];
    const shape = new Path2D();
    shape.addPath(new Path2D(path), new DOMMatrix(matrix));
    return [{ place, shape, longest }];
  });
  Object.assign(context, { strokeStyle: 'rgb(0 0 0 / 0.62)', lineWidth: 2.2 * line, lineJoin: 'round' });
  for (const { shape } of contours) context.stroke(shape); // below all lines, so that none hides another
  for (const { place, shape, longest } of contours) {
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

/** @param {CanvasRenderingContext2D} context @param {import('../../core/state.js').Viewed} state @param {import('../../core/viewport/transform.js').Matrix} matrix @param {number} scale @param {number} unit */
export function drawPicture(context, state, matrix, scale, unit) {
  const { picture, display, map, overlay } = state;
  const { grid, pixels } = picture;
  const source = document.createElement('canvas');
  const covered = pixels.paint(
    contextOf(source, { alpha: false }),
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

/** The picture with its map and contours alone, of `long` pixels on its longer side. @param {import('../../core/state.js').Viewed} state @param {number} long @returns {HTMLCanvasElement} */
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
  const context = contextOf(canvas, { alpha: false });
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
export function drawRamp(state) {
  const ramp = rampOf(state);
  return ramp ? canvasOf(ramp, ramp.length / 4, 1) : document.createElement('canvas');
}
