/** What happens to a comparison: keeping a picture beside the viewer's, and scoring it for the same findings. */
import { initialDisplay } from '../../core/state.js';
import { carryWindow } from '../../core/viewport/pixels.js';
import {
  displayBeside,
  findingBeside,
  isSame,
  otherFinding,
  overlayKeyBeside,
  pictureBeside,
  scoresBeside,
} from '../../core/beside.js';

const BATCH = 4;

export class CompareActions {
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

  /** @param {Partial<import('../../core/beside.js').Comparison>} change */
  #update(change) {
    this.#store.update({ compare: { ...this.#state.compare, ...change } });
  }

  /** The picture stays beside what is opened next; until then, two findings on it are compared. */
  start() {
    const { picture, scores } = this.#state;
    const compare = {
      picture,
      scores,
      loaded: true,
      finding: otherFinding(this.#state),
      linked: true,
      display: initialDisplay(),
      viewport: { width: 0, height: 0 },
      overlay: null,
    };
    this.#store.update({ compare });
  }

  stop() {
    const { compare } = this.#state;
    if (compare.loaded && !isSame(this.#state))
      this.#host.call('drop', { picture: compare.picture.id }).catch(() => {}); // an open call is only rejected by a stop
    this.#store.update({ compare: null });
  }

  /** @param {string} finding '' for the selected one */
  choose(finding) {
    this.#update({ finding });
  }

  /** @param {boolean} linked */
  link(linked) {
    this.#update({ linked, display: linked ? initialDisplay() : displayBeside(this.#state) });
  }

  /** @param {import('../../core/viewport/transform.js').Size} viewport */
  setViewport(viewport) {
    if (this.#state.compare) this.#update({ viewport });
  }

  /** Shows B otherwise, and A with it where they are linked. @param {Partial<import('../../core/state.js').Display>} patch */
  show(patch) {
    const { compare, picture, display } = this.#state;
    if (!compare.linked) return this.#update({ display: { ...compare.display, ...patch } });
    const { view = display.view, invert = display.invert } = patch;
    const window = patch.window
      ? carryWindow(patch.window, pictureBeside(this.#state).pixels.range, picture.pixels.range)
      : patch.window;
    this.#store.update({ display: { ...display, view, invert, ...('window' in patch && { window }) } });
  }

  /** Whether the worker must keep it. @param {import('../../core/state.js').Picture} picture */
  holds(picture) {
    return this.#state.compare?.picture.id === picture.id;
  }

  /** Another picture takes the viewer. @param {import('../../core/state.js').Picture | null} before @param {import('../../core/state.js').Picture} next */
  follow(before, next) {
    const { compare, scores } = this.#state;
    if (!compare || compare.picture.id !== before?.id) return;
    if (before.source === next.source)
      this.#update({ picture: next, scores: new Map(), loaded: true, overlay: null }); // the same again, after a restart
    else
      this.#update({
        picture: before,
        scores: new Map([...scores].filter(([, score]) => score.picture === before.id)),
        finding: '',
        overlay: null,
      });
  }

  /** Another model, or another device. */
  forget() {
    const { compare } = this.#state;
    if (compare)
      this.#update({
        picture: { ...compare.picture, view: null, verdict: undefined, encoded: false },
        scores: new Map(),
        loaded: false,
        overlay: null,
      });
  }

  /** Does the next thing that is missing while the viewer rests, until nothing is. Called after every change. */
  async pump() {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let step = this.#next(); step; step = this.#next()) await step();
    } catch (error) {
      if (error.code === 'stopped') return; // a fresh worker comes back to it
      if (error.code === 'device') this.#host.failed(error);
      else if (this.#state.compare) this.stop();
    } finally {
      this.#busy = false;
    }
  }

  /** @returns {(() => Promise<void>) | null} */
  #next() {
    const { compare, model, wanted, work, redraw, findings } = this.#state;
    if (!compare || model !== 'ready') return null;
    if (!isSame(this.#state) && !wanted && !work && !redraw) {
      const { picture, loaded, scores } = compare;
      const missing = findings.filter((finding) => !scores.has(finding));
      if (!loaded) return () => this.#load(picture);
      if (!picture.encoded) return () => this.#encode(picture);
      if (missing.length) return () => this.#score(picture, missing.slice(0, BATCH));
    }
    const key = overlayKeyBeside(this.#state);
    return key && key !== compare.overlay?.key ? () => this.#paint(key) : null;
  }

  /** Applies a change unless B is another picture by now. @param {number} id @param {() => Partial<import('../../core/beside.js').Comparison>} change */
  #apply(id, change) {
    if (this.#state.compare?.picture.id === id) this.#update(change());
  }

  /** @param {import('../../core/state.js').Picture} picture */
  async #load({ id, source }) {
    await this.#host.call('decode', { picture: id, source });
    this.#apply(id, () => ({ loaded: true }));
  }

  /** @param {import('../../core/state.js').Picture} picture */
  async #encode({ id }) {
    const { view, verdict } = await this.#host.call('encode', { picture: id });
    this.#apply(id, () => ({ picture: { ...this.#state.compare.picture, view, verdict, encoded: true } }));
  }

  /** @param {import('../../core/state.js').Picture} picture @param {string[]} findings */
  async #score({ id }, findings) {
    const { scores } = await this.#host.call('score', { picture: id, findings });
    this.#apply(id, () => ({
      scores: new Map([
        ...this.#state.compare.scores,
        ...findings.map((finding, i) => /** @type {const} */ ([finding, { ...scores[i], picture: id }])),
      ]),
    }));
  }

  /** @param {string} key */
  async #paint(key) {
    const {
      map: { kind, palette },
      compare: {
        picture: { id },
      },
    } = this.#state;
    const values = scoresBeside(this.#state).get(findingBeside(this.#state))[kind];
    const overlay = await this.#host.call('map', { map: values, palette });
    this.#apply(id, () => ({ overlay: { key, ...overlay } }));
  }
}
