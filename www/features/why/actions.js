/** What happens to an explanation: it is asked for while it is on show, once for each picture and finding, and after all scores. */
import { phase } from '../../core/state.js';
import { keyOf } from '../../core/explanation.js';

export class WhyActions {
  #store;
  #host;
  #busy = false;

  /** @param {import('../../core/state.js').Store} store @param {import('../../session.js').Host} host */
  constructor(store, host) {
    this.#store = store;
    this.#host = host;
  }

  get #state() {
    return this.#store.state;
  }

  /** @param {Partial<import('../../core/state.js').State['why']>} change */
  #update(change) {
    this.#store.update({ why: { ...this.#state.why, ...change } });
  }

  /** @param {boolean} open */
  open(open) {
    if (open !== this.#state.why.open) this.#update({ open, word: null, hovered: null, at: null });
  }

  /** @param {Partial<import('../../core/explanation.js').Choice>} choice */
  choose(choice) {
    this.#update({ choice: { ...this.#state.why.choice, ...choice } });
  }

  /** Shows a word's map while it is pointed at or has the focus. @param {number | null} index */
  hover(index) {
    this.#update({ hovered: index === null ? null : { finding: this.#state.selected, index } });
  }

  /** Shows a word's map until it is pressed again. @param {number} index */
  press(index) {
    const {
      why: { word },
      selected,
    } = this.#state;
    const again = word?.finding === selected && word.index === index;
    this.#update(again ? { word: null, hovered: null } : { word: { finding: selected, index } });
  }

  /** @param {import('../../core/explanation.js').Point | null} at A part of the picture */
  point(at) {
    if (at || this.#state.why.at) this.#update({ at });
  }

  /** Another model, or another device: it may have other layers. */
  forget() {
    const { why } = this.#state;
    this.#store.update({
      explanations: new Map(),
      why: { ...why, choice: { layer: -1, head: -1 }, word: null, hovered: null },
    });
  }

  /** The key that is missing while everything else rests, or ''. */
  #missing() {
    const { why, picture, selected, series, explanations } = this.#state;
    if (
      !why.open ||
      !selected ||
      series?.shown ||
      phase(this.#state) !== 'done' ||
      ('moving' in picture.source && picture.source.moving)
    )
      return '';
    const key = keyOf(picture.id, selected);
    return explanations.has(key) ? '' : key;
  }

  /** Asks for what is missing. Called after every change. */
  async pump() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let key = this.#missing(); key; key = this.#missing()) {
        const {
          picture: { id },
          selected: finding,
        } = this.#state;
        const answer = await this.#host.call('explain', { picture: id, finding }).catch((error) => {
          if (['stopped', 'device', 'crash'].includes(error.code)) throw error;
          return { error: error.message };
        });
        const now = this.#state.picture?.id;
        const kept = [...this.#state.explanations].filter(([other]) => other.startsWith(keyOf(now, '')));
        this.#store.update({
          explanations: new Map([...kept, ...(id === now ? [/** @type {const} */ ([key, answer])] : [])]),
        });
      }
    } catch (error) {
      if (error.code !== 'stopped') this.#host.failed(error); // a fresh worker comes back to it
    } finally {
      this.#busy = false;
    }
  }
}
