/** The places that the reader marks, by taps or by arrow keys: one for each finding. */
import { byId, create, onChange } from '../../core/dom.js';
import { nameOf, percent, t } from '../../core/i18n.js';
import { hasPicture, placeOf } from '../../core/derived.js';
import { isReady } from '../../core/round.js';
import { ARROWS, onTap } from '../../core/viewport/input.js';
import { partFromPoint, pointFromPart } from '../../core/viewport/transform.js';

/** @typedef {import('../../core/round.js').Round} Round */
/** @typedef {import('../../core/viewport/transform.js').Point} Point */

const MIDDLE = { x: 0.5, y: 0.5 };
const STEP = 12; // CSS pixels of an arrow key
const FAST = 4; // with Shift

/** The mark that taps and keys move. @param {Round} round @returns {Point | undefined} */
const markInHand = ({ answer, finding }) => answer.marks[finding];

/** @param {import('../../session.js').Session} session */
export function bindMark(session) {
  const keyboard = byId('teach-keyboard', HTMLButtonElement);
  const viewport = byId('fit');
  const mark = byId('mark-place', HTMLButtonElement);
  const others = byId('marks');
  /** The round, while the reader can answer; else null. */
  const openRound = () => {
    const { round, picture } = session.state;
    return round && isReady(round) && picture ? round : null;
  };

  /** @param {Point} at */
  function put({ x, y }) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    session.teaching.mark({ x: within(x), y: within(y) });
  }

  keyboard.addEventListener('click', () => {
    const round = openRound();
    if (round && !markInHand(round)) put(MIDDLE);
    requestAnimationFrame(() => mark.focus());
  });
  onTap(viewport, (at) => {
    if (openRound()) put(at);
  });
  mark.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    const { state } = session;
    const round = openRound();
    const marked = round && markInHand(round);
    if (!arrow || !marked || !hasPicture(state)) return;
    event.preventDefault();
    event.stopPropagation();
    const { view } = state.display;
    const at = placeOf(state);
    const from = pointFromPart(at, view, marked);
    const size = STEP * (event.shiftKey ? FAST : 1);
    put(partFromPoint(at, view, { x: from.x + arrow[0] * size, y: from.y + arrow[1] * size })); // in directions of the screen
  });

  /** @param {HTMLElement} element @param {import('../../core/state.js').Viewed} state @param {Point} at */
  function lay(element, state, at) {
    const { x, y } = pointFromPart(placeOf(state), state.display.view, at);
    element.style.setProperty('left', `${x}px`);
    element.style.setProperty('top', `${y}px`);
  }

  const draw = onChange(
    (
      /** @type {Round['answer'] | undefined} */ answer,
      /** @type {string} */ finding,
      /** @type {import('../../core/viewport/transform.js').View} */ _view,
      /** @type {import('../../core/viewport/transform.js').Size} */ _size,
      /** @type {object | undefined} */ _grid,
    ) => {
      const { state } = session;
      const at = answer?.marks[finding];
      mark.hidden = !at;
      const rest = Object.entries(answer?.marks ?? {}).filter(([name]) => name !== finding);
      others.replaceChildren();
      if (!hasPicture(state)) return;
      if (at) {
        lay(mark, state, at);
        const place = { x: percent(at.x), y: percent(at.y) };
        mark.setAttribute(
          'aria-label',
          finding ? t('teach.markOf', { finding: nameOf(finding), ...place }) : t('teach.markLabel', place),
        );
        mark.dataset.of = nameOf(finding);
      }
      for (const [name, place] of rest) {
        const ring = create('span', undefined, 'mark-place');
        ring.dataset.of = nameOf(name);
        lay(ring, state, place);
        others.append(ring);
      }
    },
  );

  return (/** @type {import('../../core/state.js').State} */ { round, picture, display, viewport: size }) => {
    viewport.toggleAttribute('data-marking', Boolean(round && isReady(round) && picture));
    draw(picture ? round?.answer : undefined, round?.finding ?? '', display.view, size, picture?.grid);
  };
}
