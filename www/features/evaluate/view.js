/** The dialog of an evaluation: labels, work, results, export. */
import { byId, focusFirst, onChange } from '../../core/dom.js';
import { percent, t, tell } from '../../core/i18n.js';
import { progressOf } from '../../core/table.js';
import { bindComparison } from './comparison.js';
import { bindFinding } from './finding.js';
import { bindLocalisation } from './localisation.js';
import { bindResults } from './results.js';
import { bindSaving } from './saving.js';
import { bindSetup } from './setup.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

/** @param {import('../../session.js').Session} session */
export function bindEvaluation(session) {
  const dialog = byId('evaluation', HTMLDialogElement);
  const opener = byId('evaluate-open', HTMLButtonElement);
  const back = byId('evaluate-back', HTMLButtonElement);
  const error = byId('evaluate-error');
  const work = byId('evaluate-work');
  const progress = byId('evaluate-progress', HTMLProgressElement);
  const doing = byId('evaluate-doing');
  const pause = byId('evaluate-pause', HTMLButtonElement);
  const table = byId('evaluate-table', HTMLDetailsElement);
  const results = byId('evaluate-results');
  const resultsTitle = byId('evaluate-figures-title');
  const [setup, ...others] = [
    bindSetup(session),
    bindResults(),
    bindFinding(session),
    bindLocalisation(session),
    bindComparison(session),
    bindSaving(session),
  ];

  opener.addEventListener('click', () => session.evaluation.show(true));
  dialog.addEventListener('close', () => {
    if (session.state.evaluation?.open) session.evaluation.show(false);
  });
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  pause.addEventListener('click', () => session.evaluation.run(!session.state.series?.running));
  byId('evaluate-cancel', HTMLButtonElement).addEventListener('click', () => session.evaluation.cancel());

  const show = onChange((/** @type {boolean} */ open) => {
    if (open && !dialog.open) dialog.showModal();
    else if (!open && dialog.open) dialog.close();
  });

  const fold = onChange((/** @type {Evaluation['step']} */ step) => {
    table.open = step === 'table';
  });

  const arrive = onChange((/** @type {Evaluation['report']} */ report) => {
    if (report && dialog.open) focusFirst(resultsTitle);
  });

  /** @param {Evaluation} evaluation @param {import('../../core/state.js').State} state */
  function drawWork({ step, progress: { done, of }, kept }, { series, findings }) {
    work.hidden = step === 'table' || step === 'done';
    pause.hidden = step !== 'scoring';
    if (!series || work.hidden) return;
    const scored = progressOf(series, findings);
    const begun = scored.done + scored.partly > 0;
    pause.textContent = t(series.running ? 'series.pause' : begun ? 'series.continue' : 'series.begin');
    const [max, value] = step === 'scoring' ? [scored.total, scored.done] : [of, done];
    Object.assign(progress, { max, value });
    const words =
      step === 'scoring'
        ? t(`series.${series.running ? 'runs' : begun ? 'rests' : 'new'}`, { count: value, total: max })
        : step === 'mapping'
          ? t('evaluate.mapping', { count: value, total: max })
          : t('evaluate.measuring', { share: percent(value / max) });
    doing.textContent = kept ? words : `${words} ${t('evaluate.full')}`;
  }

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { evaluation, series } = state;
    back.hidden = !evaluation?.report || !series;
    show(Boolean(evaluation?.open));
    if (!evaluation?.open) return;
    error.textContent = tell(evaluation.error);
    fold(evaluation.step);
    setup(evaluation, state);
    drawWork(evaluation, state);
    results.hidden = evaluation.step !== 'done';
    for (const draw of others) draw(evaluation, state);
    arrive(evaluation.report);
  };
}
