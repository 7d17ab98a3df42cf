/** A link's settings: those that need no model are applied at once, the others once it has loaded. */
import { Actions } from '../../core/actions.js';
import { siteFolder } from '../../core/folders.js';
import { initialDisplay } from '../../core/state.js';
import { windowFromParts } from '../../core/viewport/pixels.js';
import { FITTED } from '../../core/viewport/transform.js';
import { shortened } from '../../core/words.js';

/** @typedef {import('../../core/share.js').Settings} Settings */

const REFUSED_MAX = 5; // refused parts that are listed

export class LinkActions extends Actions {
  /** @type {Settings | null} For the model that is loading */ #settings = null;
  /** @type {Settings['display'] | null} For the next picture */ #display = null;

  /** Sets up what a link asks for. @param {Settings | null} settings */
  restore(settings) {
    if (!settings) return;
    const { map, picture, model, folder, palettes, display } = this.state;
    this.#settings = settings;
    this.#display = settings.display;
    this.session.notices.dismiss();
    this.session.experiments.want(settings.experiment);
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

  /** The display of the next picture that opens: what a link asks for is applied once. @param {import('../../core/viewport/pixels.js').Pixels} pixels @returns {Partial<import('../../core/state.js').Display>} */
  takeDisplay(pixels) {
    const { window, invert = false, turn = 0, mirror = false } = this.#display ?? {};
    this.#display = null;
    return {
      invert,
      view: { ...FITTED, turn, mirror },
      window: window ? pixels.clamp(windowFromParts(window, pixels.range)) : null,
    };
  }

  /** Called when a model has loaded: sets up the findings of the link, or a preset. @param {import('../../worker/jobs.js').ModelInfo} info */
  async begin(info) {
    const settings = this.#settings;
    this.#settings = null;
    if (settings) return this.#setUp(settings, info);
    this.#choosePreset(info);
  }

  /** Applies what is left of a link's settings, if the model is ready. */
  resume() {
    const { model, info } = this.state;
    if (model !== 'ready' || !info || !this.#settings) return;
    const settings = this.#settings;
    this.#settings = null;
    this.#setUp(settings, info);
  }

  /** Chooses the model's first preset, unless one of its presets is chosen. @param {import('../../worker/jobs.js').ModelInfo} info */
  #choosePreset({ presets }) {
    if (presets.length && !presets.some(({ id }) => id === this.state.preset))
      this.session.findings.choosePreset(presets[0].id);
  }

  /** Applies the settings that need the model, and tells which parts of the link cannot be used. @param {Settings} settings @param {import('../../worker/jobs.js').ModelInfo} info */
  async #setUp({ preset, selected, findings: wanted, map, contours, refused: unclear }, info) {
    const known = info.presets.some(({ id }) => id === preset);
    const read = await Promise.all(
      (wanted ?? []).map((finding) =>
        this.session.call('sentence', { finding }).then(
          () => ({ finding, ok: true }),
          () => ({ finding, ok: false }),
        ),
      ),
    );
    if (this.state.info !== info) return;
    const findings = read.filter(({ ok }) => ok).map(({ finding }) => finding);
    if (findings.length)
      this.session.findings.replace(findings, {
        preset: (known ? preset : info.presets.at(0)?.id) ?? '',
        removed: [],
        selected: '',
        selectedByPerson: false,
      });
    else if (known) this.session.findings.choosePreset(preset);
    else this.#choosePreset(info);
    if (contours)
      this.update({
        contours: { on: true, chosen: contours.places?.map((place) => wanted?.[place ?? -1] ?? null) ?? null },
      });
    const listed = this.state.findings.includes(selected);
    if (listed) this.session.findings.select(selected);

    const { palettes, notice } = this.state;
    const refused = [
      ...unclear,
      ...(preset && !known ? [`set=${preset}`] : []),
      ...read.filter(({ ok }) => !ok).map(({ finding }) => `find=${finding}`),
      ...(selected && !listed ? [`show=${selected}`] : []),
      ...(map.palette && !palettes.some(({ name }) => name === map.palette) ? [`palette=${map.palette}`] : []),
    ].map(shortened);
    if (!refused.length || notice) return;
    const parts = [...refused.slice(0, REFUSED_MAX), ...(refused.length > REFUSED_MAX ? ['…'] : [])].join(', ');
    this.session.notices.refuse({ key: 'share.refused' }, { key: 'share.refusedText', values: { parts } });
  }
}
