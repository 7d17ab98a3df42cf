/** The figures of a study as tables and sentences. */
import { create } from '../../core/dom.js';
import {
  createEstimate,
  createHead,
  createLine,
  createNumber,
  figure,
  intervalInWords,
  pInWords,
} from '../../core/figures.js';
import { nameOf, number, t } from '../../core/i18n.js';
import { signed } from '../../core/words.js';

/** With fewer decisions on either side intervals tell little. */
const FEW = 10;

/** @typedef {import('carzero-evaluation').StudyPart} Part */
/** @typedef {import('carzero-evaluation').Measure} Measure */

const seconds = (/** @type {number | undefined} */ value) => (value === undefined ? '–' : signed(value, 1));

/** The estimate subtracted from `from`: the share of missed findings is 1 minus the sensitivity. @param {import('carzero-evaluation').Estimate | undefined} estimate @param {0 | 1} from 1, or 0 for a difference */
function turned(estimate, from) {
  if (!estimate) return undefined;
  const { value, interval } = estimate;
  const turn = (/** @type {number} */ it) => from - it;
  return {
    value: turn(value),
    ...(interval ? { interval: /** @type {[number, number]} */ ([turn(interval[1]), turn(interval[0])]) } : {}),
  };
}

/** The measures that are shown, with the share of missed findings after the sensitivity, from which it follows. @param {Part} part @returns {(Omit<Measure, 'name'> & {name: string})[]} */
export const measuresOf = ({ measures }) =>
  measures
    .flatMap((each) => {
      const { name, without, with: aided, difference, model } = each;
      if (name !== 'sensitivity') return [each];
      const missed = {
        without: turned(without, 1),
        with: turned(aided, 1),
        difference: turned(difference, 0),
        model: turned(model, 1),
      };
      return [each, { name: 'missed', ...missed }];
    })
    .filter(({ without, with: aided, model }) => without || aided || model);

/** @param {Part} part */
export function figuresOf(part) {
  const body = create('tbody');
  for (const { name, without, with: aided, difference, model } of measuresOf(part)) {
    const words = name === 'seconds' ? seconds : figure;
    const row = createLine(
      t(`study.measure.${name}`),
      [without, aided, difference, model].map((estimate) => createEstimate(estimate, '', words)),
    );
    row.dataset.measure = name;
    body.append(row);
  }
  const heads = ['without', 'with', 'difference', 'model'].map((side) => t(`study.side.${side}`));
  return [createHead(t('study.measured'), heads), body];
}

/** Notes on a part's figures, and its statistical tests. @param {Part} part @returns {string[]} */
export function notesOf({ changed, mrmc, positives, negatives }) {
  const notes = [t('study.note.counts', { positives, negatives })];
  if (Math.min(positives, negatives) < FEW) notes.push(t('study.note.few'));
  if (changed)
    for (const [i, side] of /** @type {const} */ (['present', 'absent']).entries()) {
      const { gained, lost, p } = changed[i];
      notes.push(t(`study.note.${side}`, { gained, lost, p: pInWords(p) }));
    }
  if (mrmc) {
    const { difference, interval, f, df, p } = mrmc;
    notes.push(
      t('study.note.mrmc', {
        difference: figure(difference),
        interval: intervalInWords(interval),
        f: number(f, { maximumFractionDigits: 2 }),
        df: number(df, { maximumFractionDigits: 1 }),
        p: pInWords(p),
      }),
    );
  }
  return notes;
}

/** The fewest and the most days between two sessions. @param {readonly import('../../core/study.js').Result[]} results */
function restsOf(results) {
  const days = results.flatMap(({ study }) => study.restDays ?? []);
  if (!days.length) return '–';
  const [low, high] = [Math.min(...days), Math.max(...days)].map((count) => number(count));
  return low === high ? low : t('evaluate.interval', { low, high });
}

/** Notes on all figures. @param {readonly import('../../core/study.js').Result[]} results @param {number} measured Cases */
export function generalNotes(results, measured) {
  const [{ cases, study }] = results;
  const { presentFrom, modelPresentFrom, design, washOutDays } = study;
  const left = cases.length - measured;
  return [
    ...(left ? [t('study.note.left', { left, count: cases.length })] : []),
    t('study.note.research'),
    t('study.note.called', { from: presentFrom, percentile: modelPresentFrom }),
    t('study.note.intervals'),
    t('study.note.afroc'),
    t('study.note.bias'),
    design === 'sequential'
      ? t('study.note.sequential')
      : t('study.note.crossover', { days: washOutDays, rest: restsOf(results) }),
  ];
}

/** Means of each reader, side by side. @param {ReadonlyMap<string, import('carzero-evaluation').StudyReport>} byReader */
export function readersOf(byReader) {
  const body = create('tbody');
  const shown = /** @type {const} */ (['sensitivity', 'specificity', 'auroc', 'misled', 'seconds']);
  for (const [reader, { parts }] of byReader) {
    const cells = shown.map((name) => {
      const measure = parts[0].measures.find((each) => each.name === name);
      const words = name === 'seconds' ? seconds : figure;
      const [without, aided] = [measure?.without, measure?.with].map((each) => words(each?.value));
      return createNumber(name === 'misled' ? aided : t('study.fromTo', { without, with: aided }));
    });
    body.append(createLine(reader, cells));
  }
  return [
    createHead(
      t('study.readerHead'),
      shown.map((name) => t(`study.measure.${name}`)),
    ),
    body,
  ];
}

/** The name of a part: a finding's, or that of the mean. @param {Part} part */
export const partInWords = ({ finding }) => (finding ? nameOf(finding) : t('evaluate.meanOf'));
