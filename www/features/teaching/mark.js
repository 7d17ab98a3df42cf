/** The place that the learner marks: by a tap, or by arrow keys. */
import { byId, onChange } from '../../core/dom.js';
import { percent, t } from '../../core/i18n.js';
import { hasPicture, placeOf } from '../../core/derived.js';
import { ARROWS, onTap } from '../../core/viewport/input.js';
import { partFromPoint, pointFromPart } from '../../core/viewport/transform.js';

const MIDDLE = { x: 0.5, y: 0.5 };
const STEP = 12; // CSS pixels of an arrow key
const FAST = 4; // with Shift

/** @param {import('../../session.js').Session} session */
export function bindMark(session) {
  const keyboard = byId('teach-keyboard', HTMLButtonElement);
  const viewport = byId('fit');
  const mark = byId('mark-place', HTMLButtonElement);
  /** The round, while the learner has the say. */
  const openRound = () => {
    const now = session.state.teaching;
    return now && !now.outcome && session.state.picture ? now : null;
  };

  /** @param {import('./round.js').Point} at */
  function put({ x, y }) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    session.teaching.answer({ mark: { x: within(x), y: within(y) }, clear: false });
  }

  keyboard.addEventListener('click', () => {
    if (!session.state.teaching?.mark) put(MIDDLE);
    requestAnimationFrame(() => mark.focus());
  });
  onTap(viewport, (at) => {
    if (openRound()) put(at);
  });
  mark.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    const { state } = session;
    const marked = openRound()?.mark;
    if (!arrow || !marked || !hasPicture(state)) return;
    event.preventDefault();
    event.stopPropagation();
    const { view } = state.display;
    const at = placeOf(state);
    const from = pointFromPart(at, view, marked);
    const size = STEP * (event.shiftKey ? FAST : 1);
    put(partFromPoint(at, view, { x: from.x + arrow[0] * size, y: from.y + arrow[1] * size })); // as the picture is turned now
  });
  const draw = onChange(
    (
      /** @type {import('./round.js').Point | null} */ at,
      /** @type {import('../../core/viewport/transform.js').View} */ view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
      /** @type {object | undefined} */ _grid,
    ) => {
      const { state } = session;
      mark.hidden = !at;
      if (!at || !hasPicture(state)) return;
      const { x, y } = pointFromPart(placeOf(state), view, at);
      mark.style.setProperty('left', `${x}px`);
      mark.style.setProperty('top', `${y}px`);
      mark.setAttribute('aria-label', t('teach.markLabel', { x: percent(at.x), y: percent(at.y) }));
    },
  );

  return (/** @type {import('../../core/state.js').State} */ { teaching, picture, display, viewport: size }) => {
    viewport.toggleAttribute('data-marking', Boolean(teaching && !teaching.outcome && picture));
    draw(teaching && picture ? teaching.mark : null, display.view, size, picture?.grid);
  };
}
