/** What happens to experiments: while they are on show, what is missing of them is asked for, one pass over the image after another. */
import { Actions } from '../../core/actions.js';
import { phase } from '../../core/derived.js';
import { answerOrReason } from '../../core/errors.js';
import { auditKey, headsKey, partsKey, wordingsKey } from '../../core/experiments.js';
import { Pump } from '../../core/pump.js';

/** So many wordings of one's own are kept. */
const OWN_MAX = 20;

export class ExperimentActions extends Actions {
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error), // a fresh worker comes back to it
  );
  /** The audit that the worker has in hand. */
  #auditing = '';

  /** @param {Partial<import('../../core/experiments.js').Experiments>} change */
  #change(change) {
    this.update({ experiments: { ...this.state.experiments, ...change } });
  }

  /** @param {boolean} open @param {import('../../core/experiments.js').Experiment | null} [at] Where */
  show(open, at = null) {
    this.#change({ open, at, wanted: null });
  }

  /** Opens one as soon as a picture is scored. @param {import('../../core/experiments.js').Experiment | null} experiment */
  want(experiment) {
    this.#change({ wanted: experiment });
  }

  /** @param {import('../../core/experiments.js').Cover} cover With what places are covered */
  coverWith(cover) {
    this.#change({ cover });
  }

  /** @param {string} text A wording of one's own */
  addWording(text) {
    const { own } = this.state.experiments;
    if (!own.includes(text)) this.#change({ own: [...own, text].slice(-OWN_MAX) });
  }

  /** Another model, or another device. */
  forget() {
    this.#auditing = '';
    this.#change({ heads: new Map(), parts: new Map(), audits: new Map(), wordings: new Map() });
  }

  /** Opens what a link wants, and asks for what is missing. */
  settle() {
    const { experiments, picture, scores, selected } = this.state;
    const isScored = picture && scores.get(selected)?.picture === picture.id && phase(this.state) === 'done';
    if (experiments.wanted && isScored && !this.state.teaching) this.show(true, experiments.wanted);
    this.#pump.run();
  }

  /** What is missing while everything else rests. */
  #next() {
    const { experiments, picture, selected } = this.state;
    const score = this.state.scores.get(selected);
    if (!experiments.open || !picture || !score || phase(this.state) !== 'done') return null;
    const [heads, parts, audit] = [headsKey(this.state), partsKey(this.state), auditKey(this.state)];
    if (!experiments.heads.has(heads)) return () => this.#compareHeads(heads, picture.id, selected);
    if (!experiments.parts.has(parts)) return () => this.#ablate(parts, picture.id, selected);
    const wordings = wordingsKey(this.state);
    if (!experiments.wordings.has(wordings)) return () => this.#reword(wordings, picture.id, selected, experiments.own);
    const known = experiments.audits.get(audit);
    if (known && ('error' in known || known.report)) return null;
    if (known && this.#auditing === audit) return () => this.#step(audit);
    return () => this.#begin(audit, picture.id, selected, score[this.state.map.kind]);
  }

  /** @param {string} key @param {number} picture Id @param {string} finding */
  async #compareHeads(key, picture, finding) {
    const { findings } = this.state;
    const answer = await answerOrReason(this.session.call('bothHeads', { picture, findings, finding }));
    this.#change({ heads: this.#with(this.state.experiments.heads, key, answer) });
  }

  /** @param {string} key @param {number} picture Id @param {string} finding */
  async #ablate(key, picture, finding) {
    const answer = await answerOrReason(this.session.call('ablate', { picture, finding }));
    this.#change({ parts: this.#with(this.state.experiments.parts, key, answer) });
  }

  /** @param {string} key @param {number} picture Id @param {string} finding @param {readonly string[]} own */
  async #reword(key, picture, finding, own) {
    const answer = await answerOrReason(this.session.call('sensitivity', { picture, finding, own }));
    this.#change({ wordings: this.#with(this.state.experiments.wordings, key, answer) });
  }

  /** @param {string} key @param {number} picture Id @param {string} finding @param {Float32Array} map */
  async #begin(key, picture, finding, map) {
    const { cover } = this.state.experiments;
    const answer = await answerOrReason(this.session.call('audit', { picture, finding, map, cover }));
    this.#auditing = key;
    this.#keep(key, 'error' in answer ? answer : { ...answer, done: 0 });
  }

  /** @param {string} key */
  async #step(key) {
    this.#keep(key, await answerOrReason(this.session.call('auditStep', {})));
  }

  /** @param {string} key @param {import('../../core/experiments.js').Audit | {error: string}} audit */
  #keep(key, audit) {
    this.#change({ audits: this.#with(this.state.experiments.audits, key, audit) });
  }

  /** What is known of the picture on show, and one thing more. @template T @param {ReadonlyMap<string, T>} known @param {string} key @param {T} value */
  #with(known, key, value) {
    const own = [...known].filter(([other]) => other.startsWith(`${this.state.picture?.id}|`));
    return new Map([...own, [key, value]]);
  }
}
