/** The picture's life: opened, exchanged for its negative, fromLab in the phantom lab, closed. */
import { Actions } from '../../core/actions.js';
import { codedFrom } from '../../core/errors.js';
import { programMessage } from '../../core/i18n.js';
import { initialDisplay } from '../../core/state.js';
import { Pixels } from '../../core/viewport/pixels.js';

/**
 * @typedef {import('../../core/state.js').Picture} Picture
 * @typedef {import('../../core/i18n.js').Message} Message
 */

/** @param {import('../../core/state.js').Example} example @returns {Message} */
const syntheticName = ({ name, title }) => ({ key: 'sources.synthetic', values: { name: { example: name, title } } });

/** What the worker decoded, ready to be shown. @param {import('../../worker/jobs.js').Decoded} decoded */
function shownFromDecoded({ values, spacing, window, ...facts }) {
  const { width, height } = facts;
  const pixels = new Pixels({ values, width, height, spacing, window });
  return { ...facts, pixels, grid: { width, height, aspect: pixels.aspect } };
}

export class PictureActions extends Actions {
  #lastId = 0;

  /** Opens a picture; a refusal leaves the one before. @param {import('../../core/state.js').Source} source @param {Message} name */
  async open(source, name) {
    const id = ++this.#lastId;
    const { wanted, picture: shown, notice, round } = this.state;
    const again = [wanted?.source, shown?.source].includes(source); // after a restart
    const keeps = again || (round && round.purpose !== 'one'); // the notice that a case was left out
    this.update({ wanted: { source, name }, redraw: null, notice: keeps ? notice : null });
    if (!this.session.model.hasProgram) return; // the picture is opened once it has
    try {
      const decoded = await this.session.call('decode', { picture: id, source });
      if (id !== this.#lastId) return this.#drop(id);
      const before = this.state.picture;
      this.#release(before);
      const picture = { id, source, name, view: null, encoded: false, fromLab: false, ...shownFromDecoded(decoded) };
      this.session.comparison.follow(before, picture);
      const display = again
        ? this.state.display
        : { ...initialDisplay(), ...this.session.link.takeDisplay(picture.pixels) };
      if (!again) this.session.teaching.goOn();
      this.update({ wanted: null, picture, display, scores: new Map(), encodeMs: null, overlay: null });
      this.session.scoring.run();
    } catch (error) {
      const known = codedFrom(error);
      if (known.code === 'stopped' || id !== this.#lastId) return;
      this.update({ wanted: null });
      this.session.notices.refuse({ key: 'sources.refused', values: { name } }, programMessage(known));
      this.session.teaching.refused();
    }
  }

  /** Opens an image in the viewer; a series stays, behind it. @param {File} file @param {Message} name @param {boolean} [negative] With black and white exchanged */
  openFile(file, name, negative) {
    this.session.series.leaveTable();
    return this.open({ file, negative }, name);
  }

  /** Takes the picture away, and what was told of it. */
  close() {
    this.#lastId++; // drops a picture that is being opened
    this.#release(this.state.picture);
    this.update({ picture: null, wanted: null, redraw: null, scores: new Map(), overlay: null });
  }

  /** Opens the picture's file again with black and white exchanged, for the model too, or as it is; also in its series. */
  exchange() {
    const { picture } = this.state;
    if (!picture || !('file' in picture.source)) return;
    const source = { ...picture.source, negative: !picture.source.negative };
    this.session.series.exchange(source);
    this.open(source, picture.name);
  }

  /** Opens a synthetic chest, and with it the phantom lab; the finding that it was drawn to show is selected. @param {import('../../core/state.js').Example} example */
  openExample(example) {
    const { findings, round } = this.state;
    const own = findings.find((finding) => finding.toLowerCase() === example.finding?.toLowerCase());
    if (!round) this.update(own ? { selected: own, selectedByPerson: true } : { selectedByPerson: false });
    return this.open({ example, phantom: example.params, moving: false }, syntheticName(example));
  }

  /** Draws the synthetic picture anew. The scores and the view of the drawing before stay, so that nothing flickers. @param {import('../../core/state.js').Drawing} source */
  async draw(source) {
    const id = ++this.#lastId;
    const decoded = await this.session.call('decode', { picture: id, source });
    const { picture: before, redraw, selected } = this.state;
    if (id !== this.#lastId || !before) return this.#drop(id); // another picture was opened meanwhile
    this.#release(before);
    const { example, phantom } = source;
    /** @type {Record<string, unknown>} */ const original = { ...example.params };
    const altered = Object.entries(phantom).some(([name, value]) => (value ?? null) !== (original[name] ?? null));
    const scale = decoded.width / before.width;
    const { x, y, width, height } = before.view ?? { x: 0, y: 0, width: 0, height: 0 };
    const view = before.view && { x: x * scale, y: y * scale, width: width * scale, height: height * scale };
    const name = altered ? { key: 'sources.altered' } : syntheticName(example);
    const shown = shownFromDecoded(decoded);
    const grid = source.moving ? before.grid : shown.grid;
    const picture = { id, source, name, encoded: false, fromLab: true, ...shown, grid, view };
    this.session.comparison.follow(before, picture);
    this.update({ picture, selectedByPerson: Boolean(selected), redraw: redraw === source ? null : redraw });
  }

  /** Draws small synthetic examples, one after another: jobs that a person asks for go first. @param {[phantom: import('../../core/state.js').Params, canvas: HTMLCanvasElement][]} examples */
  async preview(examples) {
    for (const [phantom, canvas] of examples) {
      const preview = await this.session.call('preview', { phantom }).catch(() => null);
      if (!preview) continue; // a button without a picture still works
      Object.assign(canvas, { width: preview.bitmap.width, height: preview.bitmap.height });
      canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(preview.bitmap);
    }
  }

  /** Has the worker drop a picture, unless the comparison needs it. @param {Picture | null} picture */
  #release(picture) {
    if (picture && !this.session.comparison.holds(picture)) this.#drop(picture.id);
  }

  /** @param {number} id */
  #drop(id) {
    this.session.call('drop', { picture: id }).catch(() => {}); // it is rejected only if the worker is stopped
  }
}
