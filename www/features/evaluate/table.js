/** The tables of an evaluation: what the page understands of them, and what a person corrects before anything is scored. */
import { Actions } from '../../core/actions.js';
import { CodedError, codedFrom } from '../../core/errors.js';
import { initialEvaluation } from '../../core/evaluation.js';
import { programMessage } from '../../core/i18n.js';
import { tidy } from '../../core/words.js';
import { WorkerClient } from '../../worker/client.js';
import { errorInWords } from './words.js';

/**
 * @typedef {import('../../core/evaluation.js').Evaluation} Evaluation
 * @typedef {import('../../worker/evaluator.js').Jobs} Jobs
 */

export class TableActions extends Actions {
  /** @type {WorkerClient<Jobs> | null} */ #client = null;
  /** @type {Promise<string[][]> | null} */ #opened = null;
  /** @type {import('../../core/files.js').Named[]} */ #files = [];

  /** Changes the evaluation, if there is one. @param {Partial<Evaluation>} change */
  change(change) {
    const { evaluation } = this.state;
    if (evaluation) this.update({ evaluation: { ...evaluation, ...change } });
  }

  /** Ends the evaluation's worker, and drops what it has measured. */
  stopWorker() {
    this.#client?.stop();
    this.#client = this.#opened = null;
  }

  get hasWorker() {
    return this.#client !== null;
  }

  /** The worker that measures; after an end a fresh one. @returns {Promise<WorkerClient<Jobs>>} */
  async worker() {
    this.#client ??= new WorkerClient('./evaluator.js');
    const client = this.#client;
    await (this.#opened ??= client.call('open', { tables: this.#files }));
    return client;
  }

  /** Says what went wrong. @param {unknown} error @param {'error' | 'compareError'} [place] Where @param {string} [other] Name of the file with other scores */
  fail(error, place = 'error', other = '') {
    const known = codedFrom(error);
    if (known.code === 'stopped' && !known.cause) return; // stopped by the person
    if (known.code === 'stopped') this.stopWorker();
    this.change({ [place]: errorInWords(known, other) ?? programMessage(known) });
  }

  /** Takes tables, in place of those before. @param {import('../../core/files.js').Named[]} files */
  async read(files) {
    this.stopWorker();
    this.#files = files;
    this.update({ evaluation: { ...initialEvaluation(), reading: true } });
    try {
      await this.worker();
      const columns = (await this.#opened) ?? [];
      this.change({ tables: files.map(({ name }, i) => ({ name, columns: columns[i] })) });
      await this.#understand();
    } catch (error) {
      this.stopWorker();
      this.fail(error);
    }
    this.change({ reading: false });
  }

  /** @param {import('../../core/evaluation.js').Corrections} corrections */
  async correct(corrections) {
    const before = 'table' in corrections ? {} : this.state.evaluation?.corrections;
    this.change({ corrections: { ...before, ...corrections }, error: '' });
    await this.#understand().catch((error) => this.fail(error));
  }

  async #understand() {
    const { series, evaluation } = this.state;
    if (!series || !evaluation) return;
    this.change({ understood: null, asked: null, chosen: [], chooseOn: '' });
    const images = series.rows.map(({ name }) => name);
    const seen = new Set();
    const twice = images.find((name) => seen.size === seen.add(name).size);
    if (twice) throw Object.assign(new CodedError('two-images', twice), { values: { name: twice } });
    const worker = await this.worker();
    const understood = await worker.call('understand', { images, corrections: evaluation.corrections });
    if (this.state.evaluation?.corrections === evaluation.corrections) this.change({ understood });
  }

  /** Finds for each finding of the table the finding that is to be scored. */
  async nameFindings() {
    const { understood } = this.state.evaluation ?? {};
    this.change({ asked: new Map() });
    const asked = await Promise.all(
      (understood?.findings ?? []).map(async ({ name }) => {
        const text = name.replaceAll('_', ' ');
        const { names, near } = await this.session.call('typed', { text });
        const finding = names.at(0) ?? near;
        return /** @type {const} */ ([name, { finding: finding ?? text, known: finding !== undefined }]);
      }),
    ).catch(() => null);
    if (!asked || this.state.evaluation?.understood !== understood) return;
    const both = new Set(understood?.findings.flatMap((each) => (each.positives && each.negatives ? [each.name] : [])));
    const chosen = asked.filter(([name, { known }]) => known && both.has(name)).map(([name]) => name);
    this.change({ asked: new Map(asked), chosen });
  }

  /** Sets what is scored for a finding of the table from now on: a person's own wording, unchanged. @param {string} name In the table @param {string} wording */
  ask(name, wording) {
    const { asked } = this.state.evaluation ?? {};
    const finding = tidy(wording) || name.replaceAll('_', ' ');
    if (asked) this.change({ asked: new Map([...asked, [name, { finding, known: true }]]), error: '' });
    this.choose(name, true);
  }

  /** @param {string} name In the table @param {boolean} on */
  choose(name, on) {
    const { understood, chosen = [] } = this.state.evaluation ?? {};
    const all = understood?.findings.map((each) => each.name) ?? [];
    this.change({ chosen: all.filter((each) => (each === name ? on : chosen.includes(each))), error: '' });
  }

  /** @param {string} chooseOn */
  chooseOn(chooseOn) {
    this.change({ chooseOn });
  }
}
