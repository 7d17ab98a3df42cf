/** Placing the nodule of a synthetic chest: by a tap, or with arrow keys. */
import { byId, onChange } from '../../core/dom.js';
import { drawing, hasPicture, placeOf } from '../../core/derived.js';
import { ARROWS, onTap } from '../../core/viewport/input.js';
import { partFromPoint, pointFromPart, scaleOf } from '../../core/viewport/transform.js';
import { cover } from './place.js';

/** @typedef {import('../../core/state.js').Params} Params */
/** @typedef {import('../../core/state.js').State} State */

const STEP = 0.02; // of the picture's width, for an arrow key

/** @param {State} state */
const noduleOf = (state) => drawing(state)?.phantom.nodule;

/** @param {import('../../session.js').Session} session */
export function bindNodule(session) {
  const viewport = byId('fit');
  const place = byId('nodule-place', HTMLButtonElement);

  /** @param {number} x @param {number} y @param {boolean} [moving] */
  function putNodule(x, y, moving) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    const nodule = noduleOf(session.state);
    if (nodule) session.lab.redraw({ nodule: { ...nodule, x: within(x), y: within(y) } }, moving);
  }

  onTap(viewport, ({ x, y }) => putNodule(x, y));
  place.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    const nodule = noduleOf(session.state);
    const { state } = session;
    if (!arrow || !nodule || !hasPicture(state)) return;
    event.preventDefault();
    const [x, y] = [arrow[0] * STEP, arrow[1] * STEP];
    const { view } = state.display;
    const at = placeOf(state);
    const wide = at.grid.width * scaleOf(at, view);
    const from = pointFromPart(at, view, nodule);
    const to = partFromPoint(at, view, { x: from.x + x * wide, y: from.y + y * wide }); // in directions of the screen
    putNodule(to.x, to.y);
  });
  const draw = onChange(
    (
      /** @type {Params['nodule'] | undefined} */ nodule,
      /** @type {import('../../core/viewport/transform.js').View} */ _view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
    ) => {
      if (!nodule) return;
      const size = 2 * nodule.radius + 0.03;
      cover(session.state, place, { x: nodule.x - size / 2, y: nodule.y - size / 2, width: size, height: size });
    },
  );

  return (/** @type {Params['nodule'] | undefined} */ nodule, /** @type {State} */ { display, viewport: size }) => {
    place.hidden = !nodule;
    viewport.toggleAttribute('data-placing', Boolean(nodule));
    draw(nodule, display.view, size);
  };
}
