/** A model at another site: its address, the consent that names the host, and the progress. */
import { byId, onChange } from '../../core/dom.js';
import { t } from '../../core/i18n.js';
import { remoteFolder } from '../../core/remote.js';
import { asSentence, megabytes } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindRemote(session) {
  const card = byId('model-card');
  const form = byId('remote', HTMLFormElement);
  const fold = byId('remote-fold', HTMLDetailsElement);
  const field = byId('remote-url', HTMLInputElement);
  const consent = byId('remote-consent');
  const error = byId('remote-error');
  const block = byId('remote-progress');
  const now = byId('remote-now');
  const bar = byId('remote-bar', HTMLProgressElement);
  const go = byId('remote-go', HTMLButtonElement);
  const cancel = byId('remote-cancel', HTMLButtonElement);

  field.addEventListener('input', () => session.remote.type(field.value));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    session.remote.fetch();
  });
  cancel.addEventListener('click', () => session.remote.cancel());

  /** Opens the card for a model that the page's address asks for. */
  const follow = onChange((/** @type {boolean} */ asked) => {
    if (!asked) return;
    fold.open = true;
    card.showPopover();
    requestAnimationFrame(() => form.scrollIntoView()); // once all of the card is drawn
  });

  return (/** @type {import('../../core/state.js').State} */ { remote, conversion }) => {
    const { url, asked, running, progress } = remote;
    fold.hidden = Boolean(conversion);
    if (field !== document.activeElement || !url) field.value = url;
    const folder = remoteFolder(url);
    const wrong = Boolean(url.trim()) && !folder;
    field.disabled = go.hidden = running;
    field.setAttribute('aria-invalid', String(wrong));
    error.textContent = wrong ? t('remote.wrong') : asSentence(remote.error);
    const host = folder?.host ?? '…';
    consent.hidden = !folder;
    consent.textContent = `${asked ? `${t('remote.asked', { host })} ` : ''}${t('remote.consent', { host })}`;
    go.disabled = !folder;
    go.textContent = t('remote.go', { host });
    block.hidden = cancel.hidden = !running;
    now.textContent = progress
      ? t('remote.now', { host, received: megabytes(progress.received), total: megabytes(progress.total) })
      : t('remote.asking', { host });
    if (progress) Object.assign(bar, { max: progress.total, value: progress.received });
    else bar.removeAttribute('value');
    follow(asked);
  };
}
