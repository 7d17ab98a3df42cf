/** A text under review: its statements as prompts, each to be changed and ticked. */
import { byId, create, find, findAll, onChange } from '../../core/dom.js';
import { glossOf, nameOf, plural, t } from '../../core/i18n.js';
import { isReadable, leftOut } from '../../core/review.js';

const PROMPT_MAX = 200;

const tidy = (/** @type {string} */ text) => text.trim().replace(/\s+/g, ' ');

/** A prompt as the list shows it: for the finding itself, which the model reads better than its absence. @param {import('../../core/state.js').Statement} statement */
const wording = ({ prompt, negated }) => prompt.replace(negated ? /^There is no / : /^There is /, '');

/**
 * @param {import('../../session.js').Session} session
 * @param {{add: (texts: string[]) => void, back: () => void}} field What takes the prompts, and takes the focus back
 */
export function bindReview(session, { add, back }) {
  const review = byId('review', HTMLFormElement);
  const title = byId('review-title');
  const note = byId('review-note');
  const rows = byId('review-list');
  const addAll = byId('review-add', HTMLButtonElement);
  const asIs = byId('review-as-is', HTMLButtonElement);
  const cancel = byId('review-cancel', HTMLButtonElement);

  /** Makes the field high enough to show the whole prompt. @param {HTMLTextAreaElement} prompt */
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
    text.setAttribute('aria-label', t('review.prompt', { finding: nameOf(statement.finding) }));
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
  asIs.addEventListener('click', () => {
    const { review: now } = session.state;
    if (now) add([now.text]);
  });
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
    back();
  });

  return onChange((/** @type {import('../../core/state.js').State['review']} */ now) => {
    review.hidden = !now;
    rows.replaceChildren(...(now?.statements ?? []).map(createRow));
    if (!now) return;
    const { statements, text, near, rulesOut, rewritten } = now;
    const tooLong = text.trim().length > PROMPT_MAX;
    const has = (/** @type {'negated' | 'historical'} */ what) => statements.some((statement) => statement[what]);
    addAll.hidden = !statements.length;
    asIs.hidden = tooLong || !isReadable(text);
    asIs.className = statements.length || rewritten ? 'quiet' : 'primary';
    title.textContent = near
      ? statements.length > 1
        ? t('review.either')
        : t('review.near', { finding: nameOf(near) })
      : statements.length
        ? plural('review.found', statements.length)
        : t(rewritten ? 'rewrite.none' : 'review.none');
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
    note.hidden = !note.textContent || (rewritten && !statements.length); // the rules may know words that a language model did not use
    countChosen();
    for (const prompt of rows.querySelectorAll('textarea')) fitPrompt(prompt);
    const checks = findAll(rows, 'input', HTMLInputElement);
    const first = checks.find(({ checked }) => checked) ?? checks.at(0) ?? (asIs.hidden ? cancel : asIs);
    first.focus({ preventScroll: true });
  });
}
