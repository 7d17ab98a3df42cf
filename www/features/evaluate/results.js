/** The figures: a table by finding with means, what was left out, and parts of the images. */
import { createEstimate, createHead, createLine, createNumber, figure } from '../../core/figures.js';
import { byId, create, onChange } from '../../core/dom.js';
import { number, t } from '../../core/i18n.js';
import { progressOf } from '../../core/table.js';
import {
  findingInWords,
  leftOutInWords,
  notesInWords,
  partInWords,
  partsInWords,
  summaryInWords,
  topKInWords,
} from './words.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

/** Metrics in the order of their columns. */
export const METRICS = /** @type {const} */ (['auroc', 'average_precision', 'sensitivity', 'specificity', 'f1', 'mcc']);

/** The table by finding. @param {Evaluation} evaluation */
export function figuresOf(evaluation) {
  const { macros = [], findings = [] } = evaluation.report ?? {};
  const body = create('tbody');
  const values = (
    /** @type {import('carzero-evaluation').MacroReport | import('carzero-evaluation').FindingReport} */ of,
  ) => METRICS.map((metric) => createEstimate(of[metric]));
  for (const each of macros) {
    const count = each.findings.length;
    if (count < 2) continue; // the mean of one finding is in its own row
    const name = t(`evaluate.group.${each.group.replaceAll(' ', '-')}`, { count });
    const row = createLine(name, [createNumber(''), createNumber(''), ...values(each), createNumber('')]);
    row.dataset.group = each.group;
    body.append(row);
  }
  for (const each of findings) {
    const { name, positives, negatives, threshold } = each;
    const counts = [positives, negatives].map((count) => createNumber(number(count)));
    const row = createLine(findingInWords(evaluation, name), [
      ...counts,
      ...values(each),
      createNumber(figure(threshold)),
    ]);
    row.dataset.finding = name;
    body.append(row);
  }
  return [
    createHead(t('compare.finding'), [
      t('evaluate.positives'),
      t('evaluate.negatives'),
      ...METRICS.map((metric) => t(`evaluate.metric.${metric}`)),
      t('evaluate.threshold'),
    ]),
    body,
  ];
}

const BESIDE = 5; // findings of a table of parts, so that it fits a sheet of paper

/** Tables of parts: the mean, then a few findings each. @param {Evaluation} evaluation */
export function slicesOf(evaluation) {
  const { slices = [], findings = [] } = evaluation.report ?? {};
  const tables = slices.length ? Math.ceil(findings.length / BESIDE) : 0;
  return Array.from({ length: tables }, (_, i) => {
    const [from, to] = [i * BESIDE, (i + 1) * BESIDE];
    const [table, body] = [create('table'), create('tbody')];
    for (const part of slices) {
      const own = part.findings.slice(from, to);
      const aurocs = own.map((each) => createEstimate(each.auroc, ` · ${number(each.positives)}`));
      const cells = [createNumber(number(part.images)), createEstimate(part.auroc), ...aurocs];
      body.append(createLine(partInWords(part), cells));
    }
    const names = findings.slice(from, to).map(({ name }) => findingInWords(evaluation, name));
    table.append(createHead(t('evaluate.part'), [t('evaluate.partImages'), t('evaluate.mean'), ...names]), body);
    return table;
  });
}

export function bindResults() {
  const summary = byId('evaluate-summary');
  const figures = byId('evaluate-figures');
  const left = byId('evaluate-left');
  const topK = byId('evaluate-topk');
  const notes = byId('evaluate-notes');
  const parts = byId('evaluate-parts');
  const slices = byId('evaluate-slices');
  const partsText = byId('evaluate-parts-text');

  const draw = onChange((/** @type {Evaluation['report']} */ report, /** @type {Evaluation} */ evaluation, failed) => {
    if (!report) return;
    summary.textContent = summaryInWords(report);
    figures.replaceChildren(...figuresOf(evaluation));
    left.textContent = leftOutInWords(evaluation);
    topK.textContent = topKInWords(report);
    notes.replaceChildren(...notesInWords(evaluation, { failed }).map((note) => create('li', note)));
    partsText.textContent = partsInWords(report);
    parts.hidden = !partsText.textContent;
    slices.replaceChildren(...slicesOf(evaluation));
  });

  /** @type {Evaluation | undefined} The one whose report was drawn */ let drawn;
  return (
    /** @type {Evaluation} */ evaluation,
    /** @type {import('../../core/state.js').State} */ { series, findings },
  ) => {
    if (drawn?.report !== evaluation.report) drawn = evaluation;
    if (drawn) draw(evaluation.report, drawn, series ? progressOf(series, findings).failed : 0);
  };
}
