/** The actions of an explanation: it is asked for while it is on show, here or step by step among the experiments, once for each picture and finding, and after all scores. */
import { Actions } from '../../core/actions.js';
import { phase } from '../../core/derived.js';
import { answerOrReason } from '../../core/errors.js';
import { keyOf } from '../../core/explanation.js';
import { Pump } from '../../core/pump.js';

export class WhyActions extends Actions {
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error), // it goes on with the next worker
  );

  /** @param {Partial<import('../../core/state.js').State['why']>} change */
  #change(change) {
    this.update({ why: { ...this.state.why, ...change } });
  }

  /** @param {boolean} open */
  open(open) {
    if (open !== this.state.why.open) this.#change({ open, word: null, hovered: null, at: null });
  }

  /** @param {Partial<import('../../core/explanation.js').Choice>} choice */
  choose(choice) {
    this.#change({ choice: { ...this.state.why.choice, ...choice } });
  }

  /** Shows a word's map while it is pointed at or has the focus. @param {number | null} index */
  hover(index) {
    this.#change({ hovered: index === null ? null : { finding: this.state.selected, index } });
  }

  /** Shows a word's map until it is pressed again. @param {number} index */
  press(index) {
    const {
      why: { word },
      selected,
    } = this.state;
    const again = word?.finding === selected && word.index === index;
    this.#change(again ? { word: null, hovered: null } : { word: { finding: selected, index } });
  }

  /** @param {import('../../core/explanation.js').Point | null} at A point of the picture, from 0 to 1 each way */
  point(at) {
    if (at || this.state.why.at) this.#change({ at });
  }

  /** Called for another model, which may have other layers, or another device. */
  forget() {
    const { why } = this.state;
    this.update({
      explanations: new Map(),
      why: { ...why, choice: { layer: -1, head: -1 }, word: null, hovered: null },
    });
  }

  /** Asks for what is missing. */
  settle() {
    this.#pump.run();
  }

  /** The next step towards a missing explanation, while nothing else is at work. */
  #next() {
    const { why, experiments, picture, selected, series, explanations } = this.state;
    if (!(why.open || experiments.open) || !picture || !selected || series?.shown || phase(this.state) !== 'done')
      return null;
    if ('moving' in picture.source && picture.source.moving) return null;
    return explanations.has(keyOf(picture.id, selected)) ? null : () => this.#explain(picture.id, selected);
  }

  /** @param {number} picture Id @param {string} finding */
  async #explain(picture, finding) {
    const answer = await answerOrReason(this.session.call('explain', { picture, finding }));
    const now = this.state.picture?.id;
    const kept = [...this.state.explanations].filter(([key]) => now !== undefined && key.startsWith(keyOf(now, '')));
    const fresh = picture === now ? [/** @type {const} */ ([keyOf(picture, finding), answer])] : [];
    this.update({ explanations: new Map([...kept, ...fresh]) });
  }
}
