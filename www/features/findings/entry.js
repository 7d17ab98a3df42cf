/** What a person types: suggestions while typing, one finding, or a text that is reviewed. */
import { byId, closest, create, findAll, onChange } from '../../core/dom.js';
import { glossOf, t, tell } from '../../core/i18n.js';
import { isReadable } from '../../core/review.js';
import { bindReview } from './review.js';

const LINES = 4;
/** Whether a text is more than one finding: several lines, or a paragraph. It is read at once when it is pasted. */
const isLong = (/** @type {string} */ text) => text.trim().length > 80 || text.trim().includes('\n');

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

  /** Shows suggestions; the active one stays active, if it is still among them. @param {{text: string, finding: string}[]} found */
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

  /** How often suggestions were asked for: answers to earlier requests are dropped. */
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
    else input.scrollTop = 0; // shows the beginning of the text, above its statements
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  input.addEventListener('input', ({ inputType }) => {
    fitInput();
    if (session.state.review) session.findings.cancelReview(); // the review is of another text
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
      activate(active < 0 && step < 0 ? count - 1 : ((active + 1 + step + count + 1) % (count + 1)) - 1); // beyond either end is the typed text itself, -1
    }
  });
  input.addEventListener('blur', closeSuggestions);
  suggestions.addEventListener('pointerdown', (event) => event.preventDefault()); // the input keeps the focus
  suggestions.addEventListener('mousedown', (event) => event.preventDefault());
  suggestions.addEventListener('click', (event) => {
    const finding = closest(event, 'li')?.dataset.finding;
    if (finding !== undefined) add([finding]);
  });

  takenAsIs.addEventListener('click', () => {
    const { taken: now } = session.state;
    if (now) add([now.text]);
  });
  const drawReview = bindReview(session, { add, back: () => input.focus({ preventScroll: true }) });

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
