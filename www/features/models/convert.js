/** The form of a conversion: asks for what is missing, and shows the progress. */
import { byId, findAll, onChange } from '../../core/dom.js';
import { filesFromList } from '../../core/files.js';
import { t, tell } from '../../core/i18n.js';
import { megabytes } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindConversion(session) {
  const chooser = byId('model-checkpoint', HTMLInputElement);
  const card = byId('model-card');
  const others = byId('other-model');
  const form = byId('conversion', HTMLFormElement);
  const title = byId('conversion-title');
  const asked = byId('conversion-form');
  const tokenizer = byId('conversion-tokenizer', HTMLInputElement);
  const words = byId('conversion-words');
  const error = byId('conversion-error');
  const progressBlock = byId('conversion-progress');
  const now = byId('conversion-now');
  const bar = byId('conversion-bar', HTMLProgressElement);
  const start = byId('conversion-start', HTMLButtonElement);

  /** @param {HTMLInputElement} input */
  const chosen = (input) => {
    const files = filesFromList(input.files);
    input.value = ''; // the same file may be chosen again
    return files;
  };
  chooser.addEventListener('change', () => {
    const files = chosen(chooser);
    if (!files.length || session.conversion.take(files)) return;
    card.hidePopover();
    session.notices.refuse({ key: 'convert.none' }, { key: 'convert.noneText' });
  });
  tokenizer.addEventListener('change', () => {
    const [named] = chosen(tokenizer);
    if (named) session.conversion.change({ tokenizer: named.file, error: '' });
  });
  form.addEventListener('change', ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.type !== 'number' || !target.validity.valid) return;
    const { conversion } = session.state;
    if (conversion)
      session.conversion.change({ heads: { ...conversion.heads, [target.name]: target.valueAsNumber }, error: '' });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    session.conversion.convert();
  });
  byId('conversion-cancel').addEventListener('click', () => session.conversion.cancel());

  /** Opens the card for a checkpoint that was dropped on the page. */
  const follow = onChange((/** @type {boolean} */ there) => {
    if (!there) return;
    card.showPopover();
    form.scrollIntoView();
  });

  return (/** @type {import('../../core/state.js').State} */ { conversion }) => {
    form.hidden = !conversion;
    others.hidden = Boolean(conversion);
    follow(Boolean(conversion));
    if (!conversion) return;
    const { file, heads, running, progress } = conversion;
    title.textContent = t('convert.title', { name: file.name, megabytes: megabytes(file.size) });
    words.textContent = conversion.tokenizer
      ? t('convert.tokenizerIs', { name: conversion.tokenizer.name })
      : t('convert.tokenizer');
    for (const input of findAll(form, '.head-counts input', HTMLInputElement))
      if (input !== document.activeElement) input.value = String(heads[/** @type {keyof typeof heads} */ (input.name)]);
    error.textContent = tell(conversion.error);
    asked.hidden = start.hidden = running;
    start.disabled = !conversion.tokenizer;
    progressBlock.hidden = !running;
    now.textContent = progress
      ? t('convert.now', progress)
      : t(progress === null ? 'convert.testing' : 'model.preparing', { name: file.name });
    if (progress) Object.assign(bar, { max: progress.of, value: progress.done });
    else bar.removeAttribute('value');
  };
}
