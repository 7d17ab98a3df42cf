/** Fetches the files of a model, and keeps them in the Cache API by path and SHA-256. Runs in the worker. */
import { digestOf } from './digest.js';
import { CodedError } from './errors.js';

const CACHE = 'carzero-models';
const WAITS_MS = [500, 1500, 4500]; // before a download that broke off is taken up again

/** @param {string} url @param {Record<string, string>} [headers] @returns {Promise<Response>} */
async function get(url, headers) {
  const name = new URL(url).pathname.split('/').slice(-3).join('/');
  const response = await fetch(url, { cache: 'no-cache', headers }).catch(() => {
    throw new CodedError('network', `${name} could not be fetched. Is the connection up?`);
  });
  if (!response.ok) throw new CodedError('network', `${name} could not be fetched (HTTP ${response.status}).`, { cause: response.status });
  return response;
}

/** The manifest of a model; without a network the one that was kept. @param {string} folder URL of the model, ending in a slash. */
export async function getManifest(folder) {
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
      for (const reader = response.body.getReader(); ;) {
        const { done, value } = await reader.read();
        if (done) return data.subarray(0, received);
        if (received + value.length > bytes) throw new CodedError('bad-file', `${url} is longer than its manifest says.`);
        data.set(value, received);
        onReceived(received += value.length);
      }
    } catch (error) {
      const known = error instanceof CodedError ? error : new CodedError('network', 'The download broke off.');
      if (received > furthest) [furthest, failures] = [received, 0];
      if (known.code !== 'network' || known.cause < 500 || failures === WAITS_MS.length) throw known;
      await new Promise((resolve) => { setTimeout(resolve, WAITS_MS[failures++]); });
    }
  }
}

/** One model folder's shelf in the cache. Without a usable cache every method is a no-op and `trouble` says why. */
class Shelf {
  /** @type {Cache | null} */ #cache = null;
  trouble = '';

  static async open() {
    const shelf = new Shelf();
    await shelf.#attempt(async () => { shelf.#cache = await caches.open(CACHE); });
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
  has(key) { return this.#attempt(async () => Boolean(await this.#cache?.match(key))); }

  /** @param {string} key @param {Uint8Array} data */
  write(key, data) { return this.#attempt(() => this.#cache?.put(key, new Response(data))); }

  /** @param {string} key */
  remove(key) { return this.#attempt(() => this.#cache?.delete(key)); }

  /** Deletes what the folder once held and the manifest no longer names. @param {string} folder @param {string[]} keys */
  prune(folder, keys) {
    return this.#attempt(async () => {
      for (const { url } of await this.#cache?.keys() ?? []) {
        if (url.startsWith(folder) && !keys.includes(url)) await this.#cache.delete(url);
      }
    });
  }

  /** @template T @param {() => T | Promise<T>} step */
  async #attempt(step) {
    try {
      return await step();
    } catch (error) {
      this.trouble = error.name === 'QuotaExceededError' ? 'full' : 'unusable';
      return undefined;
    }
  }
}

/**
 * Feeds a loader with its files.
 *
 * @param {string} folder URL of the model, ending in a slash.
 * @param {{files(): {path: string, bytes: number, sha256: string}[], add(path: string, data: Uint8Array, digest?: string): void}} loader
 * @param {(progress: {received: number, total: number}) => void} onProgress
 * @returns {Promise<{downloaded: number, cached: number, written: () => Promise<string>}>} Bytes, and once all is written, why they were not kept.
 */
export async function feed(folder, loader, onProgress) {
  const shelf = await Shelf.open();
  const files = loader.files().map((file) => {
    const url = new URL(file.path, folder);
    if (!url.href.startsWith(folder)) throw new CodedError('bad-manifest', `${file.path} lies outside the model's folder.`);
    return { ...file, url: url.href, key: `${url.href}?sha256=${file.sha256}` };
  });
  const present = await Promise.all(files.map(({ key }) => shelf.has(key)));
  const missing = new Set(files.filter((_file, i) => !present[i]).map(({ key }) => key));
  if (missing.size) await shelf.prune(folder, [`${folder}manifest.json`, ...files.map(({ key }) => key)]); // else the service worker may have fetched the next version
  let downloaded = 0;
  let cached = 0;
  let total = files.reduce((sum, { key, bytes }) => sum + (missing.has(key) ? bytes : 0), 0);
  if (total > 0) onProgress({ received: 0, total });

  const read = async (/** @type {string | undefined} */ key) => {
    const data = key === undefined || missing.has(key) ? undefined : await shelf.read(key);
    return data && { data, digest: await digestOf(data) };
  };
  let ahead = read(files[0]?.key); // is read while the one before is taken in
  /** @type {Promise<void> | undefined} */ let writing;

  for (const [i, { path, bytes, url, key }] of files.entries()) {
    const kept = await ahead;
    ahead = read(files[i + 1]?.key);
    if (kept) {
      try {
        loader.add(path, kept.data, kept.digest);
        cached += bytes;
        continue;
      } catch (error) {
        if (error.code !== 'bad-file') throw error;
        await shelf.remove(key);
      }
    }
    if (!missing.has(key)) total += bytes;
    const data = await download(url, bytes, (received) => onProgress({ received: downloaded + received, total }));
    loader.add(path, data, await digestOf(data));
    downloaded += bytes;
    await writing;
    writing = shelf.write(key, data);
  }
  const written = async () => {
    await writing;
    return shelf.trouble;
  };
  return { downloaded, cached, written };
}
