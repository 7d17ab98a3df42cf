/** The report of a crash, to be read and copied. The notice opens it. */
import { byId, copyField, onChange } from '../../core/dom.js';
import { t } from '../../core/i18n.js';

export function bindReport() {
  const text = byId('report-text', HTMLTextAreaElement);
  const copy = byId('report-copy', HTMLButtonElement);
  const done = byId('report-done');
  copy.addEventListener('click', async () => {
    done.textContent = t((await copyField(text)) ? 'report.copied' : 'share.field');
  });
  const draw = onChange((/** @type {string} */ report) => {
    text.value = report;
    done.textContent = '';
  });
  return (/** @type {import('../../core/state.js').State} */ { notice, failure }) =>
    draw((notice ?? failure)?.report ?? '');
}
