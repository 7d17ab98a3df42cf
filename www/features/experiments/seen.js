/** What the model sees of the picture, reduced, on a canvas to draw on. */
import { byId, contextOf, create } from '../../core/dom.js';
import { seenBox } from '../../core/derived.js';
import { rampOf } from '../../core/map.js';
import { paintMap } from '../../core/viewport/heatmap.js';

/** Pixels along a side. */
export const SIDE = 224;

/** Draws what the model sees, and returns the context to draw on; null if the model's view is not known. @param {HTMLCanvasElement} canvas @param {import('../../core/state.js').State} state @param {number} [side] Pixels */
export function drawSeen(canvas, { picture }, side = SIDE) {
  const shown = byId('picture', HTMLCanvasElement);
  const seen = picture && seenBox(picture);
  if (!picture || !seen) return null;
  const [across, down] = [shown.width / picture.grid.width, shown.height / picture.grid.height];
  canvas.width = canvas.height = side;
  const context = contextOf(canvas);
  const [x, y, width, height] = [seen.x * across, seen.y * down, seen.width * across, seen.height * down];
  context.drawImage(shown, x, y, width, height, 0, 0, side, side);
  return context;
}

/** Lays a map over what is drawn, in the viewer's colours. @param {CanvasRenderingContext2D} context @param {import('../../core/state.js').State} state @param {Float32Array} map @param {[low: number, high: number]} [range] Of the colours; else the map's own */
export function layMap(context, state, map, range) {
  const ramp = rampOf(state);
  if (!ramp) return;
  const side = context.canvas.width;
  const painted = create('canvas');
  const { size, rgba } = paintMap(map, ramp, side, range);
  painted.width = painted.height = size;
  contextOf(painted).putImageData(new ImageData(rgba, size, size), 0, 0);
  context.globalAlpha = 0.7;
  context.drawImage(painted, 0, 0);
  context.globalAlpha = 1;
}

/** Draws what the model sees, with a map over it. @param {HTMLCanvasElement} canvas @param {import('../../core/state.js').State} state @param {Float32Array} map @param {[low: number, high: number]} [range] Of the colours; else the map's own @param {number} [side] Pixels */
export function drawMap(canvas, state, map, range, side) {
  const context = drawSeen(canvas, state, side);
  if (context) layMap(context, state, map, range);
  return context;
}
