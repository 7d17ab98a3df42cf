/** The search of a series: by what is typed, or by likeness to the image in the viewer; and what the table is ranked by. */
import { byId, onChange } from '../../core/dom.js';
import { nameOf, plural, t, tell } from '../../core/i18n.js';
import { searchedOf } from '../../core/search.js';
import { cautionsOfWords, isUnknown } from '../../core/wording.js';
import { asSentence } from '../../core/words.js';

/** @typedef {import('../../core/search.js').Search} Search */

/** What it is ranked by, in words. @param {Search} search */
function rankedBy(search) {
  if (search.by === 'image') return t('search.likeness', { name: tell(search.name) });
  const finding = nameOf(search.finding);
  const { typed } = search;
  const same = [finding, search.finding].some((name) => name.toLowerCase() === typed.toLowerCase());
  return same ? finding : t('search.typed', { finding, typed });
}

/** What one has to know of the order. @param {Search} search @param {readonly import('../../core/table.js').Row[]} rows */
function cautionsOf(search, rows) {
  if (search.by === 'image') return [t('search.likenessText')];
  const mark = rows.find(({ marks }) => marks.has(search.finding))?.marks.get(search.finding);
  if (!mark) return [];
  return [...(isUnknown(mark) ? [t('search.unknown')] : []), ...cautionsOfWords(mark)];
}

/** @param {import('../../session.js').Session} session */
export function bindSearch(session) {
  const section = byId('series');
  const opener = byId('search-open', HTMLButtonElement);
  const panel = byId('search');
  const form = byId('search-form', HTMLFormElement);
  const input = byId('search-text', HTMLInputElement);
  const go = byId('search-go', HTMLButtonElement);
  const like = byId('search-like', HTMLButtonElement);
  const end = byId('search-end', HTMLButtonElement);
  const told = byId('search-told');
  const notes = byId('search-notes');
  const error = byId('search-error');
  const live = byId('search-live');

  function close() {
    session.series.endSearch();
    session.series.showSearch(false);
    opener.focus();
  }

  opener.addEventListener('click', () => {
    if (!panel.hidden) return close();
    session.series.showSearch(true);
    queueMicrotask(() => input.focus());
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    session.series.searchText(input.value);
  });
  like.addEventListener('click', () => {
    input.value = '';
    session.series.searchLike();
  });
  end.addEventListener('click', close);
  panel.addEventListener('keydown', ({ key, isComposing }) => {
    if (key === 'Escape' && !isComposing) close();
  });

  /** Spoken once all rows are ranked. */
  const speak = onChange((/** @type {string} */ text) => {
    live.textContent = text;
  });
  const note = onChange((/** @type {string} */ text) => {
    notes.textContent = text;
  });

  /** @param {import('../../core/table.js').Series} series @param {import('../../core/state.js').State} state */
  return ({ searching, search, searchError, rows }, { model, picture }) => {
    panel.hidden = !searching;
    opener.setAttribute('aria-expanded', String(searching));
    if (!searching) input.value = '';
    input.disabled = go.disabled = model !== 'ready';
    like.disabled = model !== 'ready' || !picture?.embedding;
    like.title = picture?.embedding ? tell(picture.name) : t('search.noImage');
    section.toggleAttribute('data-mapped', search?.by === 'text');
    error.textContent = asSentence(searchError);
    end.hidden = !search;
    const { done, total } = search ? searchedOf(search, rows) : { done: 0, total: 0 };
    const by = search ? rankedBy(search) : '';
    told.textContent = !search
      ? ''
      : done < total
        ? t('search.ranking', { by, count: done, total })
        : plural('search.ranked', done, { by });
    note(search ? cautionsOf(search, rows).join(' ') : '');
    speak(search && done === total ? told.textContent : '');
  };
}
