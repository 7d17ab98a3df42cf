/**
 * An evaluation: the scores of a series against a table of labels.
 *
 * @typedef {import('carzero-evaluation').Understood} Understood
 * @typedef {import('carzero-evaluation').Corrections} Corrections
 * @typedef {import('carzero-evaluation').Report} Report
 * @typedef {import('carzero-evaluation').Curves} Curves
 * @typedef {import('carzero-evaluation').Decision} Decision
 * @typedef {keyof import('carzero-evaluation').Cells} Cell
 * @typedef {{finding: string, known: boolean}} Asked A table's finding as scored; `known`: recognised
 *
 * @typedef {object} Evaluation
 * @property {boolean} open On show
 * @property {'table' | 'scoring' | 'mapping' | 'measuring' | 'done'} step
 * @property {boolean} reading A table is being read
 * @property {{name: string, columns: string[]}[]} tables Given so far
 * @property {Understood | null} understood @property {Corrections} corrections
 * @property {ReadonlyMap<string, Asked> | null} asked By names in the table; null until known
 * @property {readonly string[]} chosen Findings to measure, by their names in the table
 * @property {string} chooseOn Rows for choosing thresholds, as `split=val`; '' for the images that are measured
 * @property {import('./i18n.js').Message} error @property {import('./i18n.js').Message} compareError Of the scores to compare with
 * @property {boolean} kept Whether scores are kept on this device
 * @property {{done: number, of: number}} progress Of the maps, or of the resamples
 * @property {Report | null} report
 * @property {import('./i18n.js').Message} against What it is compared with: the name of a file, 'heads.cosine', or ''
 * @property {string} finding On show, by its name in the table
 * @property {Curves | null} curves @property {Decision | null} decision Of that finding
 * @property {Cell} cell Whose images are on show
 * @property {string} viewed The image that was opened last, or ''
 */
import { linesOf } from './csv.js';

/** @returns {Evaluation} */
export const initialEvaluation = () => ({
  open: true,
  step: 'table',
  reading: false,
  tables: [],
  understood: null,
  corrections: {},
  asked: null,
  chosen: [],
  chooseOn: '',
  error: '',
  compareError: '',
  kept: true,
  progress: { done: 0, of: 0 },
  report: null,
  against: '',
  finding: '',
  curves: null,
  decision: null,
  cell: 'fn',
  viewed: '',
});

/** The finding that is scored for a finding of the table. @param {Evaluation} evaluation @param {string} name */
export const scoredAs = ({ asked }, name) => asked?.get(name)?.finding ?? name;

/** @typedef {keyof import('carzero').Groups} Group */

/** What an image's DICOM file may tell, by which results can be divided. @type {readonly Group[]} */
export const GROUPS = ['view', 'sex', 'age'];

/** The column of the predictions that holds a group. @param {Group} group */
export const columnOf = (group) => `${group} (DICOM)`;

/** What DICOM files tell and the table does not. @param {Evaluation} evaluation @param {readonly import('./table.js').Row[]} rows */
export const toldByFiles = ({ understood }, rows) =>
  GROUPS.filter((group) => {
    const values = new Set(rows.flatMap(({ groups }) => groups[group] ?? []));
    return values.size > 1 && !understood?.slices.some(({ by }) => by === group);
  });

/**
 * The scores as `carzero evaluate --predictions` reads them: a row for each image, a column for each finding.
 *
 * @param {Evaluation} evaluation @param {readonly import('./table.js').Row[]} rows
 * @param {object} [how]
 * @param {(row: import('./table.js').Row, index: number) => string} [how.called] What an image is called
 * @param {'logit' | 'cosine'} [how.score] Which score
 * @param {readonly Group[]} [how.told] What the image's file tells that is added
 */
export const predictionsOf = (evaluation, rows, { called = ({ name }) => name, score = 'logit', told = [] } = {}) =>
  linesOf([
    ['image', ...evaluation.chosen, ...told.map(columnOf)],
    ...rows.map((row, i) => [
      called(row, i),
      ...evaluation.chosen.map((name) => row.marks.get(scoredAs(evaluation, name))?.[score]),
      ...told.map((group) => row.groups[group]),
    ]),
  ]);
