/** What happens to a series. One image is in the worker at a time, and nothing of it stays there. */
import { programMessage } from '../../core/i18n.js';
import { count } from '../../core/files.js';
import { lacking, nextRow, seriesOf, sortBy } from '../../core/table.js';

const THUMBNAIL = 96; // pixels of the longer side
const CRASHED = {
  state: /** @type {const} */ ('failed'),
  error: 'The program stopped while it read this file.',
  reason: { key: 'series.crashed' },
};

export class SeriesActions {
  #store;
  #host;
  #busy = false;

  /** @param {import('../../core/state.js').Store} store @param {import('../../session.js').Host} host */
  constructor(store, host) {
    this.#store = store;
    this.#host = host;
  }

  get #series() {
    return this.#store.state.series;
  }

  /** @param {Partial<import('../../core/table.js').Series>} change */
  #update(change) {
    this.#store.update({ series: { ...this.#series, ...change } });
  }

  /** Replaces the series before. @param {import('../../core/files.js').Named[]} files @param {import('../../core/files.js').Left} left What was with them, and is no image */
  open(files, left) {
    this.#store.update({ series: seriesOf(files, left), notice: null });
  }

  close() {
    this.#store.update({ series: null });
  }

  /** Table or viewer. @param {boolean} shown */
  show(shown) {
    this.#update({ shown });
  }

  /** @param {boolean} running */
  run(running) {
    this.#update({ running });
  }

  /** @param {string} by */
  sort(by) {
    this.#update({ sort: sortBy(this.#series.sort, by) });
  }

  /** @param {Partial<import('../../core/table.js').Filter>} change */
  filter(change) {
    this.#update({ filter: { ...this.#series.filter, ...change }, portions: 1 });
  }

  showMore() {
    this.#update({ portions: this.#series.portions + 1 });
  }

  /** Decodes the picture again, for the viewer. @param {import('../../core/table.js').Row} row */
  view({ file, name }) {
    this.#host.openFile(file, name);
  }

  /** Another model, or another device: nothing is scored yet. What could not be read stays so. */
  forget() {
    const rows = this.#series?.rows.map((row) =>
      row.state === 'failed'
        ? row
        : { ...row, state: /** @type {const} */ ('waiting'), verdict: undefined, marks: new Map() },
    );
    if (rows) this.#update({ rows });
  }

  /** Scores row after row while the viewer rests. Called after every change. */
  async pump() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let row = this.#next(); row; row = this.#next()) await this.#assess(row);
    } finally {
      this.#busy = false;
    }
  }

  #next() {
    const { series, model, findings, wanted, work, redraw } = this.#store.state;
    return series?.running && model === 'ready' && !wanted && !work && !redraw ? nextRow(series, findings) : undefined;
  }

  /** @param {import('../../core/table.js').Row} row */
  async #assess(row) {
    const change = (/** @type {Partial<import('../../core/table.js').Row>} */ patch) => {
      const rows = this.#series?.rows ?? [];
      if (!rows.includes(row)) return; // another series, or another model
      this.#update({ rows: rows.map((other) => (other === row ? { ...row, ...patch } : other)) });
    };
    try {
      const findings = lacking(row, this.#store.state.findings);
      const { scores, ...facts } = await this.#host.call('assess', { file: row.file, findings, side: THUMBNAIL });
      const fresh = scores.map(
        (/** @type {import('../../core/table.js').Mark} */ mark) => /** @type {const} */ ([mark.finding, mark]),
      );
      change({ ...facts, state: 'done', marks: new Map([...row.marks, ...fresh]) });
    } catch (error) {
      if (error.code === 'stopped') return void (error.cause && change(CRASHED)); // once more after a restart: its rows are new
      if (error.code === 'device') return this.#host.failed(error);
      if (error.code === 'no-picture' && this.#series.rows.length > 1) {
        // a report or a plan, as discs and archives hold them
        const { rows, left } = this.#series;
        if (rows.includes(row))
          this.#update({
            rows: rows.filter((other) => other !== row),
            left: count(left, ['DICOM', error.values?.modality].filter(Boolean).join(' ')),
          });
        return;
      }
      change({ state: 'failed', error: error.message, reason: programMessage(error) });
    }
  }
}
