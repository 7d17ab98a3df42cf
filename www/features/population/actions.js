/** The actions of the reference population: the series is measured, a file is read, or the model's own images are used again. */
import { Actions } from '../../core/actions.js';
import { codedFrom } from '../../core/errors.js';
import { scoredAs } from '../../core/evaluation.js';
import { programMessage } from '../../core/i18n.js';
import { readPopulation, writePopulation } from '../../core/preference.js';
import { progressOf } from '../../core/table.js';

/** @typedef {import('../../core/population.js').Population} Population */

export class PopulationActions extends Actions {
  /** The findings that rows were measured for last. @type {readonly string[]} */ #measured = [];

  /** @param {Partial<Population>} change */
  #change(change) {
    this.update({ population: { ...this.state.population, ...change } });
  }

  /** @param {unknown} error */
  #fail(error) {
    const known = codedFrom(error);
    if (known.code !== 'stopped') this.#change({ error: programMessage(known) });
  }

  /** @param {boolean} open */
  show(open) {
    this.#change({ open, error: '' });
  }

  /** Measures the images of the series, which may have been scored for other findings. @param {string} name */
  async measure(name) {
    try {
      const findings = await this.session.call('measurable', { more: this.state.findings });
      if (findings.join('\n') !== this.#measured.join('\n')) this.#measured = findings;
      this.#change({ name, measuring: this.#measured, error: '' });
      this.session.series.run(true);
    } catch (error) {
      this.#fail(error);
    }
  }

  cancel() {
    this.#change({ measuring: null });
  }

  /** Makes the population once every image of the series is measured. */
  settle() {
    const { series, population, model } = this.state;
    const { measuring } = population;
    if (!measuring || model !== 'ready') return;
    if (!series) return this.cancel();
    const { done, total } = progressOf(series, [], measuring);
    if (done < total) return;
    this.cancel();
    this.#make(measuring, series.rows);
  }

  /** @param {readonly string[]} findings @param {readonly import('../../core/table.js').Row[]} rows */
  async #make(findings, rows) {
    const { name } = this.state.population;
    const values = rows.flatMap(({ measured }) => (measured?.of === findings ? [measured.values] : []));
    const scores = new Float32Array(values.reduce((sum, { length }) => sum + length, 0));
    values.reduce((at, each) => {
      scores.set(each, at);
      return at + each.length;
    }, 0);
    const images = values.length;
    try {
      const asked = { name, findings: [...findings], scores, images, labelled: this.#labelled() };
      await this.use(await this.session.call('populationOf', asked));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** What the evaluation of these same images has measured with labels, by finding. @returns {import('carzero').Labelled[]} */
  #labelled() {
    const { evaluation } = this.state;
    return (evaluation?.report?.findings ?? []).flatMap(({ name, positives, negatives, auroc, undecided }) => {
      if (!evaluation || !auroc) return [];
      const { value, interval } = auroc;
      return { finding: scoredAs(evaluation, name), positives, negatives, auroc: value, interval, undecided };
    });
  }

  /** @param {Blob} file */
  async open(file) {
    await this.use((await file.text()) || '{}'); // '' would stand for the model's images
  }

  /** Ranks all scores among other images. @param {string} file '' for those of the model */
  async use(file) {
    try {
      const { info: before, population } = this.state;
      const info = await this.session.call('rankAmong', { file });
      writePopulation(file);
      this.update({ info, scores: new Map(), overlay: null });
      const replaced = { name: before?.population ?? '', file: population.file };
      const dropped = [replaced, population.dropped].find((each) => each?.file && each.file !== file) ?? null;
      this.#change({ file, dropped, error: '' });
      this.session.comparison.scoreAgain();
      this.session.experiments.forget();
      await this.session.series.rank();
      this.session.scoring.run();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Restores the population of the last visit, if it was measured with this model. Returns the model's info, changed by that. @param {import('carzero').ModelInfo} info */
  async restore(info) {
    const file = readPopulation();
    const ranked = file ? await this.session.call('rankAmong', { file }).catch(() => null) : null;
    this.#change({ file: ranked ? file : '', measuring: null });
    return ranked ?? info;
  }
}
