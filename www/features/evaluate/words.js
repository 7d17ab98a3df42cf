/** An evaluation in words. */
import { listed, nameOf, percent, plural, t } from '../../core/i18n.js';
import { GROUPS, columnOf, scoredAs } from '../../core/evaluation.js';
import { figure, intervalInWords } from '../../core/figures.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */
/** @typedef {import('carzero-evaluation').Estimate} Estimate */

/** Errors of the module that have words of their own. */
const ERRORS = [
  'no-table',
  'empty-table',
  'no-column',
  'bad-cell',
  'two-rows',
  'repeated-key',
  'two-columns',
  'two-images',
  'no-key',
  'several-keys',
  'nothing-joined',
  'no-findings',
  'bad-option',
];

/** What the module calls the file that scores are compared with. */
const OTHER = 'other scores.csv';

/** @param {import('../../core/errors.js').Known} error @param {string} [other] Name of the file with other scores @returns {import('../../core/i18n.js').Message | undefined} */
export function errorInWords({ code, values: told = {} }, other = OTHER) {
  if (!ERRORS.includes(code)) return undefined;
  const named = (/** @type {Record<string, any>} */ all) => (all.file === OTHER ? { ...all, file: other } : all);
  const values = named(told);
  const reason = values.reason && named(values.reason);
  const why = reason && { key: `evaluate.reason.${reason.code}`, values: reason };
  return { key: `evaluate.error.${code}`, values: why ? { ...values, reason: why } : values };
}

/** "0.812 (0.790 to 0.833)". @param {Estimate | undefined} estimate */
export function estimateInWords(estimate) {
  if (!estimate) return '–';
  const { value, interval } = estimate;
  return interval ? `${figure(value)} (${intervalInWords(interval)})` : figure(value);
}

/** A finding of the table as it is shown; if several are scored as the same finding, with the table's name. @param {Evaluation} evaluation @param {string} name */
export function findingInWords(evaluation, name) {
  const finding = scoredAs(evaluation, name);
  const alike = evaluation.chosen.filter((other) => scoredAs(evaluation, other) === finding);
  return alike.length > 1 ? `${nameOf(finding)} (${name})` : nameOf(finding);
}

/** What was measured on what. @param {import('../../core/evaluation.js').Report} report */
export function summaryInWords({ images, unit, units, validation_images: validation, resamples }) {
  const of = unit === 'patient' ? plural('evaluate.ofPatients', units) : '';
  const chosen = validation ? ` ${plural('evaluate.chosenOn', validation)}` : '';
  return `${plural('evaluate.images', images, { of })}${chosen} ${t('evaluate.intervals', { resamples })}`;
}

const FEW = 10; // images, as in src/evaluate/metrics.rs

/** "sex: F". @param {{column: string, value: string}} part */
export function partInWords({ column, value }) {
  const told = GROUPS.find((group) => column === columnOf(group));
  return told ? t(`evaluate.dicom.${told}`, { value }) : `${column}: ${value}`;
}

/** How the table of parts is read. @param {import('../../core/evaluation.js').Report} report */
export const partsInWords = ({ slices, slices_left_out: left }) =>
  [...(slices.length ? [t('evaluate.partsText')] : []), ...(left ? [plural('evaluate.partsLeft', left)] : [])].join(
    ' ',
  );

/** What one has to know to read the figures. @param {Evaluation} evaluation @param {{failed: number}} series @returns {string[]} */
export function notesInWords(evaluation, { failed }) {
  const { report, chooseOn, understood, kept } = evaluation;
  if (!report) return [];
  const isRare = (/** @type {{positives: number, negatives: number}} */ { positives, negatives }) =>
    Math.min(positives, negatives) < FEW;
  const few = report.findings.filter(isRare);
  const fewParts = report.slices.filter(({ findings }) => findings.some(isRare)).map(partInWords);
  return [
    ...(kept ? [] : [t('evaluate.full')]),
    t('evaluate.note.research'),
    t('evaluate.note.training'),
    ...(chooseOn ? [] : [t('evaluate.note.thresholds')]),
    ...(report.unit === 'patient' ? [] : [t('evaluate.note.patients')]),
    ...(few.length
      ? [t('evaluate.note.few', { findings: listed(few.map(({ name }) => findingInWords(evaluation, name))) })]
      : []),
    ...(fewParts.length ? [t('evaluate.note.fewParts', { parts: listed(fewParts) })] : []),
    ...(failed ? [plural('evaluate.note.failed', failed)] : []),
    ...(understood?.imagesWithout.length ? [plural('evaluate.note.without', understood.imagesWithout.length)] : []),
    t('evaluate.note.macro'),
  ];
}

/** Findings without figures, each with the reason. @param {Evaluation} evaluation */
export const leftOutInWords = (evaluation) =>
  (evaluation.report?.left_out ?? [])
    .map(({ finding, positives, negatives }) => {
      const why = !positives && !negatives ? 'none' : positives ? 'noNegative' : 'noPositive';
      return t(`evaluate.left.${why}`, { finding: findingInWords(evaluation, finding) });
    })
    .join(' ');

/** @param {import('../../core/evaluation.js').Report} report */
export const topKInWords = ({ top_k: all }) =>
  [
    ...(all.length ? [t('evaluate.topKText')] : []),
    ...all.map(({ k, images, accuracy, chance }) =>
      plural('evaluate.topK', images, { k, accuracy: estimateInWords(accuracy), chance: figure(chance) }),
    ),
  ].join(' ');

/** The metrics at a threshold, in words. @param {import('../../core/evaluation.js').Decision} decision */
export const decisionInWords = ({ sensitivity, specificity, f1, mcc }) =>
  t('evaluate.decision', {
    sensitivity: sensitivity === undefined ? '–' : percent(sensitivity, 1),
    specificity: specificity === undefined ? '–' : percent(specificity, 1),
    f1: figure(f1),
    mcc: figure(mcc),
  });
