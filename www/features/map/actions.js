/** The map over the picture: painted when the state asks for another one. */
import { Actions } from '../../core/actions.js';
import { overlayKey, rampOf, shownMap } from '../../core/map.js';
import { paintMap } from '../../core/viewport/heatmap.js';

export class MapActions extends Actions {
  /** @param {Partial<import('../../core/state.js').State['map']>} patch */
  set(patch) {
    this.update({ map: { ...this.state.map, ...patch } });
  }

  settle() {
    const key = overlayKey(this.state);
    const map = shownMap(this.state);
    const ramp = rampOf(this.state);
    if (key && map && ramp && key !== this.state.overlay?.key)
      this.update({ overlay: { key, ...paintMap(map.values, ramp) } });
  }
}
