/** What all files that leave this page share. They are in English. */

/** Stated in every table that leaves this page. */
export const PURPOSE = 'For teaching and research, not for diagnosis';

const KEPT_MS = 60_000; // how long the file's URL is valid: a browser may ask where to save

/** A number of the model, which is an f32, in its shortest form. @param {number | undefined} value @returns {number | undefined} */
export const short = (value) => (value === undefined ? undefined : Number(value.toPrecision(7)));

/** What identifies a model in a file. @param {import('../worker/jobs.js').ModelInfo} info */
export const modelOf = ({ name, title, version, sha256, precision, device }) => ({
  name,
  title,
  version,
  sha256,
  precision,
  device: device.kind,
});

/** Which images scores are ranked among; null if there are none. @param {{population?: string, ownImages?: number}} info */
export const referenceOf = ({ population, ownImages }) =>
  ownImages === undefined ? (population ?? null) : `${population} (own population of ${ownImages} images)`;

/** Saves a file, as a download. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
