/**
 * What takes long begins first: this script runs while the browser still reads the rest of the page, and starts a worker
 * with the program and the model.
 */
import { WorkerClient } from './client.js';
import { folderOfAddress } from './folders.js';
import { isForgetting } from './forget.js';
import { build, takeOver } from './offline.js';
import { readPreference } from './preference.js';

/**
 * A worker, and what it says of its program and of the model in `folder`.
 *
 * @typedef {{client: WorkerClient, folder: import('./folders.js').Folder, started: Promise<any>, loaded: Promise<any>, onDownload: (progress: any) => void}} Begun
 */

/**
 * @param {import('./folders.js').Folder} folder Of the model
 * @param {{preference: 'auto' | 'webgpu' | 'cpu', without?: import('./i18n.js').Message}} device `without`: why not WebGPU, whatever is preferred
 * @returns {Begun}
 */
export function begin(folder, device) {
  const client = new WorkerClient();
  const started = client.call('start', { ...device, folder });
  const loaded = client.call('load', { folder, build: build() }, (download) => begun.onDownload(download));
  for (const answer of [started, loaded]) answer.catch(() => {}); // whoever goes on with it is told
  const begun = { client, folder, started, loaded, onDownload: () => {} };
  return begun;
}

async function beginFirst() {
  if (isForgetting()) return null;
  const begun = begin(folderOfAddress(location), { preference: readPreference() });
  return (await takeOver()) ? null : begun;
}

/** Null where the page does not start: it is being loaded again, or everything was just forgotten. @type {Promise<Begun | null>} */
export const first = beginFirst();
