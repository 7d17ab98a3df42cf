/**
 * The slow parts of starting begin first: this script runs while the browser still reads the rest of the page, and starts
 * a worker with the program and the model.
 */
import { build } from '../core/build.js';
import { folderOfAddress } from '../core/folders.js';
import { readPreference } from '../core/preference.js';
import { isForgetting } from '../core/stores.js';
import { begin } from '../worker/begin.js';
import { takeOver } from './offline.js';

async function beginFirst() {
  if (isForgetting()) return null;
  const begun = begin(folderOfAddress(location), { preference: readPreference() }, build());
  return (await takeOver()) ? null : begun;
}

/** Null where the page does not start: it is being loaded again, or everything was just forgotten. @type {Promise<import('../worker/begin.js').Begun | null>} */
export const first = beginFirst();
