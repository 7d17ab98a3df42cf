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

  /** @param {string} name Has the prefix of `stores.js`, so that "Forget everything" deletes it too @param {string} store */
  constructor(name, store) {
    this.#name = name;
    this.#store = store;
  }

  #open() {
    const request = indexedDB.open(this.#name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(this.#store);
    return answered(request).then((database) => {
      database.onversionchange = () => database.close(); // everything is being deleted
      return database;
    });
  }

  /** Whether the database was ever created; asking does not create it. */
  async exists() {
    return (await indexedDB.databases()).some(({ name }) => name === this.#name);
  }

  /** The store in a new transaction, which ends as soon as anything but its own requests is awaited. @param {IDBTransactionMode} mode */
  async store(mode) {
    const database = await (this.#opened ??= this.#open());
    return database.transaction(this.#store, mode).objectStore(this.#store);
  }
}
