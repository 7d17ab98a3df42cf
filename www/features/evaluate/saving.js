/** The files that can be saved of an evaluation. Images have running numbers, unless their names are asked for. */
import { byId, findAll } from '../../core/dom.js';
import { harmless, linesOf } from '../../core/csv.js';
import { predictionsOf, scoredAs } from '../../core/evaluation.js';
import { t } from '../../core/i18n.js';
import { PURPOSE, modelOf, save } from '../../core/written.js';
import { reportOf } from './report.js';
import { METRICS } from './results.js';

/** @typedef {import('../../core/evaluation.js').Evaluation} Evaluation */
/** @typedef {import('../../core/state.js').State} State */

/** The report without the names of files. @param {Evaluation} evaluation */
const namelessReport = ({ report }) => ({ ...report, predictions: 'scores.csv', labels: 'labels' });

/** @param {Evaluation} evaluation */
function figuresCsv({ report }) {
  const metrics = METRICS.flatMap((metric) => [metric, `${metric}_low`, `${metric}_high`]);
  const values = (
    /** @type {import('carzero-evaluation').MacroReport | import('carzero-evaluation').FindingReport} */ of,
  ) => METRICS.flatMap((metric) => [of[metric]?.value, ...(of[metric]?.interval ?? ['', ''])]);
  return linesOf([
    ['finding', 'positives', 'negatives', 'unknown', 'threshold', ...metrics],
    ...(report?.macros ?? []).map((each) => [each.group, '', '', '', '', ...values(each)]),
    ...(report?.findings ?? []).map((each) => [
      harmless(each.name),
      each.positives,
      each.negatives,
      each.unknown,
      each.threshold,
      ...values(each),
    ]),
  ]);
}

/** @param {import('../../session.js').Session} session */
export function bindSaving(session) {
  const names = byId('evaluate-names', HTMLInputElement);
  const saved = byId('evaluate-saved');

  /** What an image is called. @param {import('../../core/table.js').Row} row @param {number} index */
  const called = ({ name }, index) => (names.checked ? name : String(index + 1));

  /** @typedef {[name: string, type: string, text: string]} Written */
  /** @type {Record<string, (evaluation: Evaluation, state: State) => Written | Promise<Written>>} */
  const files = {
    report: async (evaluation, state) => {
      const drawn = await session.evaluation.drawn();
      return ['carzero-evaluation.html', 'text/html', reportOf(evaluation, state, drawn)];
    },
    figures: (evaluation) => ['carzero-evaluation.csv', 'text/csv', figuresCsv(evaluation)],
    scores: (evaluation, { series }) => [
      'scores.csv',
      'text/csv',
      predictionsOf(evaluation, series?.rows ?? [], { called }),
    ],
    json: (evaluation, state) => {
      const images = (state.series?.rows ?? []).map((row, i) => ({
        image: called(row, i),
        logits: Object.fromEntries(
          evaluation.chosen.map((name) => [name, row.marks.get(scoredAs(evaluation, name))?.logit ?? null]),
        ),
      }));
      const all = {
        purpose: PURPOSE,
        model: state.info && modelOf(state.info),
        prompts: Object.fromEntries(evaluation.chosen.map((name) => [name, scoredAs(evaluation, name)])),
        chooseOn: evaluation.chooseOn || null,
        report: namelessReport(evaluation),
        images,
      };
      return ['carzero-evaluation.json', 'application/json', `${JSON.stringify(all, null, 2)}\n`];
    },
  };

  for (const button of findAll(byId('evaluation'), '[data-save]', HTMLButtonElement))
    button.addEventListener('click', async () => {
      const { state } = session;
      if (!state.evaluation) return;
      const [name, type, text] = await files[button.dataset.save ?? ''](state.evaluation, state);
      save(new Blob([text], { type }), name);
      saved.textContent = t('export.saved', { name });
    });
  return () => {};
}
