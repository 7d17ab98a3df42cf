/** Teaching mode: the learner marks a place and guesses, then compares. What is withheld meanwhile is `veil`'s business. */
import { byId, closest, create, find, findAll, focusFirst, onChange } from '../../core/dom.js';
import { glossOf, t } from '../../core/i18n.js';
import { bindMark } from './mark.js';
import { bindOutcome } from './outcome.js';
import { missingIn } from './round.js';

/** @typedef {import('./round.js').Sureness} Sureness */
const SURENESS = /** @type {const} */ ([1, 2, 3]);
/** How sure, until a learner says it. @type {Sureness} */
const UNTOLD = 2;
/** @param {EventTarget | null} select */
const surenessOf = (select) =>
  SURENESS.find((value) => select instanceof HTMLSelectElement && String(value) === select.value) ?? 0;

/** @param {import('../../session.js').Session} session */
export function bindTeaching(session) {
  const toggle = byId('teach-toggle', HTMLButtonElement);
  const panel = byId('teach');
  const title = byId('teach-title');
  const lead = byId('teach-lead');
  const form = byId('teach-form', HTMLFormElement);
  const place = byId('teach-place');
  const clear = byId('teach-clear', HTMLInputElement);
  const guess = byId('teach-guess', HTMLFieldSetElement);
  const list = byId('teach-findings');
  const missing = byId('teach-missing');
  const reveal = byId('teach-reveal', HTMLButtonElement);
  const next = byId('teach-surprise', HTMLButtonElement);
  const end = byId('teach-end', HTMLButtonElement);
  const round = () => session.state.teaching;
  const drawMark = bindMark(session);
  const drawOutcome = bindOutcome();

  toggle.addEventListener('click', () => session.teaching.teach(!round()));
  end.addEventListener('click', () => {
    session.teaching.teach(false);
    focusFirst(toggle, byId('menu-open', HTMLButtonElement));
  });
  form.addEventListener('submit', (event) => event.preventDefault());
  reveal.addEventListener('click', () => {
    session.teaching.reveal();
    requestAnimationFrame(() => title.focus()); // once all has its place
  });
  next.addEventListener('click', () => session.teaching.surprise());
  clear.addEventListener('change', () =>
    session.teaching.answer(clear.checked ? { clear: true, mark: null, guesses: {} } : { clear: false }),
  );
  list.addEventListener('change', (event) => {
    const finding = closest(event, 'li')?.dataset.finding;
    const now = round();
    if (finding === undefined || !now) return;
    const { [finding]: _before, ...others } = now.guesses;
    const { target } = event;
    const sure = target instanceof HTMLInputElement ? (target.checked ? UNTOLD : 0) : surenessOf(target);
    session.teaching.answer({ guesses: sure ? { ...others, [finding]: sure } : others, clear: false });
  });

  /** @param {string} finding */
  function createRow(finding) {
    const row = create('li');
    const label = create('label');
    const check = Object.assign(create('input'), { type: 'checkbox' });
    const sure = create('select');
    row.dataset.finding = finding;
    label.append(check, create('span', glossOf(finding) || finding));
    if (glossOf(finding)) label.append(create('span', finding, 'tag'));
    sure.append(...SURENESS.map((value) => new Option(t(`teach.sure.${value}`), String(value))));
    sure.setAttribute('aria-label', t('teach.sureOf', { finding }));
    row.append(label, sure);
    return row;
  }

  const drawFindings = onChange((/** @type {string[]} */ findings) => list.replaceChildren(...findings.map(createRow)));

  const drawGuesses = onChange(
    (/** @type {Readonly<Record<string, number>>} */ guesses, /** @type {readonly string[]} */ _findings) => {
      for (const row of findAll(list, 'li', HTMLLIElement)) {
        const check = find(row, 'input', HTMLInputElement);
        const sure = find(row, 'select', HTMLSelectElement);
        const value = guesses[row.dataset.finding ?? ''] ?? 0;
        check.checked = Boolean(value);
        sure.hidden = !value;
        if (value) sure.value = String(value);
      }
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { teaching, picture, findings } = state;
    document.documentElement.dataset.teaching = !teaching ? '' : teaching.outcome ? 'revealed' : 'veiled';
    toggle.setAttribute('aria-pressed', String(Boolean(teaching)));
    panel.hidden = !teaching;
    drawMark(state);
    if (!teaching) return;
    const { outcome, guesses, rounds } = teaching;
    const lacking = missingIn(teaching);
    title.textContent = t(outcome ? 'teach.titleRevealed' : 'teach.title', { round: outcome ? rounds : rounds + 1 });
    lead.textContent = !picture ? t('teach.start') : outcome ? '' : t('teach.lead');
    form.hidden = !picture || Boolean(outcome);
    const text = t(teaching.mark ? 'teach.placeDone' : 'teach.placeTodo');
    if (place.textContent !== text) place.textContent = text;
    clear.checked = teaching.clear;
    guess.disabled = teaching.clear;
    drawFindings(findings);
    drawGuesses(guesses, findings);
    drawOutcome(teaching);
    reveal.hidden = !picture || Boolean(outcome);
    reveal.disabled = Boolean(lacking) || state.veiled !== 'done';
    missing.textContent =
      outcome || !picture
        ? ''
        : lacking
          ? t(`teach.missing.${lacking}`)
          : state.veiled !== 'done'
            ? t(state.model === 'failed' ? 'teach.missing.failed' : 'teach.missing.model')
            : t('teach.ready');
    next.disabled = !state.phantoms.length;
    next.classList.toggle('primary', Boolean(outcome) || !picture);
    next.classList.toggle('outline', !outcome && Boolean(picture));
  };
}
