/** A worker's beginning: the program, and the model of a folder. */
import { WorkerClient } from './client.js';

/**
 * A worker, and what it says of its program and of the model in `folder`.
 *
 * @typedef {object} Begun
 * @property {WorkerClient} client @property {import('../core/folders.js').Folder} folder
 * @property {Promise<import('./jobs.js').Answer<'start'>>} started @property {Promise<import('./jobs.js').Answer<'load'>>} loaded
 * @property {(download: import('./jobs.js').Told) => void} onDownload
 */

/**
 * @param {import('../core/folders.js').Folder} folder Of the model
 * @param {import('./jobs.js').Wish} device @param {string} build Id of the page's build, which identifies the program to the byte, or ''
 * @param {import('../core/trusted.js').Start} [start]
 * @returns {Begun}
 */
export function begin(folder, device, build, start) {
  const client = new WorkerClient(undefined, start);
  const started = client.call('start', { ...device, folder });
  const listener = { onDownload: (/** @type {import('./jobs.js').Told} */ _download) => {} };
  const loaded = client.call('load', { folder, build }, (download) => listener.onDownload(download));
  for (const answer of [started, loaded]) answer.catch(() => {}); // who awaits it later gets the error
  return Object.assign(listener, { client, folder, started, loaded });
}
