/** Whether maps point at the boxes, by finding. */
import { createEstimate, createHead, createLine, createNumber, figure } from '../../core/figures.js';
import { byId, create, onChange } from '../../core/dom.js';
import { number, t } from '../../core/i18n.js';
import { findingInWords } from './words.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

/** @param {Evaluation} evaluation */
export function localisationOf(evaluation) {
  const body = create('tbody');
  for (const { finding, maps, pointing_game: hits, box_energy: energy, chance } of evaluation.report?.localisation ??
    []) {
    const name = finding === 'macro' ? t('evaluate.meanOf') : findingInWords(evaluation, finding);
    const cells = [
      createNumber(number(maps)),
      createEstimate(hits),
      createEstimate(energy),
      createNumber(figure(chance)),
    ];
    body.append(createLine(name, cells));
  }
  const heads = [t('evaluate.maps'), t('evaluate.pointing'), t('evaluate.energy'), t('evaluate.chance')];
  return [createHead(t('compare.finding'), heads), body];
}

/** @param {import('../../session.js').Session} session */
export function bindLocalisation(session) {
  const section = byId('evaluate-boxes');
  const table = byId('evaluate-localisation');
  const draw = onChange((/** @type {Evaluation['report']} */ report) => {
    const { evaluation } = session.state;
    section.hidden = !report?.localisation.length;
    if (evaluation) table.replaceChildren(...localisationOf(evaluation));
  });
  return (/** @type {Evaluation} */ { report }) => draw(report);
}
