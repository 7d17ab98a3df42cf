/** The patch under the pointer or the cursor, marked in the viewer. */
import { byId, closest, createSvg, onChange } from '../../core/dom.js';
import { hasPicture, matrixOfSeen, seenBox } from '../../core/derived.js';
import { patchAt } from '../../core/explanation.js';
import { Viewer } from '../../core/viewport/viewer.js';

/** @typedef {import('../../core/state.js').State} State */
/** @typedef {import('../../core/viewport/transform.js').Point} Point */

/** The number of the patch at a point, row by row; -1 for none. @param {State} state @param {Point | null} part A point of the picture, from 0 to 1 each way */
function patchOf({ picture, info }, part) {
  const seen = picture && seenBox(picture);
  return seen && part && info ? patchAt(part, seen, picture.grid, info.mapSide) : -1;
}

/** @param {import('../../session.js').Session} session */
export function bindPatch(session) {
  const viewport = byId('fit');
  const mark = byId('patch', SVGSVGElement);
  const viewer = new Viewer(session.display);
  const actions = session.why;

  /** @param {PointerEvent} event */
  function point(event) {
    const { state } = session;
    if (!state.why.open || !state.picture || closest(event, 'button')) return;
    const { left, top } = viewport.getBoundingClientRect();
    const part = viewer.part({ x: event.clientX - left, y: event.clientY - top });
    const patch = patchOf(state, part);
    if (patch !== patchOf(state, state.why.at)) actions.point(patch < 0 ? null : part);
  }
  viewport.addEventListener('pointermove', point);
  viewport.addEventListener('pointerdown', point);
  viewport.addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse') actions.point(null);
  });

  const draw = onChange(
    (
      /** @type {number} */ patch,
      /** @type {object | null} */ _picture,
      /** @type {object} */ _size,
      /** @type {object} */ _view,
    ) => {
      mark.replaceChildren();
      const { state } = session;
      const seen = state.picture && seenBox(state.picture);
      if (patch < 0 || !seen || !state.info || !hasPicture(state)) return;
      const side = state.info.mapSide;
      const box = { x: (patch % side) / side, y: Math.floor(patch / side) / side, width: 1 / side, height: 1 / side };
      const transform = `matrix(${matrixOfSeen(state, seen).join(' ')})`;
      mark.append(createSvg('rect', { ...box, transform, class: 'halo' }), createSvg('rect', { ...box, transform }));
    },
  );

  return (/** @type {Point | null} */ at, /** @type {State} */ state) => {
    const patch = patchOf(state, at);
    draw(patch, state.picture, state.viewport, state.display.view);
    return patch;
  };
}
