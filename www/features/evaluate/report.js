/** The report of an evaluation. */
import { create } from '../../core/dom.js';
import { KINDS, t } from '../../core/i18n.js';
import { listOf, paperOf, scrolling, tableOf, within } from '../../core/paper.js';
import { populationInWords } from '../../core/words.js';
import { comparisonOf, isCosine } from './comparison.js';
import { curvesOf } from './curves.js';
import { localisationOf } from './localisation.js';
import { figuresOf, slicesOf } from './results.js';
import { findingInWords, leftOutInWords, notesInWords, partsInWords, summaryInWords, topKInWords } from './words.js';

/** Every finding's curves, with the point of its threshold. @param {import('../../core/evaluation.js').Evaluation} evaluation @param {Drawn[]} drawn */
const curvesIn = (evaluation, drawn) =>
  drawn.flatMap(({ finding, curves, decision }) => {
    const figures = curvesOf(curves, finding, decision).map(([name, figure]) =>
      within('figure', [figure, create('figcaption', name)]),
    );
    return [create('h3', findingInWords(evaluation, finding.name)), within('div', figures, 'curves')];
  });

/**
 * @typedef {{finding: import('carzero-evaluation').FindingReport, curves: import('carzero-evaluation').Curves, decision: import('carzero-evaluation').Decision | null}} Drawn
 * @param {import('../../core/evaluation.js').Evaluation} evaluation @param {import('../../core/state.js').State} state @param {Drawn[]} drawn
 */
export function reportOf(evaluation, { info, device, series }, drawn) {
  const { report } = evaluation;
  if (!report) return '';
  const failed = series?.rows.filter(({ state }) => state === 'failed').length ?? 0;
  const parts = [
    create('p', summaryInWords(report)),
    listOf([
      [t('evaluate.model'), info ? `${info.title} ${info.version}` : ''],
      ['SHA-256', info?.sha256 ?? ''],
      [t('evaluate.device'), device ? KINDS[device.kind] : ''],
      [t('evaluate.population'), info ? populationInWords(info) : ''],
      [t('evaluate.chooseOn'), evaluation.chooseOn || t('evaluate.chosenHere')],
      [t('evaluate.seed'), `${report.seed}, ${report.resamples}`],
    ]),
    create('h2', t('evaluate.results')),
    tableOf(figuresOf(evaluation)),
    create('p', leftOutInWords(evaluation)),
    create('p', topKInWords(report)),
    ...curvesIn(evaluation, drawn),
    ...(partsInWords(report)
      ? [create('h2', t('evaluate.parts')), ...slicesOf(evaluation).map(scrolling), create('p', partsInWords(report))]
      : []),
    ...(report.localisation.length
      ? [create('h2', t('evaluate.boxes')), tableOf(localisationOf(evaluation)), create('p', t('evaluate.boxesText'))]
      : []),
    ...(report.comparison.length
      ? [
          create('h2', t('evaluate.compare')),
          ...(isCosine(evaluation) ? [create('p', t('evaluate.cosineText'))] : []),
          tableOf(comparisonOf(evaluation)),
        ]
      : []),
    create('h2', t('evaluate.notes')),
    within(
      'ul',
      notesInWords(evaluation, { failed }).map((note) => create('li', note)),
    ),
  ];
  return paperOf(t('evaluate.reportTitle'), parts);
}
