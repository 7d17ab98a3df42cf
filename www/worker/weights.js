/** Fetches the files of a model, and keeps them in the Cache API by path and SHA-256. Runs in the worker. */
import { digestOf } from './digest.js';
import { CodedError, codedFrom } from '../core/errors.js';

const CACHE = 'carzero-models';
const AHEAD = 3; // files: the config, the tokenizer and one shard
const WAITS_MS = [500, 1500, 4500]; // before a download that broke off is taken up again

/** @param {string} url @param {Record<string, string>} [headers] @returns {Promise<Response>} */
async function get(url, headers) {
  const name = new URL(url).pathname.split('/').slice(-3).join('/');
  const response = await fetch(url, { cache: 'no-cache', headers }).catch(() => {
    throw new CodedError('network', `${name} could not be fetched. Is the connection up?`);
  });
  if ([403, 404, 410].includes(response.status))
    throw new CodedError('not-found', `${name} is not there (HTTP ${response.status}).`);
  if (!response.ok)
    throw new CodedError('network', `${name} could not be fetched (HTTP ${response.status}).`, {
      cause: response.status,
    });
  return response;
}

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

/** What is kept of a file is read again with its digest. @param {Shelf} shelf @param {string} key @returns {Promise<Kept | undefined>} */
async function readKept(shelf, key) {
  const data = await shelf.read(key);
  return data && { data, digest: await digestOf(data) };
}

const keyOf = (/** @type {string} */ url, /** @type {string} */ digest) => `${url}?sha256=${digest}`;

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
 * A file as a whole. Where it breaks off it is taken up again, until that brings nothing more.
 *
 * @param {string} url @param {number} bytes The size that the manifest promises.
 * @param {(received: number) => void} onReceived
 */
async function download(url, bytes, onReceived) {
  const data = new Uint8Array(bytes);
  let [received, furthest, failures, tag] = [0, 0, 0, ''];
  for (;;) {
    try {
      const response = await get(url, received ? { range: `bytes=${received}-`, ...(tag && { 'if-range': tag }) } : {});
      if (response.status !== 206) received = 0; // the server sends all of it
      tag = response.headers.get('etag')?.match(/^".*"$/)?.[0] ?? ''; // a weak one does not speak for bytes
      const reader = response.body?.getReader();
      if (!reader) throw new CodedError('network', 'The download broke off.');
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return data.subarray(0, received);
        if (received + value.length > bytes)
          throw new CodedError('bad-file', `${url} is longer than its manifest says.`);
        data.set(value, received);
        onReceived((received += value.length));
      }
    } catch (error) {
      const known = error instanceof CodedError ? error : new CodedError('network', 'The download broke off.');
      if (received > furthest) [furthest, failures] = [received, 0];
      if (known.code !== 'network' || Number(known.cause) < 500 || failures === WAITS_MS.length) throw known;
      await new Promise((resolve) => {
        setTimeout(resolve, WAITS_MS[failures++]);
      });
    }
  }
}

/** One model folder's shelf in the cache. Without a usable cache every method is a no-op and `trouble` says why. */
class Shelf {
  /** @type {Cache | null} */ #cache = null;
  trouble = '';

  static async open() {
    const shelf = new Shelf();
    await shelf.#attempt(async () => {
      shelf.#cache = await caches.open(CACHE);
    });
    return shelf;
  }

  /** @param {string} key */
  read(key) {
    return this.#attempt(async () => {
      const response = await this.#cache?.match(key);
      return response && new Uint8Array(await response.arrayBuffer());
    });
  }

  /** @param {string} key */
  has(key) {
    return this.#attempt(async () => Boolean(await this.#cache?.match(key)));
  }

  /** @param {string} key @param {Uint8Array<ArrayBuffer>} data */
  write(key, data) {
    return this.#attempt(() => this.#cache?.put(key, new Response(data)));
  }

  /** @param {string} key */
  remove(key) {
    return this.#attempt(() => this.#cache?.delete(key));
  }

  /** Deletes what the folder once held and the manifest no longer names. @param {string} folder @param {string[]} keys */
  prune(folder, keys) {
    return this.#attempt(async () => {
      for (const { url } of (await this.#cache?.keys()) ?? []) {
        if (url.startsWith(folder) && !keys.includes(url)) await this.#cache?.delete(url);
      }
    });
  }

  /** @template T @param {() => T | Promise<T>} step */
  async #attempt(step) {
    try {
      return await step();
    } catch (error) {
      this.trouble = error instanceof Error && error.name === 'QuotaExceededError' ? 'full' : 'unusable';
      return undefined;
    }
  }
}

/**
 * Whether the CPU has passed a model's self-test before, with this program and in this browser: it computes alike ever after.
 *
 * @param {string} folder URL of the model, ending in a slash. @param {Uint8Array<ArrayBuffer>} manifest @param {string} program Which it is, to the byte
 * @returns {Promise<{known: boolean, note: () => void}>} `note` once it has
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
 * @returns {Promise<{downloaded: number, cached: number, written: () => Promise<string>}>} Bytes, and once all is written, why they were not kept.
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
  if (missing.size) await shelf.prune(folder, [`${folder}manifest.json`, ...files.map(({ key }) => key)]); // else the service worker may have fetched the next version
  let cached = 0;
  let total = files.reduce((sum, { key, bytes }) => sum + (missing.has(key) ? bytes : 0), 0);
  /** Bytes of what is being fetched, by key. @type {Map<string, number>} */ const received = new Map();
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
    promise.catch(() => {}); // whoever waits for it is told
    coming.set(key, promise);
  };
  /** @type {Promise<void> | undefined} */ let writing;

  for (const [i, file] of files.entries()) {
    const { path, bytes, key } = file;
    begin(file);
    begin(files[i + 1]); // while this one comes and is taken in
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
