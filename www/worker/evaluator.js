/**
 * The worker that measures scores. It owns the module for that, and the tables.
 *
 * @typedef {typeof import('carzero-evaluate')} Exports
 * @typedef {object} Jobs
 * @property {(payload: {tables: {file: Blob, name: string}[]}) => string[][]} open Takes tables, in place of those before, and gives their columns
 * @property {(payload: {images: string[], corrections: import('carzero-evaluation').Corrections}) => import('carzero-evaluation').Understood} understand
 * @property {(payload: {predictions: string, against?: Blob, maps?: string, settings: import('carzero-evaluation').Settings}) => import('carzero-evaluation').Report} evaluate
 * @property {(payload: {finding: string, threshold: number}) => import('carzero-evaluation').Decision | undefined} decide
 * @property {(payload: {finding: string}) => import('carzero-evaluation').Curves | undefined} curves
 * @property {(payload: {study: import('../core/study.js').Measured}) => import('carzero-evaluation').StudyReport} study Needs no tables
 */
import { startModule } from './program.js';
import { serve } from './serve.js';

/** @type {Promise<Exports> | undefined} */ let program;
/** @type {Exports['Tables']['prototype'] | undefined} */ let tables;
/** @type {Exports['Evaluation']['prototype'] | undefined} */ let evaluation;

/** @returns {Promise<Exports>} */
const startProgram = async () => (await startModule('carzero-evaluate')).wasm;

/** The given object; throws if it was not opened or made before. @template T @param {T | undefined} thing @returns {T} */
function present(thing) {
  if (!thing) throw new Error('nothing is open');
  return thing;
}

/** @type {Parameters<typeof serve<Jobs, {done: number, of: number}>>[0]} */
const jobs = {
  async open({ tables: files }) {
    const wasm = await (program ??= startProgram());
    const opened = new wasm.Tables();
    for (const { file, name } of files) opened.add(name, new Uint8Array(await file.arrayBuffer()));
    tables?.free();
    tables = opened;
    return files.map((_file, table) => opened.columns(table));
  },

  async understand({ images, corrections }) {
    return present(tables).understand(images, corrections);
  },

  async evaluate({ predictions, against, maps, settings }, tell) {
    const encoder = new TextEncoder();
    const other = against && new Uint8Array(await against.arrayBuffer());
    const made = present(tables).evaluate(
      encoder.encode(predictions),
      other,
      maps === undefined ? undefined : encoder.encode(maps),
      settings,
      (/** @type {number} */ done, /** @type {number} */ of) => tell({ done, of }),
    );
    evaluation?.free();
    evaluation = made;
    return made.report();
  },

  async decide({ finding, threshold }) {
    return present(evaluation).decide(finding, threshold);
  },

  async curves({ finding }) {
    return present(evaluation).curves(finding);
  },

  async study({ study }, tell) {
    const wasm = await (program ??= startProgram());
    const { findings, labels, scores, readers, presentFrom, seed, resamples } = study;
    const told = (/** @type {number} */ done, /** @type {number} */ of) => tell({ done, of });
    const made = new wasm.ReaderStudy(findings, labels, scores);
    try {
      for (const { answers, seconds } of readers) made.add(answers, seconds);
      return made.measure(presentFrom, seed, resamples, told);
    } finally {
      made.free();
    }
  },
};

serve(jobs);
