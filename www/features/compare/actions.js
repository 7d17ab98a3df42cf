/** The actions of a comparison: keeping a picture beside the viewer's, and scoring it for the same findings. */
import { Actions } from '../../core/actions.js';
import { codedFrom } from '../../core/errors.js';
import { Pump } from '../../core/pump.js';
import { rampOf } from '../../core/map.js';
import { initialDisplay } from '../../core/state.js';
import { paintMap } from '../../core/viewport/heatmap.js';
import { carryWindow } from '../../core/viewport/pixels.js';
import {
  displayBeside,
  isCompared,
  findingBeside,
  isSame,
  otherFinding,
  overlayKeyBeside,
  pictureBeside,
  scoresBeside,
} from '../../core/beside.js';

const BATCH = 4;

/**
 * @typedef {import('../../core/beside.js').Comparison} Comparison
 * @typedef {import('../../core/state.js').Picture} Picture
 */

export class CompareActions extends Actions {
  #pump = new Pump(
    () => this.#next(),
    (error) => this.#fail(error),
  );

  /** Changes the comparison, if there is one. @param {(compare: Comparison) => Partial<Comparison>} change */
  #change(change) {
    const { compare } = this.state;
    if (compare) this.update({ compare: { ...compare, ...change(compare) } });
  }

  /** Starts a comparison. The picture stays beside the next one opened; before, two of its findings are compared. */
  start() {
    const { picture, scores } = this.state;
    if (!picture) return;
    const compare = {
      picture,
      scores,
      loaded: true,
      finding: otherFinding(this.state),
      linked: true,
      display: initialDisplay(),
      viewport: { width: 0, height: 0 },
      overlay: null,
    };
    this.update({ compare });
  }

  stop() {
    const { compare } = this.state;
    if (compare?.loaded && !isSame(this.state))
      this.session.call('drop', { picture: compare.picture.id }).catch(() => {}); // it is rejected only if the worker is stopped
    this.update({ compare: null });
  }

  /** @param {string} finding '' for the selected one */
  choose(finding) {
    this.#change(() => ({ finding }));
  }

  /** @param {boolean} linked */
  link(linked) {
    const { state } = this;
    if (isCompared(state)) this.#change(() => ({ linked, display: linked ? initialDisplay() : displayBeside(state) }));
  }

  /** @param {import('../../core/viewport/transform.js').Size} viewport */
  setViewport(viewport) {
    this.#change(() => ({ viewport }));
  }

  /** Changes how B is shown, and A with it if they are linked. @param {Partial<import('../../core/state.js').Display>} patch */
  show(patch) {
    const { state } = this;
    if (!isCompared(state)) return;
    const { compare, picture, display } = state;
    if (!compare.linked) return this.#change((now) => ({ display: { ...now.display, ...patch } }));
    const { view = display.view, invert = display.invert } = patch;
    const window = patch.window
      ? carryWindow(patch.window, pictureBeside(state).pixels.range, picture.pixels.range)
      : patch.window;
    this.update({ display: { ...display, view, invert, ...('window' in patch && { window }) } });
  }

  /** Whether the worker must keep a picture for the comparison. @param {import('../../core/state.js').Picture} picture */
  holds(picture) {
    return this.state.compare?.picture.id === picture.id;
  }

  /** Called when another picture replaces the one in the viewer. @param {import('../../core/state.js').Picture | null} before @param {import('../../core/state.js').Picture} next */
  follow(before, next) {
    const { compare, scores } = this.state;
    if (!compare || compare.picture.id !== before?.id) return;
    if (before.source === next.source)
      this.#change(() => ({ picture: next, scores: new Map(), loaded: true, overlay: null })); // the same picture, decoded again after a restart
    else {
      const own = new Map([...scores].filter(([, score]) => score.picture === before.id));
      this.#change(() => ({ picture: before, scores: own, finding: '', overlay: null }));
    }
  }

  /** Called for another model or another device: everything has to be computed again. */
  forget() {
    this.#change(({ picture }) => ({
      picture: { ...picture, view: null, verdict: undefined, encoded: false },
      scores: new Map(),
      loaded: false,
      overlay: null,
    }));
  }

  /** Called when scores are ranked among other images. */
  scoreAgain() {
    this.#change(() => ({ scores: new Map(), overlay: null }));
  }

  /** Does what is missing, one thing after another, while the viewer has nothing to do. */
  settle() {
    this.#pump.run();
  }

  /** @param {unknown} error */
  #fail(error) {
    const { code } = codedFrom(error);
    if (code === 'stopped') return; // it goes on with the next worker
    if (code === 'device') this.session.model.failed(error);
    else if (this.state.compare) this.stop();
  }

  /** @returns {(() => Promise<void>) | null} */
  #next() {
    const { state } = this;
    if (!isCompared(state) || state.model !== 'ready') return null;
    const { compare, wanted, work, redraw, findings } = state;
    if (!isSame(state) && !wanted && !work && !redraw) {
      const { picture, loaded, scores } = compare;
      const missing = findings.filter((finding) => !scores.has(finding));
      if (!loaded) return () => this.#load(picture);
      if (!picture.encoded) return () => this.#encode(picture);
      if (missing.length) return () => this.#score(picture, missing.slice(0, BATCH));
    }
    const key = overlayKeyBeside(state);
    const map = scoresBeside(state).get(findingBeside(state))?.[state.map.kind];
    const ramp = rampOf(state);
    if (!key || !map || !ramp || key === compare.overlay?.key) return null;
    return async () => this.#apply(compare.picture.id, () => ({ overlay: { key, ...paintMap(map, ramp) } }));
  }

  /** Applies a change unless B is another picture by now. @param {number} id @param {(compare: Comparison) => Partial<Comparison>} change */
  #apply(id, change) {
    if (this.state.compare?.picture.id === id) this.#change(change);
  }

  /** @param {Picture} picture */
  async #load({ id, source }) {
    await this.session.call('decode', { picture: id, source });
    this.#apply(id, () => ({ loaded: true }));
  }

  /** @param {Picture} picture */
  async #encode({ id }) {
    const { view, verdict } = await this.session.call('encode', { picture: id });
    this.#apply(id, ({ picture }) => ({ picture: { ...picture, view, verdict, encoded: true } }));
  }

  /** @param {Picture} picture @param {string[]} findings */
  async #score({ id }, findings) {
    const { scores: fresh } = await this.session.call('score', { picture: id, findings });
    this.#apply(id, ({ scores }) => ({
      scores: new Map([
        ...scores,
        ...findings.map((finding, i) => /** @type {const} */ ([finding, { ...fresh[i], picture: id }])),
      ]),
    }));
  }
}
