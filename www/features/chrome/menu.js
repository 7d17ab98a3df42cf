/** The bar's menu: language, About, and a new build of the page. Its other buttons belong to the features they open. */
import { byId, closest } from '../../core/dom.js';
import { LANGUAGES, language } from '../../core/i18n.js';

const NAMES = { en: 'English', ja: '日本語' };

const otherLanguage = () => LANGUAGES[(LANGUAGES.indexOf(language()) + 1) % LANGUAGES.length];

/** @param {import('../../session.js').Session} session */
export function bindMenu(session) {
  const menu = byId('menu');
  menu.addEventListener(
    'click',
    (event) => {
      if (closest(event, 'button') && menu.matches(':popover-open')) menu.hidePopover();
    },
    { capture: true },
  ); // on a phone the menu closes before the chosen item opens
  const languageButton = byId('language', HTMLButtonElement);
  const about = byId('about', HTMLDialogElement);
  const update = byId('update', HTMLButtonElement);
  const tours = ['tour-open', 'tour-take', 'tour-again'].map((id) => byId(id, HTMLButtonElement));
  const teach = byId('teach-toggle', HTMLButtonElement);

  languageButton.addEventListener('click', () => session.language.choose(otherLanguage()));
  update.addEventListener('click', () => location.reload());
  byId('about-open', HTMLButtonElement).addEventListener('click', () => about.showModal());
  about.addEventListener('click', ({ target }) => {
    if (target === about) about.close();
  });

  return (/** @type {import('../../core/state.js').State} */ { model, offline, round }) => {
    const isEmpty = model === 'empty' || model === 'failed'; // nothing is there to show
    teach.disabled = isEmpty;
    for (const opener of tours) opener.disabled = isEmpty || round?.purpose === 'study'; // a tour would end the study
    const other = otherLanguage();
    Object.assign(languageButton, { value: other, lang: other, textContent: NAMES[other] });
    update.hidden = !offline.update;
  };
}
