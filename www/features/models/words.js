/** What is said of a model: where its weights came from, and why it failed. */
import { bytesOf, ownFolder } from '../../core/folders.js';
import { programMessage } from '../../core/i18n.js';
import { megabytes } from '../../core/words.js';

/** @typedef {import('../../core/i18n.js').Message} Message */

/** @param {import('../../worker/jobs.js').Weights} weights @returns {Message} */
export function weightsInWords(weights) {
  const bytes = 'read' in weights ? weights.read : weights.downloaded + weights.cached;
  const size = { key: 'weights.size', values: { megabytes: megabytes(bytes) } };
  if ('read' in weights) return { key: 'weights.read', values: { size } };
  const { downloaded, trouble } = weights;
  if (trouble) return { key: 'weights.notKept', values: { size, trouble: { key: `weights.${trouble}` } } };
  return { key: downloaded === 0 ? 'weights.cached' : 'weights.kept', values: { size } };
}

/** @param {import('../../core/state.js').State} state @returns {Message} */
export function weightsOf({ folder, weights }) {
  if (folder.kind === 'site' || !folder.where) return weights;
  const size = { key: 'weights.size', values: { megabytes: megabytes(bytesOf(folder)) } };
  return { key: folder.where === 'page' ? 'weights.here' : 'weights.browser', values: { size } };
}

/** Messages for why a model does not load, by the code of the error; other errors are told as they are. @type {Record<string, string>} */
const CAUSES = {
  'not-found': 'failure.address',
  network: 'failure.connection',
  ...Object.fromEntries(
    ['bad-manifest', 'bad-config', 'bad-file', 'bad-weights', 'bad-tokenizer'].map((code) => [code, 'failure.format']),
  ),
};

/**
 * @param {import('../../core/errors.js').Known} error @param {import('../../core/state.js').State} state
 * @param {{crash: boolean, refused: import('../../core/state.js').State['wanted'], report?: string}} facts `refused`: the picture whose decoding crashed the worker
 * @returns {import('../../core/state.js').Failure}
 */
export function failureOf(error, { device, model, folder }, { crash, refused, report }) {
  const { code, message } = error;
  const loading = model === 'loading';
  const key = loading ? CAUSES[code] : undefined;
  /** @returns {Message} */
  const text = () => {
    if (key) return { key, values: { name: folder.name, reason: programMessage(error) } };
    if (refused) return { key: 'failure.reading', values: { name: refused.name, message } };
    return crash ? { key: 'failure.crashText', values: { message } } : programMessage(error);
  };
  return {
    title: { key: crash ? 'failure.crash' : loading ? 'failure.load' : 'failure.stop' },
    text: text(),
    report,
    crash,
    offerCpu: device?.kind === 'webgpu',
    offerOwn: loading && !(folder.kind === 'site' && folder.url === ownFolder().url),
  };
}
