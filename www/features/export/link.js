/** A link's settings: taken up at once, as far as they need no model, and the rest once it has loaded. */
import { Actions } from '../../core/actions.js';
import { siteFolder } from '../../core/folders.js';
import { initialDisplay } from '../../core/state.js';
import { windowFromParts } from '../../core/viewport/pixels.js';
import { FITTED } from '../../core/viewport/transform.js';

/** @typedef {import('../../core/share.js').Settings} Settings */

export class LinkActions extends Actions {
  /** @type {Settings | null} For the model that loads */ #settings = null;
  /** @type {Settings['display'] | null} For the next picture */ #display = null;

  /** Sets up what a link asks for. @param {Settings | null} settings */
  restore(settings) {
    if (!settings) return;
    const { map, picture, model, folder, palettes, display } = this.state;
    this.#settings = settings;
    this.#display = settings.display;
    const { palette = map.palette, ...rest } = settings.map;
    const known = !palettes.length || palettes.some(({ name }) => name === palette);
    this.session.map.set({ ...rest, palette: known ? palette : map.palette });
    if (picture)
      this.session.display.show({ ...initialDisplay(), lines: display.lines, ...this.takeDisplay(picture.pixels) });
    const wanted = settings.model && settings.model !== folder.name ? siteFolder(settings.model) : null;
    if (wanted && model === 'loading' && !this.session.model.hasBegun) this.update({ folder: wanted });
    else if (wanted) this.session.model.choose(wanted);
    else this.resume();
  }

  /** How the next picture opens: as a link asks, once. @param {import('../../core/viewport/pixels.js').Pixels} pixels @returns {Partial<import('../../core/state.js').Display>} */
  takeDisplay(pixels) {
    const { window, invert = false, turn = 0, mirror = false } = this.#display ?? {};
    this.#display = null;
    return {
      invert,
      view: { ...FITTED, turn, mirror },
      window: window ? pixels.clamp(windowFromParts(window, pixels.range)) : null,
    };
  }

  /** A model has loaded: its findings are those of the link, or a preset. @param {import('../../worker/jobs.js').ModelInfo} info */
  async begin({ presets }) {
    const settings = this.#settings;
    this.#settings = null;
    if (settings?.findings) return this.#restoreFindings(settings, settings.findings);
    if (presets.some(({ id }) => id === this.state.preset) || !presets.length) return;
    this.session.findings.choosePreset((presets.find(({ id }) => id === settings?.preset) ?? presets[0]).id);
  }

  /** The link's findings, for the model that is there. */
  resume() {
    const settings = this.#settings;
    if (this.state.model !== 'ready' || !settings?.findings) return;
    this.#settings = null;
    this.#restoreFindings(settings, settings.findings);
  }

  /** Those that this model can read. @param {Settings} settings @param {string[]} wanted */
  async #restoreFindings({ preset, selected }, wanted) {
    const read = await Promise.all(
      wanted.map((finding) =>
        this.session.call('sentence', { finding }).then(
          () => finding,
          () => null,
        ),
      ),
    );
    const findings = read.filter((finding) => finding !== null);
    const { info } = this.state;
    if (!info || !findings.length) return;
    this.session.findings.replace(findings, {
      preset: (info.presets.find(({ id }) => id === preset) ?? info.presets.at(0))?.id ?? '',
      removed: [],
      selected: findings.includes(selected) ? selected : '',
      picked: findings.includes(selected),
    });
  }
}
