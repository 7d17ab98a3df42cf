/** Models in use: all elements of a page share one, which ends with the last of them. */
import { CarzeroModel } from './model.js';

/**
 * @typedef {{model?: string, device?: import('./model.js').DeviceChoice}} Wish
 * @typedef {object} Shared
 * @property {Promise<CarzeroModel>} loaded
 * @property {Set<(share: number) => void>} listeners Are told how much of the model has arrived, from 0 to 1
 * @property {number} users @property {() => void} forget The next element that asks gets a new model
 */

/** @type {Map<string, Shared>} */
const models = new Map();

/** @param {string} key @param {Wish} wish */
function begin(key, wish) {
  /** @type {Shared['listeners']} */ const listeners = new Set();
  const loaded = CarzeroModel.load({
    ...wish,
    onProgress: ({ received, total }) => listeners.forEach((tell) => tell(received / total)),
  });
  /** @type {Shared} */ const shared = {
    loaded,
    listeners,
    users: 0,
    forget: () => {
      if (models.get(key) === shared) models.delete(key);
    },
  };
  loaded.then(({ crashed }) => crashed.then(shared.forget), shared.forget);
  models.set(key, shared);
  return shared;
}

/** @param {Wish} wish @returns {Shared} */
export function takeModel({ model, device }) {
  const key = JSON.stringify([model, device]);
  const shared = models.get(key) ?? begin(key, { model, device });
  shared.users += 1;
  return shared;
}

/** @param {Shared} shared */
export function leaveModel(shared) {
  shared.users -= 1;
  if (shared.users > 0) return;
  shared.forget();
  shared.loaded.then(
    (model) => model.dispose(),
    () => {}, // who waited for it has got the error
  );
}
