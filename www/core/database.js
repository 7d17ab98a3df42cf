/** Databases of this browser that hold one kind of thing, by key. */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
export const answered = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export class Database {
  #name;
  #store;
  /** @type {Promise<IDBDatabase> | undefined} */ #opened;

  /** @param {string} name Begins as `stores.js` wants it, so that it is forgotten with all else @param {string} store */
  constructor(name, store) {
    this.#name = name;
    this.#store = store;
  }

  #open() {
    const request = indexedDB.open(this.#name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(this.#store);
    return answered(request).then((database) => {
      database.onversionchange = () => database.close(); // all is being forgotten
      return database;
    });
  }

  /** Whether anything was ever kept in it; asking makes none. */
  async exists() {
    return (await indexedDB.databases()).some(({ name }) => name === this.#name);
  }

  /** For as long as nothing else is waited for. @param {IDBTransactionMode} mode */
  async store(mode) {
    const database = await (this.#opened ??= this.#open());
    return database.transaction(this.#store, mode).objectStore(this.#store);
  }
}
