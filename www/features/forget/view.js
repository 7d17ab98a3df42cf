/** Forgetting everything: asked for in About, done by the page that is loaded next, which then tells what is left. */
import { byId, create } from '../../core/dom.js';
import { askToForget, forget, stored } from '../../core/stores.js';
import { t } from '../../core/i18n.js';

export function bindForget() {
  const dialog = byId('forget', HTMLDialogElement);
  byId('forget-open', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  byId('forget-confirm', HTMLButtonElement).addEventListener('click', askToForget);
  return () => {};
}

/** Deletes everything and shows what is left, in a page that does not start. @param {import('../../session.js').Session} session */
export async function showForgotten(session) {
  const dialog = byId('forgotten', HTMLDialogElement);
  const title = byId('forgotten-title');
  const list = byId('forgotten-list');
  await forget();
  const stores = await stored();
  title.textContent = t(stores.every(([, names]) => !names.length) ? 'forget.nothing' : 'forget.left');
  list.replaceChildren(
    ...stores.flatMap(([store, names]) => [
      create('dt', t(`forget.store.${store}`)),
      create('dd', names.join(', ') || t('forget.none')),
    ]),
  );
  dialog.addEventListener('close', () => {
    if (dialog.returnValue !== 'stay') return location.reload();
    session.model.stayEmpty();
    requestAnimationFrame(() => byId('start-anew', HTMLButtonElement).focus()); // once it is on show
  });
  dialog.showModal();
}
