/** Rows of numbers as strips of colours: small multiples on one scale, blue below zero and red above it. */
import { contextOf, create } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { signed } from '../../core/words.js';

const [BELOW, ZERO, ABOVE] = [
  [33, 102, 172],
  [247, 247, 247],
  [178, 24, 43],
];

/** The colour of a value from -1 to 1. @param {number} value */
function colourOf(value) {
  const end = value < 0 ? BELOW : ABOVE;
  const part = Math.min(1, Math.abs(value));
  return ZERO.map((channel, i) => Math.round(channel + (end[i] - channel) * part));
}

/** @param {string} name @param {Float32Array} values @param {number} most The largest absolute value of all rows */
function createVector(name, values, most) {
  const row = create('li', undefined, 'vector');
  const canvas = create('canvas', undefined, 'vector-strip');
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => signed(value));
  const range = t('steps.range', { low, high });
  Object.assign(canvas, { width: values.length, height: 1, role: 'img' });
  canvas.setAttribute('aria-label', t('steps.vector', { name, count: values.length, range }));
  const pixels = new ImageData(values.length, 1);
  values.forEach((value, i) => pixels.data.set([...colourOf(value / (most || 1)), 255], 4 * i));
  contextOf(canvas).putImageData(pixels, 0, 0);
  row.append(create('span', name, 'vector-name'), canvas, create('span', range, 'vector-range small'));
  return row;
}

/** One strip for each row. @param {[name: string, values: Float32Array][]} rows */
export function createVectors(rows) {
  const most = Math.max(...rows.map(([, values]) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
  return rows.map(([name, values]) => createVector(name, values, most));
}

/** The rows of a matrix. @param {Float32Array} values @param {number} count Of its rows */
export const rowsOf = (values, count) =>
  Array.from({ length: count }, (_, i) =>
    values.subarray((i * values.length) / count, ((i + 1) * values.length) / count),
  );
