/** The actions of experiments: while they are on show, missing results are asked for, one pass over the image after another. */
import { Actions } from '../../core/actions.js';
import { phase } from '../../core/derived.js';
import { answerOrReason } from '../../core/errors.js';
import { auditKey, curvesKey, headsKey, othersOf, partsKey, unmeasured, wordingsKey } from '../../core/experiments.js';
import { Pump } from '../../core/pump.js';

/** The results that are kept by keys. @typedef {'heads' | 'parts' | 'observations' | 'sides' | 'elsewhere' | 'curves' | 'audits' | 'wordings'} Kept */

/** How many of a person's own wordings are kept. */
const OWN_MAX = 20;

export class ExperimentActions extends Actions {
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error), // it goes on with the next worker
  );
  /** The audit and the curves that the worker has under way, by their keys. */
  #current = { audits: '', curves: '' };

  /** @param {Partial<import('../../core/experiments.js').Experiments>} change */
  #change(change) {
    this.update({ experiments: { ...this.state.experiments, ...change } });
  }

  /** @param {boolean} open @param {import('../../core/experiments.js').Experiment | null} [at] Where the dialog opens */
  show(open, at = null) {
    this.#change({ open, at, wanted: null });
  }

  /** Opens an experiment as soon as a picture is scored. @param {import('../../core/experiments.js').Experiment | null} experiment */
  want(experiment) {
    this.#change({ wanted: experiment });
  }

  /** @param {import('../../core/experiments.js').Cover} cover What places are covered with */
  coverWith(cover) {
    this.#change({ cover });
  }

  /** @param {string} text A wording of one's own */
  addWording(text) {
    const { own } = this.state.experiments;
    if (!own.includes(text)) this.#change({ own: [...own, text].slice(-OWN_MAX) });
  }

  /** Runs or pauses the forward passes for the curves. @param {boolean} curvesRun */
  takeCurves(curvesRun) {
    this.#change({ curvesRun });
  }

  /** Called for another model or another device: nothing is measured any more. */
  forget() {
    this.#current = { audits: '', curves: '' };
    this.#change(unmeasured());
  }

  /** Opens what a link wants, and asks for what is missing. */
  settle() {
    const { experiments, picture, scores, selected, round } = this.state;
    const isScored = picture && scores.get(selected)?.picture === picture.id && phase(this.state) === 'done';
    if (experiments.wanted && isScored && !round) this.show(true, experiments.wanted);
    this.#pump.run();
  }

  /** The next step towards a missing result, while nothing else is at work. */
  #next() {
    const { experiments, picture, selected } = this.state;
    const score = this.state.scores.get(selected);
    if (!experiments.open || !picture || !score || phase(this.state) !== 'done') return null;
    const open = this.#questions(picture.id).find(({ kind, key }) => !experiments[kind].has(key));
    if (open) return async () => this.#keep(open.kind, open.key, await open.ask());
    const others = othersOf(this.state);
    const done = experiments.elsewhere.get(partsKey(this.state)) ?? [];
    if (done.length < others.length) return () => this.#tryElsewhere(others[done.length], done);
    const map = score[this.state.map.kind];
    return (
      this.#passes('curves', curvesKey(this.state), picture.id, map) ??
      this.#passes('audits', auditKey(this.state), picture.id, map)
    );
  }

  /** Questions that need one answer each. @param {number} picture Id */
  #questions(picture) {
    const { findings, selected: finding, experiments } = this.state;
    const { call } = this.session;
    return /** @type {const} */ ([
      {
        kind: 'heads',
        key: headsKey(this.state),
        ask: () => answerOrReason(call('bothHeads', { picture, findings, finding })),
      },
      { kind: 'parts', key: partsKey(this.state), ask: () => answerOrReason(call('ablate', { picture, finding })) },
      {
        kind: 'observations',
        key: partsKey(this.state),
        ask: () => answerOrReason(call('observe', { picture, finding })),
      },
      {
        kind: 'wordings',
        key: wordingsKey(this.state),
        ask: () => answerOrReason(call('sensitivity', { picture, finding, own: experiments.own })),
      },
      { kind: 'sides', key: partsKey(this.state), ask: () => answerOrReason(call('sides', { picture, finding })) },
    ]);
  }

  /** @param {import('../../core/experiments.js').Other} other @param {(import('../../core/experiments.js').Elsewhere | {error: string})[]} done */
  async #tryElsewhere({ phantom, without }, done) {
    const { selected: finding } = this.state;
    const key = partsKey(this.state);
    const answer = await answerOrReason(this.session.call('elsewhere', { phantom, without, finding }));
    this.#keep('elsewhere', key, [...done, answer]);
  }

  /** The next step of an experiment of many passes: to begin it, or its next pass. Null if it is done, failed or paused. @param {'audits' | 'curves'} kind @param {string} key @param {number} picture Id @param {Float32Array} map */
  #passes(kind, key, picture, map) {
    const { experiments, selected: finding } = this.state;
    const { call } = this.session;
    const { cover, curvesRun } = experiments;
    const known = experiments[kind].get(key);
    if (known && ('error' in known || known.report || (kind === 'curves' && !curvesRun))) return null;
    if (known && this.#current[kind] === key)
      return async () =>
        this.#keep(
          kind,
          key,
          kind === 'curves'
            ? await answerOrReason(call('curvesStep', {}))
            : await answerOrReason(call('auditStep', {})),
        );
    return async () => {
      const begun =
        kind === 'curves'
          ? await answerOrReason(call('curves', { picture, finding, map }))
          : await answerOrReason(call('audit', { picture, finding, map, cover }));
      this.#current[kind] = key;
      this.#keep(kind, key, 'error' in begun ? begun : { ...begun, done: 0 });
    };
  }

  /** Keeps a result of the picture on show, and drops those of others. @param {Kept} kind @param {string} key @param {unknown} value */
  #keep(kind, key, value) {
    const own = [...this.state.experiments[kind]].filter(([other]) => other.startsWith(`${this.state.picture?.id}|`));
    this.#change({ [kind]: new Map([...own, [key, value]]) });
  }
}
