/** Models that this browser keeps, and buttons to keep or save one that is in this page alone. */
import { byId, create, onChange } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { bytesOf } from '../../core/folders.js';
import { megabytes } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindKept(session) {
  const block = byId('kept');
  const list = byId('kept-models');
  const offer = byId('keep-offer');
  const keep = byId('model-keep', HTMLButtonElement);

  byId('model-card').addEventListener('toggle', (event) => {
    if (event.newState === 'open') session.kept.look();
  });
  keep.addEventListener('click', () => session.kept.keep());
  byId('model-save').addEventListener('click', () => session.kept.save());

  const draw = onChange(
    (/** @type {import('../../core/remote.js').Kept[]} */ models, /** @type {string} */ _language) => {
      list.replaceChildren(
        ...models.map((model) => {
          const { name, bytes } = model;
          const text = create('span', t('kept.model', { name, megabytes: megabytes(bytes) }));
          const use = Object.assign(create('button', t('kept.use')), { type: 'button', className: 'outline' });
          const remove = Object.assign(create('button', t('kept.remove')), { type: 'button', className: 'quiet' });
          use.setAttribute('aria-label', t('kept.useNamed', { name }));
          remove.setAttribute('aria-label', t('kept.removeNamed', { name }));
          use.addEventListener('click', () => session.kept.use(model));
          remove.addEventListener('click', () => session.kept.remove(model));
          const item = create('li');
          item.append(text, use, remove);
          return item;
        }),
      );
    },
  );

  return (/** @type {import('../../core/state.js').State} */ { folder, model, kept, language }) => {
    offer.hidden = model !== 'ready' || folder.kind !== 'disk' || folder.where !== 'page';
    keep.disabled = kept.busy;
    if (folder.kind === 'disk')
      keep.textContent = t(kept.busy ? 'kept.busy' : 'kept.keep', { megabytes: megabytes(bytesOf(folder)) });
    block.hidden = !kept.models.length;
    draw(kept.models, language);
  };
}
