/**
 * A reader study: how it is set up, in which order it is read, and what leaves the page (docs/reader-study.md).
 *
 * @typedef {import('./round.js').Case} Case
 * @typedef {ReturnType<typeof modelOf>} Model
 * @typedef {import('./round.js').Round} Round
 * @typedef {'sequential' | 'crossover'} Design `sequential`: each case without the model and right after with it; `crossover`: each case in two sessions, with the model in the first or in the second
 * @typedef {object} Plan
 * @property {string} digest Of cases, findings and design: the same in all results of one study
 * @property {Design} design @property {number} washOut Days between the sessions of a crossover
 * @property {number} seed Of the order @property {boolean} clock @property {readonly string[]} findings
 * @property {number} modelFrom The model calls a finding present from this percentile on
 * @property {string} reader @property {Model | null} model That gives the scores @property {string | null} population Among which the percentiles are
 *
 * @typedef {{plan: Plan, cases: readonly Case[], steps: Round['steps'], at: number, given: Round['given'], known: Round['known'], rested: number, restDays: number | null}} Kept
 *   A study being read, without images; `rested`: when session 1 ended, or 0; `restDays`: days from then to session 2
 *
 * @typedef {{confidence: Record<string, number>, marks: Record<string, Marked>, case: number, aided: boolean, seconds: number}} Reading
 * @typedef {{x: number, y: number, distance: number | null, overlap: number | null, hit: boolean}} Marked
 * @typedef {{case: number, seed?: number, difficulty?: number, truth: Record<string, boolean | null>, placed: Record<string, boolean>, model: Record<string, {logit: number, percentile?: number}>}} ReadCase
 * @typedef {object} Result The file of one reader
 * @property {string} format @property {number} version @property {string} purpose
 * @property {{digest: string, design: Design, washOutDays: number, restDays: number | null, seed: number, findings: string[], presentFrom: number, modelPresentFrom: number}} study
 * @property {string} reader @property {Model | null} model @property {string | null} population @property {ReadCase[]} cases @property {Reading[]} readings
 *
 * @typedef {object} Settings
 * @property {'phantoms' | 'own'} source @property {number} count @property {number} level From 1 to 5
 * @property {readonly string[]} findings Chosen @property {Design} design @property {number} washOut @property {number} seed
 * @property {number} modelFrom @property {boolean} clock @property {string} reader
 *
 * @typedef {object} StudyState
 * @property {boolean} open @property {Settings} settings
 * @property {import('./pack.js').Pack | null} pack Own images @property {Kept | null} kept @property {boolean} stored Whether it is kept on this device @property {Kept | null} dropped The one that was given up
 * @property {readonly Result[]} results @property {import('carzero-evaluation').StudyReport | null} report
 * @property {ReadonlyMap<string, import('carzero-evaluation').StudyReport>} byReader Each reader's own report, if there are several readers
 * @property {number} part Index of the part of the report that is on show @property {{done: number, of: number} | null} progress While it is measured
 * @property {import('./i18n.js').Message} error
 */
import { digestOfText } from './digest.js';
import { DRAWN, caseKey } from './pack.js';
import { PRESENT_FROM, placedOf, shuffled } from './round.js';
import { PURPOSE, modelOf, referenceOf, short } from './written.js';

export const RESULT = 'carzero-reader-study';
export const DAY = 86_400_000; // ms

/** @returns {StudyState} */
export const initialStudy = () => ({
  open: false,
  settings: {
    source: 'phantoms',
    count: 20,
    level: 3,
    findings: DRAWN,
    design: 'sequential',
    washOut: 14,
    seed: 1,
    modelFrom: 80,
    clock: false,
    reader: 'R1',
  },
  pack: null,
  kept: null,
  dropped: null,
  stored: true,
  results: [],
  report: null,
  byReader: new Map(),
  part: 0,
  progress: null,
  error: '',
});

/** The steps in order. @param {Pick<Plan, 'design' | 'seed'>} plan @param {number} count Of cases @returns {Round['steps']} */
export function stepsOf({ design, seed }, count) {
  const order = shuffled([...Array(count).keys()], seed);
  /** @param {number} one @param {boolean} aided @param {1 | 2} session */
  const step = (one, aided, session) => ({ case: one, aided, session });
  if (design === 'sequential') return order.flatMap((one) => [step(one, false, 1), step(one, true, 1)]);
  const first = new Set(order.slice(0, Math.ceil(count / 2))); // without the model at first
  return /** @type {const} */ ([1, 2]).flatMap((session) =>
    shuffled(order, seed + session).map((one) => step(one, first.has(one) === (session === 2), session)),
  );
}

/** @param {readonly Case[]} cases @param {readonly string[]} findings @param {Design} design */
export function digestOf(cases, findings, design) {
  const told = cases.map((one) => [caseKey(one), 'truth' in one ? one.truth : null]);
  return digestOfText(JSON.stringify([told, findings, design]));
}

/** @template T @param {readonly string[]} names @param {(name: string) => T} of @returns {Record<string, T>} */
const record = (names, of) => Object.fromEntries(names.map((name) => [name, of(name)]));

/** @param {Case} one @param {number} index @param {import('./round.js').Known | undefined} known @param {readonly string[]} findings @returns {ReadCase} */
function readCase(one, index, known, findings) {
  const truth = known?.truth ?? {};
  return {
    case: index + 1,
    ...('seed' in one ? { seed: one.seed, difficulty: one.difficulty } : {}),
    truth: record(findings, (finding) => (finding in truth ? Boolean(truth[finding]) : null)),
    placed: record(findings, (finding) => Boolean(truth[finding]?.length)),
    model: Object.fromEntries(
      Object.entries(known?.model ?? {})
        .filter(([finding]) => findings.includes(finding))
        .map(([finding, { logit, percentile }]) => [finding, { logit: short(logit) ?? logit, percentile }]),
    ),
  };
}

/** Which model gives the scores, and the population that percentiles are among. @param {import('../worker/jobs.js').ModelInfo | null} info @returns {Pick<Plan, 'model' | 'population'>} */
export const scoredBy = (info) => ({ model: info && modelOf(info), population: info && referenceOf(info) });

/** Whether scores and percentiles are of the same model and population. @param {Pick<Plan, 'model' | 'population'>} one @param {Pick<Plan, 'model' | 'population'>} other */
export const isScoredAlike = (one, other) =>
  one.model?.sha256 === other.model?.sha256 && (one.population ?? null) === (other.population ?? null);

/** What a reader has said so far, as a file has it; images have running numbers. @param {Kept} kept @returns {Result} */
export function resultOf({ plan, cases, steps, given, known, restDays }) {
  const { digest, design, washOut, seed, findings, modelFrom, reader, model, population } = plan;
  const readings = given.map(({ confidence, marks, seconds }, i) => {
    const one = known[steps[i].case];
    const placed = one ? placedOf({ confidence, marks }, one.truth, one.ratio) : [];
    const marked = Object.entries(marks).flatMap(([finding, { x, y }]) => {
      const found = placed.find((each) => each.finding === finding);
      const { distance = null, overlap = null, hit = false } = found ?? {};
      return finding ? [[finding, { x, y, distance, overlap, hit }]] : [];
    });
    const { case: index, aided } = steps[i];
    return { case: index + 1, aided, seconds, confidence: { ...confidence }, marks: Object.fromEntries(marked) };
  });
  return {
    format: RESULT,
    version: 1,
    purpose: PURPOSE,
    study: {
      digest,
      design,
      washOutDays: washOut,
      restDays,
      seed,
      findings: [...findings],
      presentFrom: PRESENT_FROM,
      modelPresentFrom: modelFrom,
    },
    reader,
    model,
    population,
    cases: cases.map((one, i) => readCase(one, i, known[i], findings)),
    readings,
  };
}

/** @param {Result} result @param {number} number @param {boolean} aided */
const readingOf = ({ readings }, number, aided) =>
  readings.find((each) => each.case === number && each.aided === aided);

/** A value as the evaluation module takes it: 0 no, 1 yes, 2 unknown. @param {boolean | null | undefined} value */
const coded = (value) => (typeof value === 'boolean' ? Number(value) : 2);

/**
 * What is measured: the cases that every reader has read without and with the model, in flat tables (`ReaderStudy` in src/web/evaluation/measure.rs).
 *
 * @typedef {{findings: string[], cases: number, labels: Uint8Array, scores: Float64Array, readers: {answers: Uint8Array, seconds: Float64Array}[], presentFrom: number, seed: number, resamples: number}} Measured
 * @param {readonly Result[]} results @param {number} resamples @returns {Measured}
 */
export function measuredOf(results, resamples) {
  const [{ study, cases: all }] = results;
  const { findings, presentFrom, modelPresentFrom, seed } = study;
  const cases = all.filter(({ case: number }) =>
    results.every((result) => [false, true].every((aided) => readingOf(result, number, aided))),
  );
  const table = (/** @type {(finding: string, one: ReadCase) => number} */ of) =>
    findings.flatMap((finding) => cases.map((one) => of(finding, one)));
  const calls = (/** @type {{percentile?: number} | undefined} */ score) =>
    score?.percentile === undefined ? null : score.percentile >= modelPresentFrom;
  const labels = [
    table((finding, { truth }) => coded(truth[finding])),
    table((finding, { truth, placed }) => (truth[finding] && !placed[finding] ? 2 : coded(truth[finding]))),
    table((finding, { model }) => coded(calls(model[finding]))),
  ];
  const readings = (/** @type {Result} */ result) => {
    const both = [false, true].map((aided) => (/** @type {ReadCase} */ one) => readingOf(result, one.case, aided));
    return {
      answers: Uint8Array.from(
        both.flatMap((of) => [
          ...table((finding, one) => of(one)?.confidence[finding] ?? 1),
          ...table((finding, one) => coded(of(one)?.marks[finding]?.hit)),
        ]),
      ),
      seconds: Float64Array.from(both.flatMap((of) => cases.map((one) => of(one)?.seconds ?? 0))),
    };
  };
  return {
    findings,
    cases: cases.length,
    labels: Uint8Array.from(labels.flat()),
    scores: Float64Array.from(table((finding, { model }) => model[finding]?.logit ?? NaN)),
    readers: results.map(readings),
    presentFrom,
    seed,
    resamples,
  };
}
