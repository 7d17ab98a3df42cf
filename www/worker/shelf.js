/** Where the files of models are kept: the Cache API, by path and SHA-256. Runs in the worker. */
const CACHE = 'carzero-models';

/** @param {string} url @param {string} digest */
export const keyOf = (url, digest) => `${url}?sha256=${digest}`;

/** One model folder's shelf in the cache. Without a usable cache every method is a no-op and `trouble` says why. */
export class Shelf {
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
