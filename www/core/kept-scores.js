/**
 * Scores that are kept on this device while images are evaluated, so that an evaluation continues after a reload. A row
 * is found by a digest, so that no name of a file is stored. It holds scores by finding, and for a DICOM file view, sex
 * and age group, but nothing of the image.
 *
 * @typedef {Pick<import('./table.js').Row, 'width' | 'height' | 'warnings' | 'groups' | 'verdict' | 'marks'>} Kept
 */
import { Database, answered } from './database.js';
import { digestOfText } from './digest.js';

const NAME = 'carzero-scores';
const ROWS = 'rows';

/** The key under which the scores of an image are kept. @param {Pick<import('./table.js').Row, 'source' | 'name'>} row @param {string} model The model, and the device that it runs on */
export const keyOf = ({ source: { file }, name }, model) =>
  digestOfText(JSON.stringify([model, name, file.size, file.lastModified]));

export class KeptScores {
  #database = new Database(NAME, ROWS);

  /** What is kept, in the order of the keys. @param {string[]} keys @returns {Promise<(Kept | undefined)[]>} */
  async find(keys) {
    const rows = await this.#database.store('readonly');
    return Promise.all(keys.map((key) => answered(rows.get(key))));
  }

  /** Throws where there is no room. @param {string} key @param {Kept} kept */
  async put(key, kept) {
    const rows = await this.#database.store('readwrite');
    await answered(rows.put(kept, key));
  }
}
