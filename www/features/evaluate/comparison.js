/** Two scores of the same images, by finding. */
import { createEstimate, createHead, createLine, createNumber, figure, pInWords } from '../../core/figures.js';
import { byId, create, onChange } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { findingInWords } from './words.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

/** Whether it is compared with the other head of the same model. @param {Evaluation} evaluation */
export const isCosine = ({ against }) => typeof against === 'object';

/** The table of differences. @param {Evaluation} evaluation */
export function comparisonOf(evaluation) {
  const body = create('tbody');
  for (const { name, auroc, against, difference, p } of evaluation.report?.comparison ?? []) {
    const called = name === 'macro' ? t('evaluate.meanOf') : findingInWords(evaluation, name);
    body.append(
      createLine(called, [
        createNumber(figure(auroc)),
        createNumber(figure(against)),
        createEstimate(difference),
        createNumber(p === undefined ? '' : pInWords(p)),
      ]),
    );
  }
  const heads = [
    t('evaluate.metric.auroc'),
    isCosine(evaluation) ? t('heads.cosine') : t('evaluate.against'),
    t('evaluate.difference'),
    t('evaluate.p'),
  ];
  return [createHead(t('compare.finding'), heads), body];
}

/** @param {import('../../session.js').Session} session */
export function bindComparison(session) {
  const chooser = byId('evaluate-other', HTMLInputElement);
  const cosine = byId('evaluate-cosine', HTMLButtonElement);
  const name = byId('evaluate-other-name');
  const error = byId('evaluate-other-error');
  const scroll = byId('evaluate-compared');
  const table = byId('evaluate-comparison');
  const note = byId('evaluate-compared-note');

  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0];
    chooser.value = ''; // the same file may be chosen again
    if (file) session.evaluation.compare(file);
  });

  cosine.addEventListener('click', () => session.evaluation.compareCosine());

  const draw = onChange((/** @type {Evaluation['report']} */ report) => {
    const { evaluation, series } = session.state;
    const has = (/** @type {import('../../core/table.js').Row} */ { marks }) =>
      [...marks.values()].some((mark) => mark.cosine !== undefined);
    cosine.hidden = !series?.rows.some(has);
    scroll.hidden = note.hidden = !report?.comparison.length;
    if (evaluation) table.replaceChildren(...comparisonOf(evaluation));
  });

  /** Shows the error beside the file chooser, and scrolls there: the results were hidden while they were measured. */
  const drawError = onChange((/** @type {Evaluation['compareError']} */ message) => {
    error.textContent = tell(message);
    if (!message) return;
    chooser.focus();
    error.scrollIntoView({ block: 'center' });
  });

  return (/** @type {Evaluation} */ { report, against, compareError }) => {
    name.textContent = tell(against);
    draw(report);
    drawError(compareError);
  };
}
