/** How far a series is scored, and the button that pauses and continues it. */
import { byId, onChange } from '../../core/dom.js';
import { plural, t } from '../../core/i18n.js';
import { progressOf } from '../../core/table.js';

/** @param {import('../../session.js').Session} session */
export function bindProgress(session) {
  const section = byId('series');
  const progress = byId('series-progress', HTMLProgressElement);
  const count = byId('series-count');
  const run = byId('series-run', HTMLButtonElement);
  const live = byId('series-live');

  run.addEventListener('click', () => session.series.run(!session.state.series?.running));

  /** Spoken when the work starts, is paused or is done, not at each image. */
  const speak = onChange((/** @type {string} */ text) => {
    live.textContent = text;
  });

  /** @param {import('../../core/table.js').Series} series @param {import('../../core/state.js').State} state */
  return (series, { findings, model, population }) => {
    const { total, done, partly, failed } = progressOf(series, findings, population.measuring);
    const open = total - done;
    const begun = done + partly > 0;
    const doing = !open ? 'done' : !series.running ? (begun ? 'rests' : 'new') : model === 'ready' ? 'runs' : 'waits';
    const trouble = failed ? t('series.failed', { count: failed }) : '';
    Object.assign(progress, { max: total, value: done });
    section.toggleAttribute('data-done', !open);
    run.hidden = !open;
    run.textContent = t(series.running ? 'series.pause' : begun ? 'series.continue' : 'series.begin');
    count.textContent =
      t(`series.${doing}`, { count: done - failed, total }) +
      (partly ? t('series.partly', { count: partly }) : '') +
      trouble;
    speak(open ? plural(`series.${doing}Live`, total) : plural('series.doneLive', done - failed, { trouble }));
  };
}
