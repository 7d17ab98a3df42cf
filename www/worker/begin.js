/** A worker's beginning: the program, and the model of a folder. */
import { build } from '../core/build.js';
import { WorkerClient } from './client.js';

/**
 * A worker, and what it says of its program and of the model in `folder`.
 *
 * @typedef {{client: WorkerClient, folder: import('../core/folders.js').Folder, started: Promise<any>, loaded: Promise<any>, onDownload: (progress: any) => void}} Begun
 */

/**
 * @param {import('../core/folders.js').Folder} folder Of the model
 * @param {{preference: 'auto' | 'webgpu' | 'cpu', without?: import('../core/i18n.js').Message}} device `without`: why not WebGPU, whatever is preferred
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
