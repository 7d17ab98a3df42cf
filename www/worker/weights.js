/** The files of a model: fetched, and kept by path and SHA-256. Runs in the worker. */
import { CodedError, codedFrom } from '../core/errors.js';
import { digestOf } from './digest.js';
import { download, get } from './download.js';
import { Shelf, keyOf } from './shelf.js';

const AHEAD = 3; // files: the config, the tokenizer and one shard

/** The manifest of a model; without a network the one that was kept. @param {string} folder */
async function getManifest(folder) {
  const url = `${folder}manifest.json`;
  const shelf = await Shelf.open();
  try {
    const manifest = new Uint8Array(await (await get(url)).arrayBuffer());
    shelf.write(url, manifest);
    return manifest;
  } catch (error) {
    const kept = await shelf.read(url);
    if (kept) return kept;
    throw error;
  }
}

/** Reads a file that was kept, and computes its digest anew. @param {Shelf} shelf @param {string} key @returns {Promise<Kept | undefined>} */
async function readKept(shelf, key) {
  const data = await shelf.read(key);
  return data && { data, digest: await digestOf(data) };
}

/**
 * Begins to read what is kept of a model, while the program that checks all of it is still on its way.
 *
 * @typedef {{data: Uint8Array<ArrayBuffer>, digest: string | undefined}} Kept
 * @param {string} folder URL of the model, ending in a slash.
 * @returns {Promise<{manifest: Uint8Array<ArrayBuffer>, ahead: Map<string, Promise<Kept | undefined>>}>} By the key in the cache
 */
export async function prepare(folder) {
  const [manifest, shelf] = await Promise.all([getManifest(folder), Shelf.open()]);
  const ahead = new Map();
  try {
    const { files } = JSON.parse(new TextDecoder().decode(manifest));
    for (const { path, sha256 } of files.slice(0, AHEAD)) {
      const key = keyOf(new URL(path, folder).href, sha256);
      ahead.set(key, readKept(shelf, key));
    }
  } catch {
    // The program says what is wrong with the manifest.
  }
  return { manifest, ahead };
}

/**
 * Whether the CPU has passed a model's self-test before, with this program and browser: it need not be repeated then.
 *
 * @param {string} folder URL of the model, ending in a slash. @param {Uint8Array<ArrayBuffer>} manifest @param {string} program What identifies the program to the byte
 * @returns {Promise<{known: boolean, note: () => void}>} `note` is to be called once it has passed
 */
export async function passOf(folder, manifest, program) {
  const [shelf, model] = await Promise.all([Shelf.open(), digestOf(manifest)]);
  const key = `${folder}self-test?${new URLSearchParams({ model: String(model), program, browser: navigator.userAgent })}`;
  const known = (await shelf.has(key)) === true;
  return {
    known,
    note: () => {
      if (!known) shelf.write(key, new Uint8Array());
    },
  };
}

/**
 * Feeds a loader with its files.
 *
 * @param {string} folder URL of the model, ending in a slash.
 * @param {{files(): {path: string, bytes: number, sha256: string}[], add(path: string, data: Uint8Array, digest?: string): void}} loader
 * @param {(progress: {received: number, total: number}) => void} onProgress
 * @param {Map<string, Promise<Kept | undefined>>} [ahead] What `prepare` has begun to read
 * @returns {Promise<{downloaded: number, cached: number, written: () => Promise<string>}>} In bytes; `written` resolves, once all is written, to why files were not kept, or ''
 */
export async function feed(folder, loader, onProgress, ahead = new Map()) {
  const shelf = await Shelf.open();
  const files = loader.files().map((file) => {
    const url = new URL(file.path, folder);
    if (!url.href.startsWith(folder))
      throw new CodedError('bad-manifest', `${file.path} lies outside the model's folder.`);
    return { ...file, url: url.href, key: keyOf(url.href, file.sha256) };
  });
  const present = await Promise.all(files.map(({ key }) => shelf.has(key)));
  const missing = new Set(files.filter((_file, i) => !present[i]).map(({ key }) => key));
  if (missing.size) await shelf.prune(folder, [`${folder}manifest.json`, ...files.map(({ key }) => key)]); // otherwise files that are not listed may be of the next version, fetched by the service worker
  let cached = 0;
  let total = files.reduce((sum, { key, bytes }) => sum + (missing.has(key) ? bytes : 0), 0);
  /** Bytes received so far, by key of the file. @type {Map<string, number>} */ const received = new Map();
  const downloaded = () => [...received.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total > 0) onProgress({ received: 0, total });

  const fetchFile = async (/** @type {{url: string, bytes: number, key: string}} */ { url, bytes, key }) => {
    const data = await download(url, bytes, (count) => {
      received.set(key, count);
      onProgress({ received: downloaded(), total });
    });
    return { data, digest: await digestOf(data) };
  };
  /** Files on their way, by key. @type {Map<string, Promise<Kept | undefined>>} */ const coming = new Map();
  const begin = (/** @type {typeof files[number] | undefined} */ file) => {
    if (!file || coming.has(file.key)) return;
    const { key } = file;
    const promise = missing.has(key) ? fetchFile(file) : (ahead.get(key) ?? readKept(shelf, key));
    ahead.delete(key);
    promise.catch(() => {}); // who awaits it later gets the error
    coming.set(key, promise);
  };
  /** @type {Promise<void> | undefined} */ let writing;

  for (const [i, file] of files.entries()) {
    const { path, bytes, key } = file;
    begin(file);
    begin(files[i + 1]); // while this one arrives and is loaded
    let got = await coming.get(key);
    coming.delete(key);
    if (got && !missing.has(key)) {
      try {
        loader.add(path, got.data, got.digest);
        cached += bytes;
        continue;
      } catch (error) {
        if (codedFrom(error).code !== 'bad-file') throw error;
        await shelf.remove(key);
        got = undefined;
      }
    }
    if (!missing.has(key)) total += bytes;
    got ??= await fetchFile(file);
    loader.add(path, got.data, got.digest);
    await writing;
    writing = shelf.write(key, got.data);
  }
  const written = async () => {
    await writing;
    return shelf.trouble;
  };
  return { downloaded: downloaded(), cached, written };
}
