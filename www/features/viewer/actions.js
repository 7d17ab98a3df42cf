/** How the viewer shows the picture. The model's input is not changed, and nothing is computed anew. */
import { Actions } from '../../core/actions.js';
import { writeKeys } from '../../core/preference.js';
import { initialDisplay } from '../../core/state.js';

export class DisplayActions extends Actions {
  /** @param {Partial<import('../../core/state.js').Display>} patch */
  show(patch) {
    this.update({ display: { ...this.state.display, ...patch } });
  }

  /** Back to how it opened; lengths stay. */
  reset() {
    this.show({ ...initialDisplay(), lines: this.state.display.lines });
  }

  /** @param {import('../../core/viewport/gestures.js').Tool} tool */
  chooseTool(tool) {
    this.update({ tool });
    this.show({ draft: null, cursor: null });
  }

  /** @param {import('../../core/viewport/transform.js').Size} viewport */
  setViewport(viewport) {
    this.update({ viewport });
  }

  /** Whether single keys work the viewer. @param {boolean} keys */
  setKeys(keys) {
    writeKeys(keys);
    this.update({ keys });
  }
}
