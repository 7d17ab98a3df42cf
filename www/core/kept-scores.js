/**
 * Scores that are kept on this device while images are evaluated, so that it goes on where it was after a reload. A row is
 * found by a digest, so that no name of a file is stored; it has numbers and findings, of a DICOM file view, sex and
 * age group, and nothing of the image.
 *
 * @typedef {Pick<import('./table.js').Row, 'width' | 'height' | 'warnings' | 'groups' | 'verdict' | 'marks'>} Kept
 */

const NAME = 'carzero-scores';
const ROWS = 'rows';

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answered = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** What the scores of an image are found by. @param {{file: File, name: string}} row @param {string} model And what it runs on */
export async function keyOf({ file, name }, model) {
  const text = JSON.stringify([model, name, file.size, file.lastModified]);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class KeptScores {
  /** @type {Promise<IDBDatabase> | undefined} */ #opened;

  #open() {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(ROWS);
    return answered(request).then((database) => {
      database.onversionchange = () => database.close(); // all is being forgotten
      return database;
    });
  }

  /** @param {IDBTransactionMode} mode */
  async #rows(mode) {
    const database = await (this.#opened ??= this.#open());
    return database.transaction(ROWS, mode).objectStore(ROWS);
  }

  /** What is kept, in the order of the keys. @param {string[]} keys @returns {Promise<(Kept | undefined)[]>} */
  async find(keys) {
    const rows = await this.#rows('readonly');
    return Promise.all(keys.map((key) => answered(rows.get(key))));
  }

  /** Throws where there is no room. @param {string} key @param {Kept} kept */
  async put(key, kept) {
    const rows = await this.#rows('readwrite');
    await answered(rows.put(kept, key));
  }
}
