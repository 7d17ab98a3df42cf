/** The figures: a table by finding with means, what was left out, and parts of the images. */
import { byId, create, onChange } from '../../core/dom.js';
import { number, t } from '../../core/i18n.js';
import { progressOf } from '../../core/table.js';
import { figure, findingInWords, leftOutInWords, notesInWords, summaryInWords, topKInWords } from './words.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */

/** Metrics in the order of their columns. */
export const METRICS = /** @type {const} */ (['auroc', 'average_precision', 'sensitivity', 'specificity', 'f1', 'mcc']);

/** @param {string[]} heads @param {string[]} numbers */
function createHead(heads, numbers) {
  const [head, row] = [create('thead'), create('tr')];
  const cell = (/** @type {string} */ words, className = '') =>
    Object.assign(create('th', words, className), { scope: 'col' });
  row.append(...heads.map((words) => cell(words)), ...numbers.map((words) => cell(words, 'number')));
  head.append(row);
  return head;
}

/** @param {string} name @param {HTMLElement[]} cells */
function createLine(name, cells) {
  const row = create('tr');
  row.append(Object.assign(create('th', name), { scope: 'row' }), ...cells);
  return row;
}

/** @param {string} text */
const createNumber = (text) => create('td', text, 'number');

/** A value, and its interval below. @param {import('carzero-evaluation').Estimate | undefined} estimate @param {string} [more] Behind the value */
function createEstimate(estimate, more = '') {
  const cell = createNumber(figure(estimate?.value) + more);
  if (estimate?.interval) cell.append(create('span', estimate.interval.map(figure).join('–'), 'interval'));
  return cell;
}

/** The table by finding. @param {Evaluation} evaluation */
export function figuresOf(evaluation) {
  const { macros = [], findings = [] } = evaluation.report ?? {};
  const body = create('tbody');
  const values = (
    /** @type {import('carzero-evaluation').MacroReport | import('carzero-evaluation').FindingReport} */ of,
  ) => METRICS.map((metric) => createEstimate(of[metric]));
  for (const each of macros) {
    const count = each.findings.length;
    if (count < 2) continue; // a mean of one is that one
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
    createHead(
      [t('compare.finding')],
      [
        t('evaluate.positives'),
        t('evaluate.negatives'),
        ...METRICS.map((metric) => t(`evaluate.metric.${metric}`)),
        t('evaluate.threshold'),
      ],
    ),
    body,
  ];
}

/** The table of parts: the mean, then each finding. @param {Evaluation} evaluation */
export function slicesOf(evaluation) {
  const { slices = [], findings = [] } = evaluation.report ?? {};
  const body = create('tbody');
  for (const { column, value, images, auroc, findings: own } of slices) {
    const aurocs = own.map((each) => createEstimate(each.auroc, ` · ${number(each.positives)}`));
    body.append(createLine(`${column}: ${value}`, [createNumber(number(images)), createEstimate(auroc), ...aurocs]));
  }
  const names = findings.map(({ name }) => findingInWords(evaluation, name));
  return [createHead([t('evaluate.part')], [t('evaluate.partImages'), t('evaluate.mean'), ...names]), body];
}

export function bindResults() {
  const summary = byId('evaluate-summary');
  const figures = byId('evaluate-figures');
  const left = byId('evaluate-left');
  const topK = byId('evaluate-topk');
  const notes = byId('evaluate-notes');
  const parts = byId('evaluate-parts');
  const slices = byId('evaluate-slices');

  const draw = onChange((/** @type {Evaluation['report']} */ report, /** @type {Evaluation} */ evaluation, failed) => {
    if (!report) return;
    summary.textContent = summaryInWords(report);
    figures.replaceChildren(...figuresOf(evaluation));
    left.textContent = leftOutInWords(evaluation);
    topK.textContent = topKInWords(report);
    notes.replaceChildren(...notesInWords(evaluation, { failed }).map((note) => create('li', note)));
    parts.hidden = !report.slices.length;
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
