/** Reads a model from a folder on this device. Runs in the worker. */
import { digestOf } from './digest.js';
import { CodedError } from '../core/errors.js';
import { MANIFEST_MAX } from '../core/folders.js';

/** @param {Map<string, File>} files @param {string} path @param {(size: number) => boolean} fits @returns {Promise<Uint8Array<ArrayBuffer>>} */
async function read(files, path, fits) {
  const file = files.get(path);
  if (!file) throw new CodedError('bad-file', `${path} is not in this folder.`);
  if (!fits(file.size)) throw new CodedError('bad-file', `${path} has not the size that it should have.`);
  const data = await file.arrayBuffer().catch(() => {
    throw new CodedError('bad-file', `${path} could not be read.`);
  });
  return new Uint8Array(data);
}

/** @param {Map<string, File>} files */
export const manifestFromDisk = (files) => read(files, 'manifest.json', (size) => size <= MANIFEST_MAX);

/**
 * Feeds a loader with its files, and keeps none.
 *
 * @param {Map<string, File>} files
 * @param {{files(): {path: string, bytes: number}[], add(path: string, data: Uint8Array, digest?: string): void}} loader
 * @param {(progress: {received: number, total: number}) => void} onProgress
 * @returns {Promise<{read: number}>} Bytes
 */
export async function feedFromDisk(files, loader, onProgress) {
  const wanted = loader.files();
  const total = wanted.reduce((sum, { bytes }) => sum + bytes, 0);
  let received = 0;
  for (const { path, bytes } of wanted) {
    onProgress({ received, total });
    const data = await read(files, path, (size) => size === bytes);
    loader.add(path, data, await digestOf(data));
    received += bytes;
  }
  return { read: total };
}
