/** What a person types: suggestions while typing, one finding, or a text to choose prompts from. */
import { byId, closest, create, find, findAll, onChange } from '../../core/dom.js';
import { glossOf, nameOf, plural, t, tell } from '../../core/i18n.js';
import { leftOut } from '../../core/review.js';

const LINES = 4;
const PROMPT_MAX = 200;
/** More than a finding: lines, or a paragraph. It is read at once when it is pasted. */
const isLong = (/** @type {string} */ text) => text.trim().length > 80 || text.trim().includes('\n');

/** Whether the model reads any of it. */
const isReadable = (/** @type {string} */ text) => /[a-z\d]/i.test(text);

const tidy = (/** @type {string} */ text) => text.trim().replace(/\s+/g, ' ');

/** A prompt as the list shows it: for the finding itself, which the model reads better than its absence. @param {import('../../core/state.js').Statement} statement */
const wording = ({ prompt, negated }) => prompt.replace(negated ? /^There is no / : /^There is /, '');

/** @param {import('../../session.js').Session} session */
export function bindEntry(session) {
  const form = byId('add', HTMLFormElement);
  const input = byId('finding', HTMLTextAreaElement);
  const button = byId('add-button', HTMLButtonElement);
  const fieldError = byId('finding-error');
  const suggestions = byId('suggestions');
  const taken = byId('taken');
  const takenText = byId('taken-text');
  const takenAsIs = byId('taken-as-is', HTMLButtonElement);
  const review = byId('review', HTMLFormElement);
  const title = byId('review-title');
  const note = byId('review-note');
  const rows = byId('review-list');
  const addAll = byId('review-add', HTMLButtonElement);
  const asIs = byId('review-as-is', HTMLButtonElement);
  const cancel = byId('review-cancel', HTMLButtonElement);
  let active = -1;
  const options = () => findAll(suggestions, 'li', HTMLLIElement);
  const chosenFinding = () => options()[active]?.dataset.finding;

  function fitInput() {
    input.style.setProperty('height', 'auto');
    const { lineHeight } = getComputedStyle(input);
    const most = LINES * parseFloat(lineHeight) + input.offsetHeight - input.clientHeight + 16;
    input.style.setProperty(
      'height',
      `${Math.min(most, input.scrollHeight + input.offsetHeight - input.clientHeight)}px`,
    );
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
    const kept = chosenFinding();
    suggestions.replaceChildren(
      ...found.map(({ text, finding }, i) => {
        const option = create('li', text, 'suggestion');
        option.id = `suggestion-${i}`;
        option.role = 'option';
        option.dataset.finding = finding;
        const names = [glossOf(finding), finding].filter((name) => name && name.toLowerCase() !== text.toLowerCase());
        if (names.length) option.append(create('span', names.join(' '), 'tag'));
        return option;
      }),
    );
    suggestions.hidden = !found.length;
    activate(found.findIndex(({ finding }) => finding === kept));
  }

  /** Suggestions for what is typed. Any that were asked for before come too late. */
  let asked = 0;
  async function complete() {
    const mine = ++asked;
    const found = await session.findings.complete(input.value);
    if (mine === asked && document.activeElement === input) suggest(found);
  }

  function closeSuggestions() {
    asked++;
    suggest([]);
  }

  /** @param {string[]} texts */
  async function add(texts) {
    closeSuggestions();
    if (await session.findings.add(texts)) empty();
  }

  function empty() {
    input.value = '';
    fitInput();
    input.focus({ preventScroll: true });
  }

  async function submit() {
    closeSuggestions();
    if (await session.findings.submit(input.value)) empty();
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', ({ inputType }) => {
    fitInput();
    if (!isLong(input.value)) {
      complete();
      return;
    }
    closeSuggestions();
    if (inputType === 'insertFromPaste') submit();
  });
  input.addEventListener('keydown', (event) => {
    const { key, isComposing, shiftKey } = event;
    const count = suggestions.children.length;
    if (isComposing) return;
    if (key === 'Enter' && !shiftKey) {
      event.preventDefault();
      const finding = chosenFinding();
      if (finding === undefined) submit();
      else add([finding]);
    } else if (key === 'Escape' && count) {
      event.preventDefault();
      closeSuggestions();
    } else if ((key === 'ArrowDown' || key === 'ArrowUp') && count) {
      event.preventDefault();
      const step = key === 'ArrowDown' ? 1 : -1;
      activate(active < 0 && step < 0 ? count - 1 : ((active + 1 + step + count + 1) % (count + 1)) - 1); // beyond the ends is the text itself
    }
  });
  input.addEventListener('blur', closeSuggestions);
  suggestions.addEventListener('pointerdown', (event) => event.preventDefault()); // the input keeps the focus
  suggestions.addEventListener('mousedown', (event) => event.preventDefault());
  suggestions.addEventListener('click', (event) => {
    const finding = closest(event, 'li')?.dataset.finding;
    if (finding !== undefined) add([finding]);
  });

  /** A prompt is shown whole. @param {HTMLTextAreaElement} prompt */
  function fitPrompt(prompt) {
    prompt.style.setProperty('height', 'auto');
    prompt.style.setProperty('height', `${prompt.scrollHeight + prompt.offsetHeight - prompt.clientHeight}px`);
  }

  const chosen = () =>
    [...rows.children]
      .filter((row) => find(row, 'input[type="checkbox"]', HTMLInputElement).checked)
      .map((row) => tidy(find(row, 'textarea', HTMLTextAreaElement).value));

  function countChosen() {
    const count = chosen().length;
    addAll.textContent = count ? plural('review.add', count) : t('findings.add');
    addAll.disabled = !count;
  }

  /** @param {import('../../core/state.js').Statement} statement */
  function createRow(statement) {
    const { negated, uncertain, historical, location } = statement;
    const place = location ? nameOf(location) : '';
    const row = create('li', undefined, 'review-row');
    const check = Object.assign(create('input'), { type: 'checkbox', checked: !negated && !historical });
    const text = Object.assign(create('textarea'), {
      value: wording(statement),
      rows: 1,
      maxLength: PROMPT_MAX,
      spellcheck: false,
    });
    const tags = [
      glossOf(statement.finding),
      negated ? t('review.negated') : '',
      uncertain ? t('review.uncertain') : '',
      historical ? t('review.earlier') : '',
      place,
    ].filter(Boolean);
    row.dataset.testid = 'review-row';
    check.setAttribute('aria-label', [t('findings.add'), text.value, ...tags].join(', '));
    text.setAttribute('aria-label', t('review.prompt'));
    const label = create('label', undefined, 'review-check'); // a larger target
    label.append(check);
    row.append(label, text);
    if (tags.length) {
      const line = create('p', undefined, 'tags');
      line.append(
        ...tags.map((tag) =>
          create('span', tag, [place, glossOf(statement.finding)].includes(tag) ? 'tag' : 'tag mark'),
        ),
      );
      row.append(line);
    }
    return row;
  }

  review.addEventListener('change', countChosen);
  review.addEventListener('submit', (event) => {
    event.preventDefault();
    if (chosen().length) add(chosen());
  });
  const addAsIs = (/** @type {{text: string} | null} */ typed) => typed && add([typed.text]);
  asIs.addEventListener('click', () => addAsIs(session.state.review));
  takenAsIs.addEventListener('click', () => addAsIs(session.state.taken));
  review.addEventListener('input', ({ target }) => {
    if (target instanceof HTMLTextAreaElement) fitPrompt(target);
  });
  review.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') cancel.click();
    if (event.key !== 'Enter' || !(event.target instanceof HTMLTextAreaElement) || event.isComposing) return;
    event.preventDefault(); // a prompt is one line
    review.requestSubmit();
  });
  cancel.addEventListener('click', () => {
    session.findings.cancelReview();
    input.focus({ preventScroll: true });
  });

  const drawReview = onChange((/** @type {import('../../core/state.js').State['review']} */ now) => {
    review.hidden = !now;
    rows.replaceChildren(...(now?.statements ?? []).map(createRow));
    if (!now) return;
    const { statements, text, near, rulesOut } = now;
    const tooLong = text.trim().length > PROMPT_MAX;
    const has = (/** @type {'negated' | 'historical'} */ what) => statements.some((statement) => statement[what]);
    addAll.hidden = !statements.length;
    asIs.hidden = tooLong || !isReadable(text);
    asIs.className = statements.length ? 'quiet' : 'primary';
    title.textContent = near
      ? statements.length > 1
        ? t('review.either')
        : t('review.near', { finding: nameOf(near) })
      : statements.length
        ? plural('review.found', statements.length)
        : t('review.none');
    const unread = near ? [] : leftOut(text, statements);
    const said = [
      unread.length && t('review.leftOut', { words: unread.map((words) => `“${words}”`).join(', ') }),
      has('negated') && t('review.negation'),
      has('historical') && t('review.historical'),
    ];
    note.textContent = statements.length
      ? said.filter(Boolean).join(' ')
      : t(
          rulesOut
            ? 'review.rulesOut'
            : !isReadable(text)
              ? 'review.unreadable'
              : tooLong
                ? 'review.tooLong'
                : 'review.ownWords',
        );
    note.hidden = !note.textContent;
    countChosen();
    for (const prompt of rows.querySelectorAll('textarea')) fitPrompt(prompt);
    input.scrollTop = 0;
    const checks = findAll(rows, 'input', HTMLInputElement);
    const first = checks.find(({ checked }) => checked) ?? checks.at(0) ?? (asIs.hidden ? cancel : asIs);
    first.focus({ preventScroll: true });
  });

  const drawTaken = onChange((/** @type {import('../../core/state.js').State['taken']} */ now) => {
    taken.hidden = !now;
    takenText.textContent = now ? t('findings.taken', now) : '';
    takenAsIs.hidden = !now || !isReadable(now.text);
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    input.disabled = button.disabled = state.model !== 'ready';
    fieldError.textContent = tell(state.findingError);
    drawTaken(state.taken);
    drawReview(state.review);
  };
}
