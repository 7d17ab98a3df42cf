/** The guided tour: coach marks beside what they explain. The page stays usable; Escape ends it. */
import { phase } from '../../core/derived.js';
import { byId, focusFirst, onChange } from '../../core/dom.js';
import { number, t } from '../../core/i18n.js';
import { PHONE } from '../../core/layout.js';
import { readToured, writeToured } from '../../core/preference.js';

const GAP = 12; // CSS pixels between a mark and what it explains
const EDGE = 8; // CSS pixels around what is outlined
const EXAMPLE = 'Pneumothorax';
const PHANTOM = 'effusion';
const narrow = matchMedia(PHONE);
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** What each step points at: the first of these that is on show. `image`: the step needs an image. @type {{name: string, targets: string[], image?: boolean}[]} */
export const STEPS = [
  { name: 'prompt', targets: ['#add'] },
  { name: 'image', targets: ['#sources'] },
  { name: 'score', targets: ['#detail', '#list'], image: true },
  { name: 'map', targets: ['#fit'], image: true },
  { name: 'lab', targets: ['#lab', '#phantoms'], image: true },
];

/**
 * Where a card goes: to the right of a target, else left, below or above it, else into the window's corner.
 *
 * @param {{left: number, top: number, right: number, bottom: number}} target @param {{width: number, height: number}} card @param {{width: number, height: number}} window
 */
export function placeCard(target, card, window) {
  const hold = (/** @type {number} */ value, /** @type {number} */ size, /** @type {number} */ all) =>
    Math.max(GAP, Math.min(all - size - GAP, value));
  const [x, y] = [
    hold(target.left, card.width, window.width),
    hold((target.top + target.bottom - card.height) / 2, card.height, window.height),
  ];
  if (target.right + card.width + 2 * GAP <= window.width) return { left: target.right + GAP, top: y };
  if (target.left - card.width - 2 * GAP >= 0) return { left: target.left - card.width - GAP, top: y };
  if (target.bottom + card.height + 2 * GAP <= window.height) return { left: x, top: target.bottom + GAP };
  if (target.top - card.height - 2 * GAP >= 0) return { left: x, top: target.top - card.height - GAP };
  return { left: window.width - card.width - GAP, top: GAP };
}

/** The part of an element that its scrolling ancestors show. @param {Element} element */
function partOnShow(element) {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let around = element.parentElement; around; around = around.parentElement) {
    if (getComputedStyle(around).overflowY !== 'auto') continue;
    const box = around.getBoundingClientRect();
    [left, top] = [Math.max(left, box.left), Math.max(top, box.top)];
    [right, bottom] = [Math.min(right, box.right), Math.min(bottom, box.bottom)];
  }
  return { left, top, right, bottom };
}

/** @param {import('../../session.js').Session} session */
export function bindTour(session) {
  const card = byId('tour');
  const ring = byId('tour-ring');
  const count = byId('tour-count');
  const title = byId('tour-title');
  const text = byId('tour-text');
  const example = byId('tour-example');
  const back = byId('tour-back', HTMLButtonElement);
  const next = byId('tour-next', HTMLButtonElement);
  const end = byId('tour-end', HTMLButtonElement);
  const opener = byId('tour-open', HTMLButtonElement);
  const invitation = byId('tour-invite');
  const about = byId('about', HTMLDialogElement);
  const shown = () => session.state.tour >= 0;
  invitation.hidden = readToured();

  const start = () => session.tour.show(0);
  const stop = () => session.tour.show(-1);
  opener.addEventListener('click', start);
  byId('tour-take', HTMLButtonElement).addEventListener('click', start);
  byId('tour-again', HTMLButtonElement).addEventListener('click', () => {
    about.close();
    start();
  });
  back.addEventListener('click', () => session.tour.show(session.state.tour - 1));
  next.addEventListener('click', () =>
    session.tour.show(session.state.tour + 1 < STEPS.length ? session.state.tour + 1 : -1),
  );
  end.addEventListener('click', stop);
  addEventListener(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || !shown() || document.querySelector('dialog[open], :popover-open')) return;
      event.preventDefault();
      event.stopPropagation();
      stop();
    },
    { capture: true },
  );

  const targetOf = (/** @type {number} */ step) =>
    STEPS[step].targets
      .map((selector) => document.querySelector(selector))
      .find((element) => element?.checkVisibility() && element.getClientRects().length);

  /** Puts card and outline where the target is now. */
  function place() {
    if (!shown()) return;
    const target = targetOf(session.state.tour);
    ring.hidden = !target;
    const box = target ? partOnShow(target) : { left: 0, top: 0, right: 0, bottom: 0 };
    const [left, top] = [Math.max(EDGE / 2, box.left - EDGE), Math.max(EDGE / 2, box.top - EDGE)];
    const [right, bottom] = [
      Math.min(innerWidth - EDGE / 2, box.right + EDGE),
      Math.min(innerHeight - EDGE / 2, box.bottom + EDGE),
    ];
    for (const [name, value] of Object.entries({
      left,
      top,
      width: Math.max(0, right - left),
      height: Math.max(0, bottom - top),
    }))
      ring.style.setProperty(name, `${value}px`);
    const at = placeCard(
      { left, top, right, bottom },
      { width: card.offsetWidth, height: card.offsetHeight },
      { width: innerWidth, height: innerHeight },
    );
    card.style.setProperty('--left', `${at.left}px`); // the narrow layout has a place of its own
    card.style.setProperty('--top', `${at.top}px`);
  }
  addEventListener('scroll', place, { capture: true, passive: true });
  addEventListener('resize', place);
  new ResizeObserver(place).observe(card);

  const draw = onChange((/** @type {number} */ step) => {
    const { name, image } = STEPS[step];
    count.textContent = t('tour.count', { step: number(step + 1), steps: STEPS.length });
    title.textContent = t(`tour.${name}.title`);
    text.textContent = t(`tour.${name}.text`);
    example.hidden = name !== 'prompt';
    example.textContent = '';
    if (name === 'prompt')
      session.findings.sentence(EXAMPLE).then((sentence) => {
        example.textContent = sentence && t('tour.prompt.example', { finding: EXAMPLE, sentence });
      });
    next.textContent = t(step + 1 < STEPS.length ? 'tour.next' : 'tour.done');
    back.disabled = step === 0;
    const phantom = session.state.phantoms.find((one) => one.name === PHANTOM);
    if (image && !session.state.picture && !session.state.wanted && phantom) session.picture.openExample(phantom);
  });

  /** @param {number} step */
  function show(step) {
    const block = narrow.matches ? 'start' : 'nearest'; // a low window's column scrolls too
    targetOf(step)?.scrollIntoView({ block, behavior: still.matches ? 'auto' : 'smooth' });
  }

  /** @param {number} step */
  function lead(step) {
    show(step);
    card.focus({ preventScroll: true });
  }

  function close() {
    const held = card.contains(document.activeElement);
    card.hidden = ring.hidden = true;
    if (held || document.activeElement === document.body) focusFirst(opener, byId('menu-open', HTMLButtonElement));
    writeToured();
    invitation.hidden = true;
  }

  let before = -1;
  let settled = false;
  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { tour } = state;
    const done = phase(state) === 'done';
    document.documentElement.toggleAttribute('data-touring', tour >= 0);
    if (tour < 0) {
      if (before >= 0) close();
    } else {
      draw(tour);
      card.hidden = false;
      if (tour !== before) lead(tour);
      else if (done && !settled) requestAnimationFrame(() => show(tour)); // what it explains is in its final place now
      place();
    }
    before = tour;
    settled = done;
  };
}
