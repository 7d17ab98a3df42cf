/** What the model sees of the picture, small, to draw on. */
import { byId, contextOf } from '../../core/dom.js';
import { seenBox } from '../../core/derived.js';

/** Pixels of a side. */
export const SIDE = 224;

/** Draws it, and returns what to draw on; null where nothing is known of it. @param {HTMLCanvasElement} canvas @param {import('../../core/state.js').State} state */
export function drawSeen(canvas, { picture }) {
  const shown = byId('picture', HTMLCanvasElement);
  const seen = picture && seenBox(picture);
  if (!picture || !seen) return null;
  const [across, down] = [shown.width / picture.grid.width, shown.height / picture.grid.height];
  canvas.width = canvas.height = SIDE;
  const context = contextOf(canvas);
  const [x, y, width, height] = [seen.x * across, seen.y * down, seen.width * across, seen.height * down];
  context.drawImage(shown, x, y, width, height, 0, 0, SIDE, SIDE);
  return context;
}
