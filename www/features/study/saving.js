/** The files that can be saved of a study (docs/reader-study.md). Images have running numbers. */
import { byId, create, findAll } from '../../core/dom.js';
import { harmless, linesOf } from '../../core/csv.js';
import { t } from '../../core/i18n.js';
import { listOf, paperOf, tableOf } from '../../core/paper.js';
import { save } from '../../core/written.js';
import { figuresOf, generalNotes, measuresOf, notesOf, partInWords, readersOf } from './figures.js';

/** @typedef {import('../../core/study.js').StudyState} StudyState */
/** @typedef {import('../../core/study.js').Result} Result */

/** A row for each reading of a finding. @param {readonly Result[]} results */
const answersCsv = (results) =>
  linesOf([
    [
      'reader',
      'case',
      'model_shown',
      'finding',
      'truth',
      'confidence',
      'mark_x',
      'mark_y',
      'mark_distance',
      'mark_overlap',
      'mark_hit',
      'model_logit',
      'model_percentile',
      'seconds',
    ],
    ...results.flatMap(({ reader, cases, readings, study: { findings } }) =>
      readings.flatMap(({ case: number, aided, seconds, confidence, marks }) => {
        const one = cases.find((each) => each.case === number);
        return findings.map((finding) => {
          const { x, y, distance, overlap, hit } = marks[finding] ?? {};
          const truth = one?.truth[finding];
          const { logit, percentile } = one?.model[finding] ?? {};
          return [
            harmless(reader),
            number,
            Number(aided),
            harmless(finding),
            typeof truth === 'boolean' ? Number(truth) : '',
            confidence[finding],
            x,
            y,
            distance ?? '',
            overlap ?? '',
            hit === undefined ? '' : Number(hit),
            logit,
            percentile,
            seconds,
          ];
        });
      }),
    ),
  ]);

const SIDES = /** @type {const} */ (['without', 'with', 'difference', 'model']);

/** A row for each measure. @param {StudyState} study */
const figuresCsv = ({ report }) =>
  linesOf([
    ['finding', 'measure', ...SIDES.flatMap((side) => [side, `${side}_low`, `${side}_high`])],
    ...(report?.parts ?? []).flatMap((part) =>
      measuresOf(part).map((measure) => [
        harmless(part.finding || 'mean'),
        measure.name,
        ...SIDES.flatMap((side) => [measure[side]?.value, ...(measure[side]?.interval ?? ['', ''])]),
      ]),
    ),
  ]);

/** @param {StudyState} study */
function reportOf({ report, results, byReader }) {
  const [{ study, model, population }] = results;
  const {
    title = '',
    version = '',
    sha256 = '',
  } = /** @type {{title?: string, version?: string, sha256?: string}} */ (model ?? {});
  const parts = report?.parts ?? [];
  return paperOf(t('study.title'), [
    listOf([
      [t('study.cases'), String(report?.cases ?? 0)],
      [t('study.readerHead'), results.map(({ reader }) => reader).join(', ')],
      [t('study.design'), t(`study.${study.design}`)],
      [t('study.seed'), String(study.seed)],
      [t('evaluate.model'), `${title} ${version}`],
      [t('evaluate.population'), population ?? '–'],
      ['SHA-256', sha256],
      [t('study.digest'), study.digest],
    ]),
    ...parts.flatMap((part) => [
      create('h2', partInWords(part)),
      tableOf(figuresOf(part)),
      ...notesOf(part).map((note) => create('p', note)),
    ]),
    ...(byReader.size ? [create('h2', t('study.byReader')), tableOf(readersOf(byReader))] : []),
    create('h2', t('evaluate.notes')),
    ...generalNotes(results, report?.cases ?? 0).map((note) => create('p', note)),
  ]);
}

/** @typedef {[name: string, type: string, text: string]} Written */
/** @type {Record<string, (study: StudyState) => Written>} */
const FILES = {
  json: ({ results: [own] }) => [
    `carzero-study-${own.reader.replace(/[^\p{L}\d-]+/gu, '-')}.json`,
    'application/json',
    `${JSON.stringify(own, null, 2)}\n`,
  ],
  answers: ({ results }) => ['carzero-study-answers.csv', 'text/csv', answersCsv(results)],
  figures: (study) => ['carzero-study-figures.csv', 'text/csv', figuresCsv(study)],
  report: (study) => ['carzero-study.html', 'text/html', reportOf(study)],
};

/** @param {import('../../session.js').Session} session */
export function bindSaving(session) {
  const box = byId('study-saving');
  const saved = byId('study-saved');
  const buttons = findAll(box, '[data-save]', HTMLButtonElement);
  for (const button of buttons)
    button.addEventListener('click', () => {
      const [name, type, text] = FILES[button.dataset.save ?? ''](session.state.study);
      save(new Blob([text], { type }), name);
      saved.textContent = t('export.saved', { name });
    });

  return (/** @type {StudyState} */ { results, report }) => {
    box.hidden = !results.length;
    if (box.hidden) saved.textContent = '';
    for (const button of buttons) button.hidden = !report && ['figures', 'report'].includes(button.dataset.save ?? '');
  };
}
