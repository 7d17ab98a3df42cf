/** What is written down wherever numbers leave this page; files are in English. */

/** In every table that leaves this page. */
export const PURPOSE = 'For teaching and research, not for diagnosis';

const KEPT_MS = 60_000; // a browser may ask where to save

/** A number of the model, which is an f32, in its shortest form. @param {number | undefined} value @returns {number | undefined} */
export const short = (value) => (value === undefined ? undefined : Number(value.toPrecision(7)));

/** Which model it was. @param {import('../worker/jobs.js').ModelInfo} info */
export const modelOf = ({ name, title, version, sha256, precision, device }) => ({
  name,
  title,
  version,
  sha256,
  precision,
  device: device.kind,
});

/** Which images scores are ranked among; null where there are none. @param {{population?: string, ownImages?: number}} info */
export const referenceOf = ({ population, ownImages }) =>
  ownImages === undefined ? (population ?? null) : `${population} (own population of ${ownImages} images)`;

/** A file to be kept. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
