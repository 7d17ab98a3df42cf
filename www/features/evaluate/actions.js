/** The actions of an evaluation once its table is read: the series is scored, and the module measures the scores. */
import { columnOf, initialEvaluation, predictionsOf, scoredAs, toldByFiles } from '../../core/evaluation.js';
import { KeptScores, keyOf } from '../../core/kept-scores.js';
import { Pump } from '../../core/pump.js';
import { progressOf } from '../../core/table.js';
import { mapsOf } from './maps.js';
import { TableActions } from './table.js';

const RESAMPLES = 2000;
const SEED = 1;

/**
 * @typedef {import('../../core/evaluation.js').Evaluation} Evaluation
 */

export class EvaluationActions extends TableActions {
  /** What to compare with. @type {{scores: Blob, name: import('../../core/i18n.js').Message} | undefined} */ #against;
  /** Maps of the findings that have boxes, as CSV. @type {string | undefined} */ #maps;
  #kept = new KeptScores();
  /** By a row's id, under what its scores are kept. @type {ReadonlyMap<number, string>} */ #keys = new Map();
  /** @type {number | undefined} */ #threshold;
  #pump = new Pump(
    () => (this.#threshold === undefined ? null : () => this.#decide()),
    (error) => this.fail(error),
  );

  /** @param {boolean} open */
  show(open) {
    if (!this.state.evaluation) this.update({ evaluation: initialEvaluation() });
    this.change({ open });
  }

  /** Called when images came with tables: nothing is scored until it is known for which findings. @param {import('../../core/files.js').Named[]} tables */
  begin(tables) {
    this.session.series.run(false);
    this.read(tables);
  }

  /** Called when the series is closed, or another one takes its place. */
  end() {
    this.stopWorker();
    this.#keys = new Map();
    this.update({ evaluation: null });
  }

  /** Called for another model or another device, whose scores are different. */
  forget() {
    this.#keys = new Map();
    if (this.state.evaluation?.step !== 'table') this.change({ step: 'table', report: null });
  }

  /** Scores what is not scored yet, and then measures. */
  async start() {
    const { evaluation } = this.state;
    if (!evaluation) return;
    const findings = [...new Set(evaluation.chosen.map((name) => scoredAs(evaluation, name)))];
    try {
      await Promise.all(findings.map((finding) => this.session.call('sentence', { finding })));
    } catch (error) {
      return this.fail(error);
    }
    await this.#restore();
    this.#against = this.#maps = undefined;
    this.change({ step: 'scoring', error: '', report: null });
    for (const { id, marks } of this.state.series?.rows ?? []) if (marks.size) this.keep(id);
    this.session.findings.replace(findings, { preset: '', removed: [], selectedByPerson: false });
    this.session.series.run(true);
  }

  /** Restores the scores of these images that were kept. */
  async #restore() {
    const { series, info, device } = this.state;
    const rows = series?.rows ?? [];
    try {
      const keys = await Promise.all(rows.map((row) => keyOf(row, `${info?.sha256} ${device?.kind}`)));
      const found = await this.#kept.find(keys);
      this.#keys = new Map(rows.map(({ id }, i) => [id, keys[i]]));
      this.session.series.restore(new Map(rows.flatMap(({ id }, i) => (found[i] ? [[id, found[i]]] : []))));
      await this.session.series.rank(); // they may have been ranked among other images
      this.change({ kept: true });
    } catch {
      this.change({ kept: false }); // no storage, or no room in it: scores stay in memory
    }
  }

  /** Keeps a row's scores. @param {number} id */
  async keep(id) {
    const { evaluation, series } = this.state;
    const [key, row] = [this.#keys.get(id), series?.rows.find((each) => each.id === id)];
    if (evaluation?.step !== 'scoring' || !evaluation.kept || !key || !row || row.source.negative) return;
    const { width, height, warnings, groups, verdict, marks } = row;
    await this.#kept
      .put(key, { width, height, warnings, groups, verdict, marks })
      .catch(() => this.change({ kept: false }));
  }

  /** Goes on as soon as what the current step waits for has arrived. */
  settle() {
    const { evaluation, series, findings, model } = this.state;
    if (evaluation?.understood && !evaluation.asked && this.session.model.hasProgram) this.nameFindings();
    if (evaluation?.step !== 'scoring' || !series || model !== 'ready') return;
    if (!evaluation.chosen.every((name) => findings.includes(scoredAs(evaluation, name)))) {
      this.change({ step: 'table', error: { key: 'evaluate.listChanged' } });
      return;
    }
    const { done, total } = progressOf(series, findings);
    if (done === total) this.#measure();
  }

  /** @param {{finding?: string, threshold?: number}} [shown] What is to stay on show */
  async #measure({ finding, threshold } = {}) {
    const { evaluation, series } = this.state;
    if (!evaluation?.understood || !series) return;
    const { tables, key, patient, slices, boxes } = evaluation.understood;
    const chooseOn = evaluation.chooseOn || undefined;
    const told = toldByFiles(evaluation, series.rows);
    const columns = [...slices.map(({ column }) => column), ...told.map(columnOf)];
    const settings = { tables, key, patient, chooseOn, slices: columns, boxes, seed: SEED, resamples: RESAMPLES };
    this.change({ step: 'mapping', progress: { done: 0, of: 1 }, error: '', compareError: '' });
    try {
      this.#maps ??= await this.#map();
      if (this.state.evaluation?.step !== 'mapping') return; // cancelled
      this.change({ step: 'measuring', progress: { done: 0, of: RESAMPLES } });
      const worker = await this.worker();
      const predictions = predictionsOf(evaluation, series.rows, { told });
      const asked = { predictions, against: this.#against?.scores, maps: this.#maps, settings };
      const report = await worker.call('evaluate', asked, (progress) => this.change({ progress }));
      this.change({ step: 'done', report, against: this.#against?.name ?? '' });
      await this.select(finding ?? report.findings[0].name, threshold);
    } catch (error) {
      const other = this.#against?.name;
      this.#against = undefined;
      const stays = this.state.evaluation?.report && this.hasWorker; // an old report stays, unless its worker has ended
      this.change({ step: stays ? 'done' : 'table' });
      this.fail(error, stays && other ? 'compareError' : 'error', typeof other === 'string' ? other : '');
    }
  }

  /** Maps of the findings that have boxes, if there are any. */
  #map() {
    const { evaluation, series, map } = this.state;
    if (!evaluation || !series) return undefined;
    return mapsOf(evaluation, series.rows, map.kind, this.session.call, (done, of) => {
      const goesOn = this.state.evaluation?.step === 'mapping';
      if (goesOn) this.change({ progress: { done, of } });
      return goesOn;
    });
  }

  /** Measures again, beside other scores of the same images. @param {Blob} scores As `predictionsOf` writes them @param {import('../../core/i18n.js').Message} name */
  #compare(scores, name) {
    this.#against = { scores, name };
    const { finding, decision } = this.state.evaluation ?? {};
    return this.#measure({ finding, threshold: decision?.threshold });
  }

  /** @param {File} file With other scores of the same images */
  compare(file) {
    return this.#compare(file, file.name);
  }

  /** Measures again, beside the cosine of the same images and findings. */
  compareCosine() {
    const { evaluation, series } = this.state;
    if (!evaluation || !series) return;
    const scores = new Blob([predictionsOf(evaluation, series.rows, { score: 'cosine' })]);
    this.#compare(scores, { key: 'heads.cosine' });
  }

  /** Continues or pauses the scoring. @param {boolean} running */
  run(running) {
    this.session.series.run(running);
  }

  cancel() {
    const { step } = this.state.evaluation ?? {};
    if (step === 'scoring') this.session.series.run(false);
    else if (step === 'measuring') this.stopWorker();
    this.change({ step: 'table' });
  }

  /** Shows a finding. @param {string} finding By its name in the table @param {number} [threshold] Another than its own */
  async select(finding, threshold) {
    this.change({ finding, curves: null, decision: null });
    const { report } = this.state.evaluation ?? {};
    const worker = await this.worker();
    const curves = (await worker.call('curves', { finding })) ?? null;
    if (this.state.evaluation?.finding !== finding) return;
    this.change({ curves });
    const own = report?.findings.find(({ name }) => name === finding)?.threshold;
    this.decide(threshold ?? own ?? curves?.scores.at(-1) ?? 0);
  }

  /** Asks which images a threshold calls present or absent, for the finding on show. @param {number} threshold */
  decide(threshold) {
    this.#threshold = threshold;
    this.#pump.run();
  }

  async #decide() {
    const { finding } = this.state.evaluation ?? {};
    const threshold = this.#threshold;
    this.#threshold = undefined;
    if (finding === undefined || threshold === undefined) return;
    const worker = await this.worker();
    const decision = await worker.call('decide', { finding, threshold });
    if (this.state.evaluation?.finding === finding) this.change({ decision: decision ?? null });
  }

  /** The curves of all findings, and the decisions at their thresholds, for a report. */
  async drawn() {
    const worker = await this.worker();
    const { findings = [] } = this.state.evaluation?.report ?? {};
    const all = findings.map(async (finding) => {
      const { name, threshold } = finding;
      const curves = await worker.call('curves', { finding: name });
      const decision = threshold === undefined ? undefined : await worker.call('decide', { finding: name, threshold });
      return curves ? [{ finding, curves, decision: decision ?? null }] : [];
    });
    return (await Promise.all(all)).flat();
  }

  /** @param {import('../../core/evaluation.js').Cell} cell Whose images to show */
  showCell(cell) {
    this.change({ cell });
  }

  /** Opens an image with the map of the finding on show. @param {string} image */
  view(image) {
    const { evaluation, series } = this.state;
    const row = series?.rows.find(({ name }) => name === image);
    if (!row || !evaluation) return;
    this.change({ open: false, viewed: image });
    this.session.findings.select(scoredAs(evaluation, evaluation.finding));
    this.session.series.view(row);
  }
}
