/**
 * A series as a table: which rows are on show, in which order, and how far the work is.
 *
 * @typedef {import('./search.js').Search} Search
 * @typedef {{finding: string, sentence: string, logit: number, i2t: number, t2i: number, percentile?: number, cosine?: number, wording?: import('./wording.js').Wording, measured?: import('./zone.js').Measured}} Mark A score without its maps
 * @typedef {object} Row
 * @property {number} id @property {number} key Under which the worker keeps what it has encoded of the row @property {{file: File, negative?: boolean}} source A handle: its bytes are read when needed, and not kept; `negative`: with black and white exchanged
 * @property {string} name With its folders, if it came from any
 * @property {'waiting' | 'done' | 'failed'} state @property {string} error Why it failed, as the program says it @property {import('./i18n.js').Message} reason The same, to be shown
 * @property {number} width @property {number} height Pixels, 0 until known
 * @property {import('./state.js').Warning[]} warnings @property {import('./state.js').Verdict=} verdict
 * @property {import('carzero').Groups} groups Of a DICOM file, by which an evaluation divides its figures
 * @property {import('carzero').Thumbnail | null} thumbnail
 * @property {ReadonlyMap<string, Mark>} marks By finding
 * @property {boolean} kept Whether the worker has kept what scoring needs of it
 * @property {Float32Array | null} embedding The image encoder's global features
 * @property {RowMap | null} map Of the finding that was searched for last while it was in sight
 * @property {{of: readonly string[], values: Float32Array} | null} measured For a reference population: findings, and their numbers as `Model.measure` gives them
 *
 * @typedef {{finding: string, values: Float32Array, view: import('carzero').View}} RowMap A finding's attention over what the model saw of a row
 * @typedef {{by: string, down: boolean}} Sort By 'name', by a finding, by likeness, or by '' for the order of arrival
 * @typedef {{name: string, finding: string, above: number | null}} Filter `finding` '' stands for any
 * @typedef {{rows: readonly Row[], left: import('./files.js').Left, running: boolean, shown: boolean, sort: Sort, filter: Filter, portions: number, searching: boolean, search: Search | null, searchError: import('./i18n.js').Message, sight: ReadonlySet<number>}} Series `searching`: the field for it is on show; `sight`: ids of the rows that are on the screen
 */
import { LIKE, isOrigin, isRanked, lacksMap, likenessOf } from './search.js';

export const NAME = 'name';
/** @type {Intl.Collator | undefined} Made when it is needed, as that takes the browser a while */ let collator;
/** Compares names as people count: 2 comes before 10. @param {string} a @param {string} b */
export function compareNames(a, b) {
  collator ??= new Intl.Collator(undefined, { numeric: true });
  return collator.compare(a, b);
}
/** Files that are read ahead of the row that is being scored. */
const AHEAD = 6;
/** Table cells that are drawn at a time: a longer task would hold up the page. A row's header counts as five cells. */
const PORTION = 600;

let lastKey = 0;
/** A key under which the worker keeps nothing yet, for an image that was not yet encoded as it is now. */
export const freshKey = () => ++lastKey;

/** @param {{file: File, name: string}[]} files @param {import('./files.js').Left} left @returns {Series} */
export const seriesOf = (files, left) => ({
  left,
  rows: files.map(({ file, name }, i) => ({
    id: i + 1,
    key: freshKey(),
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
    kept: false,
    embedding: null,
    map: null,
    measured: null,
  })),
  running: true,
  shown: true,
  sort: { by: '', down: false },
  filter: { name: '', finding: '', above: null },
  portions: 1,
  searching: false,
  search: null,
  searchError: '',
  sight: new Set(),
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

/**
 * The rows to work on next: first those that a search needs, even while the series is paused, then those without any
 * result, then those that lack one. Rows that the worker has kept are not mixed with others, which take longer.
 *
 * @param {Series} series @param {readonly string[]} findings @param {readonly string[] | null} measuring @param {number} most How many rows
 * @returns {Row[]}
 */
export function nextRows({ rows, running, search, sight }, findings, measuring, most) {
  /** @type {((row: Row) => boolean)[]} */ const wishes = [];
  if (search)
    wishes.push(
      (row) => row.state === 'done' && !isRanked(search, row),
      (row) => row.state === 'done' && sight.has(row.id) && lacksMap(search, row),
    );
  if (search || running) wishes.push(({ state }) => state === 'waiting');
  if (running) wishes.push((row) => isOpen(row, findings, measuring));
  for (const wish of wishes) {
    const first = rows.find(wish);
    if (first) return rows.filter((row) => row.kept === first.kept && wish(row)).slice(0, most);
  }
  return [];
}

/** The waiting rows after one whose files are to be read next. @param {Series} series @param {Row} row @returns {Row[]} */
export function upcoming({ rows }, row) {
  if (row.state !== 'waiting') return [];
  const after = rows.slice(rows.indexOf(row) + 1);
  return after.filter(({ state }) => state === 'waiting').slice(0, AHEAD);
}

/** `partly`: rows that were done, but lack something again. @param {Series} series @param {readonly string[]} findings @param {readonly string[] | null} [measuring] */
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

/** By likeness: the image itself is at the top of falling order, and rows that are not encoded yet are last. @param {Row[]} rows @param {Search | null} search @param {boolean} down */
function sortByLikeness(rows, search, down) {
  const alike = new Map(rows.map((row) => [row, isOrigin(search, row) ? Infinity : (likenessOf(search, row) ?? NaN)]));
  rows.sort((one, two) => {
    const [a, b] = [alike.get(one) ?? NaN, alike.get(two) ?? NaN];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
    return a === b ? 0 : a < b === down ? 1 : -1;
  });
}

/** The rows that pass the filter, in order. @param {Series} series @param {readonly string[]} findings Of the columns @returns {Row[]} */
export function rowsOnShow({ rows, sort, filter, search }, findings) {
  const wanted = filter.name.trim().toLowerCase();
  const asked = filter.finding ? [filter.finding] : findings;
  const { above } = filter;
  const kept = rows.filter(
    ({ name, marks }) =>
      name.toLowerCase().includes(wanted) &&
      (above === null || asked.some((finding) => (marks.get(finding)?.percentile ?? -1) > above)),
  );
  if (sort.by === NAME) kept.sort((one, two) => compareNames(one.name, two.name) * (sort.down ? -1 : 1));
  else if (sort.by === LIKE) sortByLikeness(kept, search, sort.down);
  else if (sort.by) kept.sort((one, two) => compareMarks(one.marks.get(sort.by), two.marks.get(sort.by), sort.down));
  return kept;
}

/** How many rows are drawn; the others come when they are scrolled to. @param {Series} series @param {readonly string[]} findings */
export const rowsDrawn = ({ portions }, findings) => portions * Math.ceil(PORTION / (5 + findings.length));

/** What a click on a column's head asks for: names from A, findings from the highest. @param {Sort} sort @param {string} by @returns {Sort} */
export const sortBy = (sort, by) => ({ by, down: sort.by === by ? !sort.down : by !== NAME });
