/** Teaching mode: the learner marks a place and guesses, then compares. What is withheld meanwhile is `veil`'s business. */
import { byId, closest, create, find, findAll, focusFirst, onChange } from '../../core/dom.js';
import { glossOf, percent, t } from '../../core/i18n.js';
import { hasPicture, placeOf } from '../../core/derived.js';
import { missingIn } from './round.js';
import { ARROWS, onTap } from '../../core/viewport/input.js';
import { partFromPoint, pointFromPart } from '../../core/viewport/transform.js';
import { marksOf } from '../../core/wording.js';
import { reading, standing, warningInWords } from '../../core/words.js';

const MIDDLE = { x: 0.5, y: 0.5 };
const STEP = 12; // CSS pixels of an arrow key
const FAST = 4; // with Shift
/** @typedef {import('./round.js').Sureness} Sureness */
const SURENESS = /** @type {const} */ ([1, 2, 3]);
/** How sure, until a learner says it. @type {Sureness} */
const UNTOLD = 2;
/** @param {EventTarget | null} select */
const surenessOf = (select) =>
  SURENESS.find((value) => select instanceof HTMLSelectElement && String(value) === select.value) ?? 0;

const named = (/** @type {string} */ finding) => (glossOf(finding) ? `${glossOf(finding)} (${finding})` : finding);
const rankOf = (/** @type {number | undefined} */ percentile) =>
  percentile === undefined ? t('teach.noRank') : t('percentile', { standing: standing(percentile) });

/** The comparison in sentences. @param {import('./round.js').Outcome} outcome @param {boolean} marked @returns {string[]} */
function feedback({ rows, map, drawn, warnings }, marked) {
  const lines = warnings.map(warningInWords);
  if (drawn && marked) {
    if (!drawn.length) lines.push(t('teach.drawnNormalMarked'));
    for (const { finding, distance } of drawn) {
      lines.push(
        distance < 0.005
          ? t('teach.inside', { finding: named(finding) })
          : t('teach.outside', { finding: named(finding), distance: percent(distance) }),
      );
    }
  } else if (drawn) {
    const found = rows.filter((row) => row.drawn).map(({ finding }) => named(finding));
    lines.push(found.length ? t('teach.drawnUnmarked', { findings: found.join(', ') }) : t('teach.drawnNormal'));
  }
  if (map === 'unseen') lines.push(t('teach.unseen'));
  else if (map)
    lines.push(
      t('teach.map', { finding: named(map.finding), share: percent(map.share), distance: percent(map.distance) }),
    );
  const [first] = rows;
  if (first?.score?.percentile !== undefined)
    lines.push(t('teach.rank', { finding: named(first.finding), reading: reading(first.score.percentile) }));
  lines.push(t('teach.caution'));
  return lines;
}

/** You, the model, and what was drawn, by finding. @param {import('./round.js').Outcome['rows']} rows */
function tableOf(rows) {
  const known = rows.some(({ drawn }) => drawn !== null);
  const table = create('table');
  const head = create('tr');
  for (const key of ['finding', 'you', 'model', ...(known ? ['drawn'] : [])]) {
    const cell = create('th', t(`teach.column.${key}`));
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const [top, body] = [create('thead'), create('tbody')];
  top.append(head);
  table.append(create('caption', t('teach.table'), 'sr-only'), top, body);
  for (const { finding, sure, score, drawn } of rows) {
    const row = create('tr');
    const name = create('th', named(finding));
    name.setAttribute('scope', 'row');
    if (marksOf(score)) name.append(create('span', marksOf(score), 'near'));
    row.append(name, create('td', t(`teach.sure.${sure}`)), create('td', rankOf(score?.percentile)));
    if (known) row.append(create('td', t(drawn ? 'teach.yes' : 'teach.no')));
    body.append(row);
  }
  return table;
}

/** @param {import('../../session.js').Session} session */
export function bindTeaching(session) {
  const toggle = byId('teach-toggle', HTMLButtonElement);
  const panel = byId('teach');
  const title = byId('teach-title');
  const lead = byId('teach-lead');
  const form = byId('teach-form', HTMLFormElement);
  const place = byId('teach-place');
  const keyboard = byId('teach-keyboard', HTMLButtonElement);
  const clear = byId('teach-clear', HTMLInputElement);
  const guess = byId('teach-guess', HTMLFieldSetElement);
  const list = byId('teach-findings');
  const outcomeBox = byId('teach-outcome');
  const missing = byId('teach-missing');
  const reveal = byId('teach-reveal', HTMLButtonElement);
  const next = byId('teach-surprise', HTMLButtonElement);
  const end = byId('teach-end', HTMLButtonElement);
  const viewport = byId('fit');
  const mark = byId('mark-place', HTMLButtonElement);
  const round = () => session.state.teaching;
  /** The round, while the learner has the say. */
  const openRound = () => {
    const now = round();
    return now && !now.outcome && session.state.picture ? now : null;
  };

  /** @param {import('./round.js').Point} at */
  function put({ x, y }) {
    const within = (/** @type {number} */ part) => Math.max(0, Math.min(1, part));
    session.teaching.answer({ mark: { x: within(x), y: within(y) }, clear: false });
  }

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
  keyboard.addEventListener('click', () => {
    if (!round()?.mark) put(MIDDLE);
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

  const drawOutcome = onChange(
    (/** @type {import('./round.js').Outcome | null} */ outcome, /** @type {boolean} */ marked) => {
      outcomeBox.replaceChildren(
        ...(outcome ? [tableOf(outcome.rows), ...feedback(outcome, marked).map((line) => create('p', line))] : []),
      );
    },
  );

  const drawMark = onChange(
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

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { teaching, picture, findings, display, viewport: size } = state;
    document.documentElement.dataset.teaching = !teaching ? '' : teaching.outcome ? 'revealed' : 'veiled';
    toggle.setAttribute('aria-pressed', String(Boolean(teaching)));
    panel.hidden = !teaching;
    viewport.toggleAttribute('data-marking', Boolean(teaching && !teaching.outcome && picture));
    drawMark(teaching && picture ? teaching.mark : null, display.view, size, picture?.grid);
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
    outcomeBox.hidden = !outcome;
    drawOutcome(outcome, Boolean(teaching.mark));
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
