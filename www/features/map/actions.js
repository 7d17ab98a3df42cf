/** The map over the picture, and its colours: fetched when the state asks for others. */
import { Actions } from '../../core/actions.js';
import { overlayKey, shownMap } from '../../core/map.js';
import { Pump } from '../../core/pump.js';

export class MapActions extends Actions {
  /** What was asked for last. */
  #asked = '';
  #pump = new Pump(
    () => this.#next(),
    (error) => this.session.model.failed(error),
  );

  /** @param {Partial<import('../../core/state.js').State['map']>} patch */
  set(patch) {
    this.update({ map: { ...this.state.map, ...patch } });
  }

  /** Another model, or another device. */
  forget() {
    this.#asked = '';
  }

  settle() {
    this.#pump.run();
  }

  #next() {
    const key = overlayKey(this.state);
    return key && key !== this.#asked ? () => this.#paint(key) : null;
  }

  /** @param {string} key */
  async #paint(key) {
    this.#asked = key;
    const { palette } = this.state.map;
    if (this.state.ramp?.palette !== palette) await this.#fetchRamp(palette);
    const map = shownMap(this.state);
    if (!map || key !== overlayKey(this.state)) return; // changed meanwhile
    const overlay = await this.session.call('map', { map: map.values, palette });
    if (key === overlayKey(this.state)) this.update({ overlay: { key, ...overlay } });
  }

  /** The colours from a map's median, where they start, to its highest value. @param {string} palette */
  async #fetchRamp(palette) {
    const side = this.state.info?.mapSide ?? 0;
    const ramp = Float32Array.from({ length: side * side }, (_, i) =>
      2 * i < side * side ? 0 : (i % side) / (side - 1),
    );
    const { rgba, size } = await this.session.call('map', { map: ramp, palette });
    const row = Math.floor(size * 0.75) * size * 4;
    this.update({ ramp: { palette, rgba: rgba.slice(row, row + size * 4) } });
  }
}
