/**
 * A series as a table: which rows are on show, in which order, and how far the work is.
 *
 * @typedef {{finding: string, sentence: string, logit: number, i2t: number, t2i: number, percentile?: number, cosine?: number, wording?: import('./wording.js').Wording, measured?: import('./zone.js').Measured}} Mark A score without its maps
 * @typedef {{grey: Uint8ClampedArray<ArrayBuffer>, width: number, height: number}} Thumbnail
 * @typedef {object} Row
 * @property {number} id @property {{file: File, negative?: boolean}} source A handle, whose bytes are read when they are needed, and let go; `negative`: with black and white exchanged
 * @property {string} name With its folders, where it came from one
 * @property {'waiting' | 'done' | 'failed'} state @property {string} error Why it failed, as the program says it @property {import('./i18n.js').Message} reason The same, to be shown
 * @property {number} width @property {number} height Pixels, 0 until known
 * @property {import('./state.js').Warning[]} warnings @property {import('./state.js').Verdict=} verdict
 * @property {import('carzero').Groups} groups Of a DICOM file, by which an evaluation divides its figures
 * @property {Thumbnail | null} thumbnail
 * @property {ReadonlyMap<string, Mark>} marks By finding
 * @property {{of: readonly string[], values: Float32Array} | null} measured For a reference population: findings, and their numbers as `Model.measure` gives them
 *
 * @typedef {{by: string, down: boolean}} Sort By 'name', by a finding, or by '' for the order of arrival
 * @typedef {{name: string, finding: string, above: number | null}} Filter `finding` '' stands for any
 * @typedef {{rows: readonly Row[], left: import('./files.js').Left, running: boolean, shown: boolean, sort: Sort, filter: Filter, portions: number}} Series
 */

export const NAME = 'name';
/** @type {Intl.Collator | undefined} Made when it is needed, as that takes the browser a while */ let collator;
/** As people count: 2 before 10. @param {string} a @param {string} b */
export function compareNames(a, b) {
  collator ??= new Intl.Collator(undefined, { numeric: true });
  return collator.compare(a, b);
}
/** What is drawn at a time, in cells: a longer task would hold up the page. A row's head is as much work as five. */
const PORTION = 600;

/** @param {{file: File, name: string}[]} files @param {import('./files.js').Left} left @returns {Series} */
export const seriesOf = (files, left) => ({
  left,
  rows: files.map(({ file, name }, i) => ({
    id: i + 1,
    source: { file },
    name,
    state: 'waiting',
    error: '',
    reason: '',
    width: 0,
    height: 0,
    warnings: [],
    groups: {},
    thumbnail: null,
    marks: new Map(),
    measured: null,
  })),
  running: true,
  shown: true,
  sort: { by: '', down: false },
  filter: { name: '', finding: '', above: null },
  portions: 1,
});

/** What there is still to do for a row. @param {Row} row @param {readonly string[]} findings */
export const lacking = ({ state, marks }, findings) =>
  state === 'failed' ? [] : findings.filter((finding) => !marks.has(finding));

/** What a row is still to be measured for. @param {Row} row @param {readonly string[] | null} measuring Of a population, if there is to be one */
export const unmeasured = ({ state, measured }, measuring) =>
  measuring && state !== 'failed' && measured?.of !== measuring ? measuring : [];

/** @param {Row} row @param {readonly string[]} findings @param {readonly string[] | null} measuring */
const isOpen = (row, findings, measuring) =>
  row.state === 'waiting' || lacking(row, findings).length > 0 || unmeasured(row, measuring).length > 0;

/** The row to work on next: those without anything come first. @param {Series} series @param {readonly string[]} findings @param {readonly string[] | null} measuring */
export const nextRow = ({ rows }, findings, measuring) =>
  rows.find(({ state }) => state === 'waiting') ?? rows.find((row) => isOpen(row, findings, measuring));

/** `partly`: rows that were done, and want more now. @param {Series} series @param {readonly string[]} findings @param {readonly string[] | null} [measuring] */
export function progressOf({ rows }, findings, measuring = null) {
  const count = (/** @type {(row: Row) => boolean} */ test) => rows.reduce((sum, row) => sum + Number(test(row)), 0);
  return {
    total: rows.length,
    done: count((row) => !isOpen(row, findings, measuring)),
    partly: count((row) => row.state === 'done' && isOpen(row, findings, measuring)),
    failed: count(({ state }) => state === 'failed'),
  };
}

/** Those with a percentile come before those with a logit only; those without a score are always last. @param {Mark | undefined} one @param {Mark | undefined} two @param {boolean} down */
function compareMarks(one, two, down) {
  const place = (/** @type {Mark | undefined} */ mark) => (!mark ? 2 : mark.percentile === undefined ? 1 : 0);
  const apart = place(one) - place(two);
  if (apart || !one || !two) return apart;
  const rising = (one.percentile ?? 0) - (two.percentile ?? 0) || one.logit - two.logit;
  return down ? -rising : rising;
}

/** The rows that pass the filter, in order. @param {Series} series @param {readonly string[]} findings @returns {Row[]} */
export function rowsOnShow({ rows, sort, filter }, findings) {
  const wanted = filter.name.trim().toLowerCase();
  const asked = filter.finding ? [filter.finding] : findings;
  const { above } = filter;
  const kept = rows.filter(
    ({ name, marks }) =>
      name.toLowerCase().includes(wanted) &&
      (above === null || asked.some((finding) => (marks.get(finding)?.percentile ?? -1) > above)),
  );
  if (sort.by === NAME) kept.sort((one, two) => compareNames(one.name, two.name) * (sort.down ? -1 : 1));
  else if (sort.by) kept.sort((one, two) => compareMarks(one.marks.get(sort.by), two.marks.get(sort.by), sort.down));
  return kept;
}

/** How many rows are drawn; the others come when they are scrolled to. @param {Series} series @param {readonly string[]} findings */
export const rowsDrawn = ({ portions }, findings) => portions * Math.ceil(PORTION / (5 + findings.length));

/** What a click on a column's head asks for: names from A, findings from the highest. @param {Sort} sort @param {string} by @returns {Sort} */
export const sortBy = (sort, by) => ({ by, down: sort.by === by ? !sort.down : by !== NAME });
