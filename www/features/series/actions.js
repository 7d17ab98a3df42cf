/** The actions of a series. One picture is scored at a time, while the files of the next ones are read; of each the worker keeps only what further sentences need. */
import { Actions } from '../../core/actions.js';
import { codedFrom } from '../../core/errors.js';
import { programMessage } from '../../core/i18n.js';
import { count } from '../../core/files.js';
import { Pump } from '../../core/pump.js';
import { LIKE, columnsOf, lacksMap } from '../../core/search.js';
import { freshKey, lacking, nextRows, seriesOf, sortBy, unmeasured, upcoming } from '../../core/table.js';

/** So many rows are assessed at a time that it takes about this long: a viewer that needs the worker has to wait for them. */
const STEP_MS = 100;
const MOST_AT_ONCE = 32;
const THUMBNAIL = 96; // pixels of the longer side
const CRASHED = {
  state: /** @type {const} */ ('failed'),
  error: 'The program stopped while it read this file.',
  reason: { key: 'series.crashed' },
};

/**
 * @typedef {import('../../core/table.js').Row} Row
 * @typedef {import('../../core/table.js').Series} Series
 */

/** @param {Row} row @returns {Row} */
const unscored = (row) => ({
  ...row,
  key: freshKey(),
  state: 'waiting',
  verdict: undefined,
  marks: new Map(),
  kept: false,
  embedding: null,
  map: null,
  measured: null,
});

export class SeriesActions extends Actions {
  #atOnce = 1;
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error),
  );

  /** Changes the series, if there is one. @param {(series: Series) => Partial<Series>} change */
  #change(change) {
    const { series } = this.state;
    if (series) this.update({ series: { ...series, ...change(series) } });
  }

  /** Replaces the series before. @param {import('../../core/files.js').Named[]} files @param {import('../../core/files.js').Left} left Counts of the other files, which are no images */
  open(files, left) {
    this.session.evaluation.end();
    this.#letGo();
    this.update({ series: seriesOf(files, left), notice: null });
  }

  close() {
    this.session.evaluation.end();
    this.#letGo();
    this.update({ series: null });
  }

  /** Drops what the worker has kept of the images. */
  #letGo() {
    this.session.call('letGo', {}).catch(() => {}); // a worker that has ended holds nothing any more
  }

  /** Shows the table, or the viewer. @param {boolean} shown */
  show(shown) {
    this.#change(() => ({ shown }));
  }

  /** Goes from the table, if it is on show, to the viewer. */
  leaveTable() {
    if (this.state.series?.shown) this.show(false);
  }

  /** @param {boolean} running */
  run(running) {
    this.#change(() => ({ running }));
  }

  /** @param {string} by */
  sort(by) {
    this.#change(({ sort }) => ({ sort: sortBy(sort, by) }));
  }

  /** @param {Partial<import('../../core/table.js').Filter>} change */
  filter(change) {
    this.#change(({ filter }) => ({ filter: { ...filter, ...change }, portions: 1 }));
  }

  /** @param {import('../../core/search.js').ByText | import('../../core/search.js').ByImage} wanted @param {string} by Its column */
  #search(wanted, by) {
    this.#change(({ search, sort }) => ({
      search: { ...wanted, before: search?.before ?? sort },
      searchError: '',
      sort: { by, down: true },
      portions: 1,
    }));
  }

  /** Shows or hides the search field. @param {boolean} searching */
  showSearch(searching) {
    this.#change(() => ({ searching }));
  }

  /** Ranks the images by what is typed, as the finding that it stands for; '' ends the search. @param {string} text */
  async searchText(text) {
    const typed = text.trim().replace(/\s+/g, ' ');
    if (!typed) return this.endSearch();
    const { finding, typed: understood } = await this.session.findings.read(typed);
    const { statements, near } = understood;
    if (!finding && !near && statements.length > 1) {
      this.#change(() => ({ searchError: { key: 'search.many', values: { count: statements.length } } }));
      return;
    }
    const stated = statements.at(0)?.prompt.replace(/^There is (?!no )/, ''); // in the form of the list's findings
    const wanted = finding ?? stated ?? typed;
    try {
      await this.session.call('sentence', { finding: wanted });
      this.#search({ by: 'text', finding: wanted, typed }, wanted);
    } catch (error) {
      const known = codedFrom(error);
      if (known.code !== 'stopped') this.#change(() => ({ searchError: programMessage(known) }));
    }
  }

  /** Ranks the images by their likeness to the one in the viewer. */
  searchLike() {
    const { picture } = this.state;
    if (!picture?.embedding) return;
    const { name, embedding, source } = picture;
    this.#search({ by: 'image', file: 'file' in source ? source.file : null, name, embedding }, LIKE);
  }

  /** Ends the search, and restores the order before it. */
  endSearch() {
    this.#change(({ search, sort }) => {
      const column = search?.by === 'text' ? search.finding : LIKE;
      return { search: null, searchError: '', sort: search && sort.by === column ? search.before : sort };
    });
  }

  /** Takes note which rows are on the screen, while there is a search. @param {ReadonlySet<number>} sight */
  see(sight) {
    this.#change(() => ({ sight }));
  }

  showMore() {
    this.#change(({ portions }) => ({ portions: portions + 1 }));
  }

  /** Decodes the picture again, for the viewer. @param {import('../../core/table.js').Row} row */
  view({ source, name }) {
    this.session.picture.openFile(source.file, name, source.negative);
  }

  /** An image is scored anew, with black and white exchanged or as it is. @param {{file: Blob, negative: boolean}} source */
  exchange({ file, negative }) {
    if (this.state.series?.rows.some((row) => row.source.file === file)) this.session.evaluation.forget();
    const { search } = this.state.series ?? {};
    if (search?.by === 'image' && search.file === file) this.endSearch();
    this.#change(({ rows }) => ({
      rows: rows.map((row) =>
        row.source.file === file ? unscored({ ...row, source: { ...row.source, negative } }) : row,
      ),
    }));
  }

  /** Called for another model or another device: nothing is scored now. Rows that could not be read stay failed. */
  forget() {
    if (this.state.series?.search?.by === 'image') this.endSearch();
    this.#change(({ rows }) => ({
      rows: rows.map((row) => (row.state === 'failed' ? row : unscored(row))),
    }));
  }

  /** Restores rows that were scored on another visit. @param {ReadonlyMap<number, Partial<Row>>} known By id */
  restore(known) {
    this.#change(({ rows }) => ({
      rows: rows.map((row) => {
        const found = row.state === 'failed' ? undefined : known.get(row.id);
        return found?.marks ? { ...row, ...found, state: 'done', marks: new Map([...found.marks, ...row.marks]) } : row;
      }),
    }));
  }

  /** Ranks all scores anew, among the images that are in use now. The logits stay. */
  async rank() {
    /** @type {Map<string, import('../../core/table.js').Mark[]>} */ const marks = new Map();
    for (const row of this.state.series?.rows ?? [])
      for (const [finding, mark] of row.marks) marks.set(finding, [...(marks.get(finding) ?? []), mark]);
    const all = [...marks].map(([finding, of]) => ({ finding, logits: Float32Array.from(of, ({ logit }) => logit) }));
    const ranked = await this.session.call('rank', { all });
    /** @type {Map<import('../../core/table.js').Mark, import('../../core/table.js').Mark>} */ const fresh = new Map();
    [...marks.values()].forEach((of, at) => {
      const { percentiles, measured } = ranked[at];
      of.forEach((mark, i) => fresh.set(mark, { ...mark, percentile: percentiles?.[i], measured }));
    });
    this.#change(({ rows }) => ({
      rows: rows.map((row) => ({
        ...row,
        marks: new Map([...row.marks].map(([finding, mark]) => [finding, fresh.get(mark) ?? mark])),
      })),
    }));
  }

  /** Scores row after row while the viewer has nothing to do. */
  settle() {
    this.#pump.run();
  }

  #next() {
    const { series, model, findings, wanted, work, redraw, population } = this.state;
    const rests = series && model === 'ready' && !wanted && !work && !redraw;
    const rows = rests ? nextRows(series, findings, population.measuring, this.#atOnce) : [];
    return rows.length ? () => this.#assess(rows) : null;
  }

  /** Changes a row that was not read, or removes it. @param {Row} row @param {Partial<Row> | null} patch Null removes it */
  #settleRow(row, patch) {
    this.#change(({ rows }) => ({
      rows: rows.flatMap((other) => (other !== row ? [other] : patch ? [{ ...row, ...patch }] : [])),
    }));
  }

  /** Assesses rows. Results are dropped for rows that were replaced meanwhile, by another series or another model. @param {readonly Row[]} rows */
  async #assess(rows) {
    /** @type {Map<Row, Partial<Row>>} */ const patches = new Map();
    let stopped = false;
    const assess = async (/** @type {Row} */ row) => {
      try {
        patches.set(row, await this.#ask(row));
      } catch (error) {
        const known = codedFrom(error);
        if (known.code !== 'stopped') return this.#fail(row, known);
        // A crash rejects all open calls in their order, so the first row caused it. No effect after a restart, which replaces rows.
        if (known.cause && !row.kept && !stopped) this.#settleRow(row, CRASHED);
        stopped = true;
      }
    };
    const start = performance.now();
    await Promise.all(rows.map(assess));
    const each = (performance.now() - start) / rows.length;
    this.#atOnce = Math.max(1, Math.min(2 * rows.length, MOST_AT_ONCE, Math.round(STEP_MS / each)));
    this.#change(({ rows: all }) => ({
      rows: all.map((row) => (patches.has(row) ? { ...row, ...patches.get(row) } : row)),
    }));
    for (const { id } of patches.keys()) this.session.evaluation.keep(id);
  }

  /** Asks the worker for what a row lacks. @param {Row} row @returns {Promise<Partial<Row>>} */
  async #ask(row) {
    const { series, findings: listed, population } = this.state;
    if (!series) return {};
    const { running, search, sight } = series;
    const mapped = search?.by === 'text' && sight.has(row.id) && lacksMap(search, row) ? search.finding : '';
    const missing = lacking(row, columnsOf(series, running ? listed : []));
    const findings = mapped && !missing.includes(mapped) ? [mapped, ...missing] : missing;
    const measure = running ? unmeasured(row, population.measuring) : [];
    const { key, source, kept } = row;
    const ahead = upcoming(series, row).map((next) => ({ key: next.key, source: next.source }));
    const asked = { key, source, kept, findings, measure, mapped, side: THUMBNAIL, ahead };
    const { facts, scores, measured: values, map } = await this.session.call('assess', asked);
    const marks = scores.map((mark) => /** @type {const} */ ([mark.finding, mark]));
    return {
      ...facts,
      state: 'done',
      marks: new Map([...row.marks, ...marks]),
      ...(map && { map }),
      ...(measure.length && { measured: { of: measure, values } }),
    };
  }

  /** @param {Row} row @param {import('../../core/errors.js').Known} error */
  #fail(row, error) {
    const { code, message, values } = error;
    const { rows = [] } = this.state.series ?? {};
    if (code === 'device') this.session.model.failed(error);
    else if (code === 'no-picture' && rows.length > 1) {
      if (!rows.includes(row)) return;
      const kind = ['DICOM', values?.modality].filter(Boolean).join(' '); // a report or a plan, as discs and archives hold too
      this.#settleRow(row, null);
      this.#change(({ left }) => ({ left: count(left, kind) }));
    } else this.#settleRow(row, { state: 'failed', error: message, reason: programMessage(error) });
  }
}
