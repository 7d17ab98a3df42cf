/** The actions of a reader study: it is set up, read, continued after a reload, and measured. */
import { Actions } from '../../core/actions.js';
import { Database, answered } from '../../core/database.js';
import { codedFrom } from '../../core/errors.js';
import { programMessage } from '../../core/i18n.js';
import { drawnCases, readPack, withFiles } from '../../core/pack.js';
import { isOver, roundOf } from '../../core/round.js';
import { DAY, digestOf, isScoredAlike, measuredOf, resultOf, scoredBy, stepsOf } from '../../core/study.js';
import { WorkerClient } from '../../worker/client.js';
import { addedTo, resultFrom } from './results.js';

const RESAMPLES = 2000;
const NOW = 'now'; // key of the one study that is kept
const LEVELS = 5;

/** @typedef {import('../../core/study.js').StudyState} StudyState */

export class StudyActions extends Actions {
  #database = new Database('carzero-study', 'studies');
  /** @type {WorkerClient<import('../../worker/evaluator.js').Jobs> | null} */ #client = null;

  /** @param {Partial<StudyState>} change */
  #change(change) {
    this.update({ study: { ...this.state.study, ...change } });
  }

  /** @param {unknown} error */
  #fail(error) {
    const known = codedFrom(error);
    if (known.code !== 'stopped') this.#change({ error: programMessage(known), progress: null });
  }

  /** @param {boolean} open */
  show(open) {
    this.#change({ open, error: '' });
    const { kept, results, report, progress } = this.state.study;
    if (open && kept && isOver(kept) && results.length && !report && !progress) this.measure(); // of an earlier visit
  }

  /** @param {Partial<import('../../core/study.js').Settings>} settings */
  set(settings) {
    this.#change({ settings: { ...this.state.study.settings, ...settings }, error: '' });
  }

  /** Reads a case pack: images of one's own with what they show. @param {import('../../core/files.js').Named[]} files */
  async openPack(files) {
    try {
      const pack = await readPack(files);
      await Promise.all(pack.findings.map((finding) => this.session.call('sentence', { finding })));
      this.#change({ pack });
      this.set({ source: 'own', findings: pack.findings });
    } catch (error) {
      this.#change({ pack: null });
      this.#fail(error);
    }
  }

  /** Begins a study, in place of the one before. */
  async start() {
    const { settings, pack } = this.state.study;
    const { source, count, level, findings, design, washOut, seed, modelFrom, clock, reader } = settings;
    const drawn = () => drawnCases(seed, count, (level - 1) / (LEVELS - 1));
    const cases = source === 'own' ? (pack?.cases ?? []) : drawn();
    const digest = await digestOf(cases, findings, design);
    const scored = scoredBy(this.state.info);
    const plan = { digest, design, washOut, seed, clock, findings, modelFrom, reader, ...scored };
    const steps = stepsOf(plan, cases.length);
    this.#change({ dropped: this.#begun() });
    await this.#keep({ plan, cases, steps, at: 0, given: [], known: [], rested: 0, restDays: null });
    this.go();
  }

  /** Whether the model or its population is not the one that the study began with; if so, an error says that. @param {import('../../core/study.js').Plan} plan */
  #isOtherModel(plan) {
    const { info } = this.state;
    if (!info || isScoredAlike(plan, scoredBy(info))) return false;
    const [model, population] = [plan.model?.title ?? '–', plan.population ?? '–'];
    this.#change({ open: true, error: { key: 'study.otherModel', values: { model, population } } });
    return true;
  }

  /** Continues the current study. */
  go() {
    const { kept } = this.state.study;
    if (!kept) return;
    const { plan, cases, steps, at, given, known } = kept;
    if (this.#isOtherModel(plan)) return;
    this.#change({ open: false, error: '' });
    const { findings, clock } = plan;
    this.session.teaching.begin(roundOf({ purpose: 'study', cases, steps, at, findings, given, known, clock }));
  }

  /** Takes the images of the current study, which were chosen again. @param {import('../../core/files.js').Named[]} files */
  async reopen(files) {
    const { kept } = this.state.study;
    if (!kept) return;
    try {
      this.#change({ kept: { ...kept, cases: await withFiles(kept.cases, files) } });
      this.go();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Keeps the current study on this device, without its images. @param {import('../../core/study.js').Kept | null} kept */
  async #keep(kept) {
    this.#change({ kept });
    const cases = kept?.cases.map((one) => ('key' in one ? { ...one, file: null } : one));
    try {
      const store = await this.#database.store('readwrite');
      if (kept) await answered(store.put({ ...kept, cases }, NOW));
      else await answered(store.delete(NOW));
      this.#change({ stored: true });
    } catch {
      this.#change({ stored: false }); // no storage, or no room in it: it stays in memory
    }
  }

  /** Restores the study that was kept before the page was loaded again. */
  async resume() {
    try {
      if (!(await this.#database.exists())) return;
      const store = await this.#database.store('readonly');
      const kept = await answered(store.get(NOW));
      if (!kept) return;
      this.#change({ kept, open: kept.at < kept.steps.length });
      if (kept.given.length) this.#take();
    } catch {
      this.#change({ stored: false });
    }
  }

  /** Gives the current study up. It can be restored until another one begins, or the page is left. */
  discard() {
    this.#change({ dropped: this.#begun() });
    this.#keep(null);
  }

  /** The current study, if anything was read for it. */
  #begun() {
    const { kept } = this.state.study;
    return kept?.given.length ? kept : null;
  }

  /** Restores the study that was given up, or replaced by another one. */
  restore() {
    const { dropped } = this.state.study;
    this.#change({ dropped: this.#begun() });
    this.#keep(dropped);
    this.#take();
    if (dropped && isOver(dropped)) this.measure();
  }

  /** Called when a case was answered, or left out: keeps the study. @returns {boolean} Whether the session ends with it */
  answered() {
    const { round, study } = this.state;
    if (!round || !study.kept || this.#isOtherModel(study.kept.plan)) return true;
    const { cases, steps, at, given, known } = round;
    const rests = steps[at]?.session === 2 && steps[at - 1]?.session === 1;
    const ends = isOver(round) || rests;
    const rested = rests ? Date.now() : study.kept.rested;
    const began = steps[at - 1]?.session === 2 && study.kept.restDays === null;
    const restDays = began ? Math.floor((Date.now() - rested) / DAY) : study.kept.restDays;
    this.#keep({ ...study.kept, cases, steps, at, given, known, rested, restDays });
    if (ends) {
      this.#take();
      this.show(true);
      if (isOver(round)) this.measure();
    }
    return ends;
  }

  /** Adds the current study to the results. */
  #take() {
    const { kept, results } = this.state.study;
    if (kept) this.#change({ results: addedTo(results, resultOf(kept), true) });
  }

  /** Reads result files of other readers. @param {import('../../core/files.js').Named[]} files */
  async load(files) {
    try {
      let { results } = this.state.study;
      for (const { file } of files) results = addedTo(results, resultFrom(await file.text()), false);
      this.#change({ results, error: '' });
      await this.measure();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Removes a reader's results. @param {number} index */
  remove(index) {
    const { kept, results } = this.state.study;
    const { study, reader } = results[index];
    if (kept?.plan.digest === study.digest && kept.plan.reader === reader) this.discard();
    this.#change({
      results: this.state.study.results.filter((_each, i) => i !== index),
      report: null,
      byReader: new Map(),
    });
    if (this.state.study.results.length) this.measure();
  }

  async measure() {
    const { results } = this.state.study;
    this.#client?.stop();
    const client = (this.#client = new WorkerClient('./evaluator.js'));
    this.#change({ progress: { done: 0, of: RESAMPLES }, report: null, byReader: new Map(), part: 0, error: '' });
    try {
      const study = measuredOf(results, RESAMPLES);
      if (!study.cases) throw Object.assign(new Error('no case'), { code: 'study-unread' });
      const report = await client.call('study', { study }, (progress) => this.#change({ progress }));
      const byReader = new Map();
      for (const each of results.length > 1 ? results : [])
        byReader.set(each.reader, await client.call('study', { study: measuredOf([each], 0) }));
      this.#change({ report, byReader, progress: null });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Cuts the measuring short. */
  cancel() {
    this.#client?.stop();
    this.#change({ progress: null });
  }

  /** @param {number} part Of the report: the means, or a finding */
  select(part) {
    this.#change({ part });
  }
}
