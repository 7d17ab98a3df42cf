/** Zero-shot classification in the form that users of transformers.js know. */
import { CodedError } from '../core/errors.js';
import { CarzeroModel } from './model.js';

const TASK = 'zero-shot-image-classification';
const TEMPLATE = 'There is {}';

/**
 * @typedef {import('./images.js').ImageSource} ImageSource
 *
 * @typedef {object} PipelineOptions
 * @property {import('./model.js').DeviceChoice} [device] Else `auto`
 * @property {(progress: {status: 'progress', loaded: number, total: number, progress: number}) => void} [progress_callback] Bytes of the model, and percent
 *
 * @typedef {object} ClassifyOptions
 * @property {string} [hypothesis_template] The sentence, with `{}` for the label; else `There is {}`
 *
 * @typedef {object} AttentionMap
 * @property {Float32Array} data `width * height` weights, row by row
 * @property {number} width @property {number} height In patches
 * @property {import('carzero').View} view The part of the image that they lie over, in its pixels
 *
 * @typedef {object} Classification The score of one label on one image
 * @property {string} label
 * @property {number} [score] The percentile divided by 100; not a probability. Only if there are reference images for the sentence
 * @property {number} [percentile] Share of the reference images that score lower, in percent
 * @property {number} logit Raw; not comparable between labels
 * @property {string} sentence As sent to the model
 * @property {import('carzero').Wording} [wording] What the model knows of the words
 * @property {AttentionMap} map Where the sentence attends
 * @property {{width: number, height: number, verdict?: import('carzero').Verdict, warnings: import('carzero').Warning[]}} image The image, and reasons to doubt its scores
 */

/** @param {Classification} one @param {Classification} two What has no score comes last, in the order of the labels */
const byScore = (one, two) => (two.score ?? -1) - (one.score ?? -1);

/** @param {CarzeroModel} model @param {readonly string[]} labels @param {string} template */
async function sentencesOf(model, labels, template) {
  if (!labels.length) throw new CodedError('bad-prompt', 'There are no labels.');
  if (!template.includes('{}')) throw new CodedError('bad-prompt', 'hypothesis_template has no {} for the label.');
  for (const label of labels) await model.sentence(label); // throws if the model can read nothing of it
  return labels.map((label) => template.replaceAll('{}', () => label));
}

/** @param {CarzeroModel} model @param {ImageSource} source @param {readonly string[]} labels @param {string[]} sentences @returns {Promise<Classification[]>} */
async function classifyOne(model, source, labels, sentences) {
  const image = await model.encodeImage(source);
  try {
    const { width, height, verdict, warnings, view } = image;
    const side = model.info.mapSide;
    const scores = await model.score(image, sentences);
    return scores
      .map(({ percentile, logit, sentence, wording, attention }, i) => ({
        label: labels[i],
        ...(percentile !== undefined && { score: percentile / 100, percentile }),
        logit,
        sentence,
        wording,
        map: { data: attention, width: side, height: side, view },
        image: { width, height, verdict, warnings },
      }))
      .sort(byScore);
  } finally {
    model.release(image);
  }
}

/**
 * @param {'zero-shot-image-classification'} task
 * @param {import('./model.js').LoadOptions['model'] | null} [model] The address of a model's folder; else the package `carzero-model-default`
 * @param {PipelineOptions} [options]
 */
export async function pipeline(task, model, { device, progress_callback: tell } = {}) {
  if (task !== TASK) throw new CodedError('unsupported', `There is no pipeline for ${task}, only for ${TASK}.`);
  const carzero = await CarzeroModel.load({
    model: model ?? undefined,
    device,
    onProgress: ({ received, total }) =>
      tell?.({ status: 'progress', loaded: received, total, progress: (100 * received) / total }),
  });

  /**
   * @template {ImageSource | readonly ImageSource[]} I
   * @param {I} images One, or several one after another
   * @param {string | readonly string[]} labels
   * @param {ClassifyOptions} [options]
   * @returns {Promise<I extends readonly ImageSource[] ? Classification[][] : Classification[]>} Of each image the highest score first
   */
  async function classify(images, labels, { hypothesis_template: template = TEMPLATE } = {}) {
    const list = typeof labels === 'string' ? [labels] : labels;
    const sentences = await sentencesOf(carzero, list, template);
    const results = [];
    for (const image of Array.isArray(images) ? images : [images])
      results.push(await classifyOne(carzero, image, list, sentences));
    return /** @type {any} */ (Array.isArray(images) ? results : results[0]);
  }
  return Object.assign(classify, { model: carzero, dispose: () => carzero.dispose() });
}
