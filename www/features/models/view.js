/** Which model is loaded, from where, and how another is chosen. */
import { diskFolder } from '../../core/folders.js';
import { byId, onChange } from '../../core/dom.js';
import { folderInWords, t } from '../../core/i18n.js';
import { filesFromList } from '../../core/files.js';
import { megabytes } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindModels(session) {
  const card = byId('model-card');
  const from = byId('model-from');
  const chooser = byId('model-folder', HTMLInputElement);
  const trialBlock = byId('trial');
  const trialText = byId('trial-text');
  const trialBar = byId('trial-bar', HTMLProgressElement);

  chooser.addEventListener('change', () => {
    const files = filesFromList(chooser.files);
    const folder = diskFolder(files);
    const chosen = files.length > 0;
    chooser.value = '';
    if (folder) session.model.choose(folder);
    else if (chosen) session.notices.refuse({ key: 'model.none' }, { key: 'model.noneText' });
    if (chosen && !folder) card.hidePopover();
  });

  /** Opens the card while a model is tried, also one that was dropped, and then closes it: a notice can be seen. */
  const follow = onChange((/** @type {boolean} */ trying) => {
    if (trying) card.showPopover();
    else if (card.matches(':popover-open')) card.hidePopover();
  });
  follow(false);

  return (/** @type {import('../../core/state.js').State} */ { folder, trial }) => {
    from.textContent = folderInWords(folder);
    trialBlock.hidden = !trial;
    follow(Boolean(trial));
    if (!trial) return;
    const { download, name } = trial;
    trialText.textContent = download
      ? t('model.reading', { name, received: megabytes(download.received), total: megabytes(download.total) })
      : t('model.preparing', { name });
    if (download) Object.assign(trialBar, { max: download.total, value: download.received });
    else trialBar.removeAttribute('value');
  };
}
