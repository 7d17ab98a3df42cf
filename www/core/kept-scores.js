/**
 * Scores that are kept on this device while images are evaluated, so that it goes on where it was after a reload. A row is
 * found by a digest, so that no name of a file is stored; it has numbers and findings, of a DICOM file view, sex and
 * age group, and nothing of the image.
 *
 * @typedef {Pick<import('./table.js').Row, 'width' | 'height' | 'warnings' | 'groups' | 'verdict' | 'marks'>} Kept
 */
import { Database, answered } from './database.js';
import { digestOfText } from './digest.js';

const NAME = 'carzero-scores';
const ROWS = 'rows';

/** What the scores of an image are found by. @param {Pick<import('./table.js').Row, 'source' | 'name'>} row @param {string} model And what it runs on */
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
