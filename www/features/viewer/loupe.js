/** The loupe: a round piece of what is on show, enlarged. */
import { contextOf } from '../../core/dom.js';
import { apply, inverse } from '../../core/viewport/transform.js';

export const MAGNIFICATION = 2.5;
const FINGER = 34; // CSS pixels between a finger and the loupe above it

/**
 * Where the loupe's centre goes: to a mouse's pointer, but beside a finger, which would hide it.
 *
 * @param {import('../../core/viewport/transform.js').Point} point @param {import('../../core/viewport/transform.js').Size} viewport @param {number} radius @param {boolean} finger
 */
export function loupeCentre(point, viewport, radius, finger) {
  if (!finger) return point;
  const away = radius + FINGER;
  const hold = (/** @type {number} */ value, /** @type {number} */ size) =>
    Math.max(Math.min(radius, size / 2), Math.min(Math.max(size - radius, size / 2), value));
  if (point.y >= away + radius) return { x: hold(point.x, viewport.width), y: point.y - away };
  const side = point.x > viewport.width / 2 ? -away : away;
  return { x: hold(point.x + side, viewport.width), y: hold(point.y, viewport.height) };
}

/**
 * The matrix of the loupe's canvas, from that of the viewport: enlarged, with the point in the middle.
 *
 * @param {import('../../core/viewport/transform.js').Matrix} matrix @param {import('../../core/viewport/transform.js').Point} point CSS pixels of the viewport
 * @param {number} radius CSS pixels @param {number} ratio Device pixels for one of CSS
 * @returns {import('../../core/viewport/transform.js').Matrix}
 */
export function loupeMatrix(matrix, point, radius, ratio) {
  const scale = MAGNIFICATION * ratio;
  const [a, b, c, d] = matrix.map((value) => value * scale);
  const at = apply(inverse(matrix), point);
  return [a, b, c, d, radius * ratio - a * at.x - c * at.y, radius * ratio - b * at.x - d * at.y];
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {import('../../core/viewport/transform.js').Matrix} matrix Of the loupe
 * @param {{image: CanvasImageSource, box: import('../../core/viewport/transform.js').Box, alpha: number}[]} layers Boxes in pixels of the picture
 */
export function paintLoupe(canvas, matrix, layers) {
  const context = contextOf(canvas);
  context.resetTransform();
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.setTransform(...matrix);
  context.imageSmoothingQuality = 'high';
  for (const { image, box, alpha } of layers) {
    context.globalAlpha = alpha;
    context.drawImage(image, box.x, box.y, box.width, box.height);
  }
  context.globalAlpha = 1;
}
