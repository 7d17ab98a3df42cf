/** What a person types: suggestions while typing, one finding, or a text to choose prompts from. */
import { byId, create, onChange } from '../dom.js';
import { isLong } from '../session.js';
import { glossOf, plural, t, tell } from '../i18n.js';

const LINES = 4;
const PROMPT_MAX = 200;

/** A prompt as the list shows it: for the finding itself, which the model reads better than its absence. @param {import('../state.js').Statement} statement */
const wording = ({ prompt, negated }) => prompt.replace(negated ? /^There is no / : /^There is /, '');

/** @param {import('../session.js').Session} session */
export function bindEntry(session) {
  const [form, input, button, fieldError, suggestions, review, title, note, rows, addAll, cancel] = [
    'add', 'finding', 'add-button', 'finding-error', 'suggestions', 'review', 'review-title', 'review-note', 'review-list', 'review-add', 'review-cancel',
  ].map(byId);
  let active = -1;

  function fitInput() {
    input.style.setProperty('height', 'auto');
    const { lineHeight } = getComputedStyle(input);
    const most = LINES * parseFloat(lineHeight) + input.offsetHeight - input.clientHeight + 16;
    input.style.setProperty('height', `${Math.min(most, input.scrollHeight + input.offsetHeight - input.clientHeight)}px`);
    input.style.setProperty('overflow-y', input.scrollHeight > most ? 'auto' : 'hidden');
  }

  /** @param {number} index -1 for none */
  function activate(index) {
    active = index;
    [...suggestions.children].forEach((option, i) => option.setAttribute('aria-selected', String(i === index)));
    const option = suggestions.children[index];
    if (option) input.setAttribute('aria-activedescendant', option.id);
    else input.removeAttribute('aria-activedescendant');
    option?.scrollIntoView({ block: 'nearest' });
  }

  /** What is active stays so, if it is among them. @param {{text: string, finding: string}[]} found */
  function suggest(found) {
    const kept = suggestions.children[active]?.dataset.finding;
    suggestions.replaceChildren(...found.map(({ text, finding }, i) => {
      const option = create('li', text, 'suggestion');
      option.id = `suggestion-${i}`;
      option.role = 'option';
      option.dataset.finding = finding;
      const names = [glossOf(finding), finding].filter((name) => name && name.toLowerCase() !== text.toLowerCase());
      if (names.length) option.append(create('span', names.join(' '), 'tag'));
      return option;
    }));
    suggestions.hidden = !found.length;
    activate(found.findIndex(({ finding }) => finding === kept));
  }

  /** @param {string[]} texts */
  async function add(texts) {
    suggest([]);
    if (await session.addFindings(texts)) empty();
  }

  function empty() {
    input.value = '';
    fitInput();
    input.focus({ preventScroll: true });
  }

  async function submit() {
    suggest([]);
    if (await session.submitText(input.value)) empty();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', async ({ inputType }) => {
    fitInput();
    const { value } = input;
    if (isLong(value)) {
      suggest([]);
      if (inputType === 'insertFromPaste') submit();
      return;
    }
    const found = await session.complete(value);
    if (value === input.value && document.activeElement === input) suggest(found);
  });
  input.addEventListener('keydown', (event) => {
    const { key, isComposing, shiftKey } = event;
    const count = suggestions.children.length;
    if (isComposing) return;
    if (key === 'Enter' && !shiftKey) {
      event.preventDefault();
      if (active < 0) submit();
      else add([suggestions.children[active].dataset.finding]);
    } else if (key === 'Escape' && count) {
      event.preventDefault();
      suggest([]);
    } else if ((key === 'ArrowDown' || key === 'ArrowUp') && count) {
      event.preventDefault();
      const step = key === 'ArrowDown' ? 1 : -1;
      activate(active < 0 && step < 0 ? count - 1 : ((active + 1 + step + count + 1) % (count + 1)) - 1); // beyond the ends is the text itself
    }
  });
  input.addEventListener('blur', () => suggest([]));
  suggestions.addEventListener('pointerdown', (event) => event.preventDefault()); // the input keeps the focus
  suggestions.addEventListener('mousedown', (event) => event.preventDefault());
  suggestions.addEventListener('click', ({ target }) => {
    const option = target.closest('li');
    if (option) add([option.dataset.finding]);
  });

  const chosen = () => [...rows.children].filter((row) => row.querySelector('input[type="checkbox"]').checked).map((row) => row.querySelector('input[type="text"]').value);

  function countChosen() {
    const count = chosen().length;
    addAll.textContent = rows.children.length ? plural('review.add', count) : t('review.addAsIs');
    addAll.disabled = Boolean(rows.children.length) && !count;
  }

  /** @param {import('../state.js').Statement} statement */
  function createRow(statement) {
    const { negated, uncertain, historical, location } = statement;
    const row = create('li', undefined, 'review-row');
    const check = Object.assign(create('input'), { type: 'checkbox', checked: !negated });
    const text = Object.assign(create('input'), { type: 'text', value: wording(statement), maxLength: PROMPT_MAX, spellcheck: false });
    const tags = [negated && t('review.negated'), uncertain && t('review.uncertain'), historical && t('review.earlier'), location].filter(Boolean);
    row.dataset.testid = 'review-row';
    check.setAttribute('aria-label', [t('findings.add'), text.value, ...tags].join(', '));
    text.setAttribute('aria-label', t('review.prompt'));
    const label = create('label', undefined, 'review-check'); // a larger target
    label.append(check);
    row.append(label, text);
    if (tags.length) {
      const line = create('p', undefined, 'tags');
      line.append(...tags.map((tag) => create('span', tag, tag === location ? 'tag' : 'tag mark')));
      row.append(line);
    }
    return row;
  }

  review.addEventListener('change', countChosen);
  review.addEventListener('submit', (event) => {
    event.preventDefault();
    add(rows.children.length ? chosen() : [input.value]);
  });
  review.addEventListener('keydown', ({ key }) => { if (key === 'Escape') cancel.click(); });
  cancel.addEventListener('click', () => {
    session.cancelReview();
    input.focus({ preventScroll: true });
  });

  const drawReview = onChange((/** @type {import('../state.js').State['review']} */ now) => {
    review.hidden = !now;
    rows.replaceChildren(...(now?.statements ?? []).map(createRow));
    if (!now) return;
    const { statements, text } = now;
    const tooLong = !statements.length && text.trim().length > PROMPT_MAX;
    addAll.hidden = tooLong;
    title.textContent = statements.length ? plural('review.found', statements.length) : t('review.none');
    note.textContent = tooLong ? t('review.tooLong')
      : !statements.length ? t('review.ownWords')
      : statements.some(({ negated }) => negated) ? t('review.negation') : '';
    note.hidden = !note.textContent;
    countChosen();
    input.scrollTop = 0;
    (rows.querySelector('input:checked') ?? rows.querySelector('input') ?? (tooLong ? cancel : addAll)).focus({ preventScroll: true });
  });

  return (/** @type {import('../state.js').State} */ state) => {
    input.disabled = button.disabled = state.model !== 'ready';
    fieldError.textContent = tell(state.findingError);
    drawReview(state.review);
  };
}
