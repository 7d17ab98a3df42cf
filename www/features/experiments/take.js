/** What can be saved of experiments: a link to one, and a file with all that was measured. */
import { hasPicture } from '../../core/derived.js';
import { byId, copyField, create, find, findAll } from '../../core/dom.js';
import { EXPERIMENTS } from '../../core/experiments.js';
import { say, t } from '../../core/i18n.js';
import { fragmentOf } from '../../core/share.js';
import { veil } from '../../core/veil.js';
import { save } from '../../core/written.js';
import { jsonOf } from './json.js';

const FILE = 'carzero-experiments.json';

/** @param {import('../../session.js').Session} session */
export function bindTake(session) {
  const dialog = byId('experiments', HTMLDialogElement);
  const json = byId('experiments-json', HTMLButtonElement);
  const named = byId('experiments-named', HTMLInputElement);
  const link = byId('experiments-link', HTMLInputElement);
  const done = byId('experiments-done');

  /** Resets all buttons: only the link that was copied last is on the clipboard. */
  function reset() {
    for (const copy of findAll(dialog, '[data-experiment] h3 + button', HTMLElement)) say(copy, 'share.copy');
  }

  for (const section of findAll(dialog, '[data-experiment]', HTMLElement)) {
    const name = EXPERIMENTS.find((each) => each === section.dataset.experiment);
    const title = find(section, 'h3');
    const copy = say(create('button', undefined, 'quiet'), 'share.copy');
    copy.type = 'button';
    copy.setAttribute('aria-describedby', title.id);
    copy.addEventListener('click', async () => {
      link.hidden = false;
      link.value = `${location.origin}${location.pathname}${fragmentOf(session.state, name)}`;
      const copied = await copyField(link);
      reset();
      say(copy, copied ? 'share.copied' : 'share.field');
      done.textContent = t(copied ? 'share.copied' : 'share.field');
    });
    title.after(copy);
  }
  dialog.addEventListener('close', () => {
    link.hidden = true;
    done.textContent = '';
    reset();
  });
  json.addEventListener('click', () => {
    const state = veil(session.state);
    if (!hasPicture(state) || !state.info) return;
    save(new Blob([jsonOf(state, state.info, named.checked)], { type: 'application/json' }), FILE);
    done.textContent = t('export.saved', { name: FILE });
  });
}
