/** The panel in which a case is read: marks, confidence, then the comparison or the next case. core/veil.js withholds what must not be seen meanwhile. */
import { byId, focusFirst, onChange } from '../../core/dom.js';
import { phase } from '../../core/derived.js';
import { filesFromList } from '../../core/files.js';
import { number, t } from '../../core/i18n.js';
import { earlierOf, isAided, isClear, isOpen, isOver, isReady, missingIn } from '../../core/round.js';
import { bindAnswers } from './answers.js';
import { bindMark } from './mark.js';
import { bindOutcome } from './outcome.js';

/** @typedef {import('../../core/round.js').Round} Round */
/** @typedef {import('../../core/state.js').State} State */

/** @param {Round} round */
function titleOf(round) {
  const { purpose, at, steps, outcome, rounds, cases } = round;
  if (purpose === 'one')
    return t(outcome ? 'teach.titleRevealed' : 'teach.title', { round: outcome ? rounds : rounds + 1 });
  if (isOver(round)) return t('teach.titleOver');
  if (purpose === 'ten')
    return t(outcome ? 'teach.titleTenRevealed' : 'teach.titleTen', {
      number: steps[at].case + 1,
      count: cases.length,
    });
  return t(isAided(round) ? 'teach.titleAided' : 'teach.titleAlone', { number: at + 1, count: steps.length });
}

/** @param {Round} round @param {boolean} shown Whether a picture is shown */
function leadOf(round, shown) {
  if (isOver(round) || round.outcome) return '';
  if (!round.ready) return t('teach.opening');
  if (!shown) return t('teach.start');
  if (round.purpose !== 'study') return t('teach.lead');
  return t(!isAided(round) ? 'teach.leadStudy' : earlierOf(round) ? 'teach.leadAided' : 'teach.leadWithModel');
}

/** The key of what an answer still lacks, or ''. @param {Round} round @param {State} state */
function lackingOf(round, state) {
  const lacking = missingIn(round, state.findings);
  if (lacking) return `teach.missing.${round.purpose === 'study' && lacking === 'guess' ? 'all' : lacking}`;
  if (phase(state) === 'done' || (round.purpose === 'study' && !isAided(round))) return '';
  return state.model === 'failed' ? 'teach.missing.failed' : 'teach.missing.model';
}

/** @param {import('../../session.js').Session} session */
export function bindTeaching(session) {
  const toggle = byId('teach-toggle', HTMLButtonElement);
  const panel = byId('teach');
  const title = byId('teach-title');
  const lead = byId('teach-lead');
  const clock = byId('teach-clock');
  const form = byId('teach-form', HTMLFormElement);
  const place = byId('teach-place');
  const clear = byId('teach-clear', HTMLInputElement);
  const missing = byId('teach-missing');
  const reveal = byId('teach-reveal', HTMLButtonElement);
  const next = byId('teach-next', HTMLButtonElement);
  const chance = byId('teach-surprise', HTMLButtonElement);
  const ten = byId('teach-ten', HTMLButtonElement);
  const more = byId('teach-more');
  const pack = byId('teach-pack', HTMLInputElement);
  const drawMark = bindMark(session);
  const drawOutcome = bindOutcome();
  const drawAnswers = bindAnswers(session);
  /** Moves the focus to the title, once everything is drawn. */
  const focusTitle = () => requestAnimationFrame(() => title.focus());

  toggle.addEventListener('click', () => session.teaching.teach(!session.state.round));
  byId('teach-end', HTMLButtonElement).addEventListener('click', () => {
    session.teaching.teach(false);
    focusFirst(toggle, byId('menu-open', HTMLButtonElement));
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  reveal.addEventListener('click', () => {
    session.teaching.submit();
    focusTitle();
  });
  next.addEventListener('click', () => {
    session.teaching.next();
    focusTitle();
  });
  chance.addEventListener('click', () => {
    session.teaching.surprise();
    focusTitle();
  });
  ten.addEventListener('click', () => {
    session.teaching.ten();
    focusTitle();
  });
  pack.addEventListener('change', () => {
    const files = filesFromList(pack.files);
    pack.value = ''; // the same files may be chosen again
    if (files.length) session.teaching.openPack(files);
  });
  clear.addEventListener('change', () => session.teaching.clear(clear.checked));

  const tick = () => {
    clock.textContent = t('teach.seconds', { seconds: number(Math.floor(session.teaching.seconds)) });
  };
  let ticking = 0;
  const runClock = onChange((/** @type {boolean} */ on) => {
    clearInterval(ticking);
    clock.hidden = !on;
    if (!on) return;
    tick();
    ticking = setInterval(tick, 1000);
  });

  /** @param {Round} round @param {State} state */
  function drawForm(round, state) {
    const { picture, findings } = state;
    const lacking = picture && isReady(round) ? lackingOf(round, state) : '';
    form.hidden = !picture || !isReady(round);
    const placed = round.answer.marks[round.finding];
    const text = t(placed ? 'teach.placeDone' : round.finding ? 'teach.placeOf' : 'teach.placeTodo');
    if (place.textContent !== text) place.textContent = text; // a live region
    clear.checked = isClear(round.answer, findings);
    reveal.hidden = form.hidden;
    reveal.disabled = form.hidden || Boolean(lacking);
    reveal.textContent = t(round.purpose === 'study' ? 'teach.answer' : 'teach.reveal');
    missing.textContent = form.hidden
      ? ''
      : lacking
        ? t(lacking)
        : t(round.purpose === 'study' ? 'teach.readyStudy' : 'teach.ready');
    drawAnswers(round, findings);
  }

  /** @param {Round} round @param {State} state */
  function drawWays(round, { picture, phantoms }) {
    const { purpose, outcome } = round;
    const free = purpose === 'one' || (purpose === 'ten' && isOver(round));
    next.hidden = purpose !== 'ten' || !outcome;
    next.textContent = t(round.at + 1 < round.steps.length ? 'teach.next' : 'teach.sum');
    chance.hidden = purpose !== 'one';
    ten.hidden = more.hidden = !free;
    for (const button of [chance, ten]) button.disabled = !phantoms.length;
    chance.classList.toggle('primary', Boolean(outcome) || !picture);
    chance.classList.toggle('outline', !outcome && Boolean(picture));
  }

  return (/** @type {State} */ state) => {
    const { round, picture } = state;
    const open = round && isOpen(round);
    document.documentElement.dataset.teaching = !round ? '' : !open ? 'revealed' : isAided(round) ? 'aided' : 'veiled';
    document.documentElement.dataset.round = round?.purpose ?? '';
    toggle.setAttribute('aria-pressed', String(Boolean(round)));
    panel.hidden = !round;
    drawMark(state);
    runClock(Boolean(round?.clock && picture && isReady(round)));
    if (!round) return;
    title.textContent = titleOf(round);
    lead.textContent = leadOf(round, Boolean(picture));
    drawForm(round, state);
    drawWays(round, state);
    drawOutcome(round, round.purpose === 'ten' && isOver(round) ? state.progress : null);
  };
}
