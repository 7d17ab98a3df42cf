/** Which findings have their contours drawn. */
import { Actions } from '../../core/actions.js';
import { contoured } from '../../core/derived.js';
import { CONTOURS_MAX } from '../../core/viewport/contours.js';

export class ContourActions extends Actions {
  /** @param {boolean} on */
  show(on) {
    this.update({ contours: { ...this.state.contours, on } });
  }

  /** Draws a finding's contours too, or no longer; the others keep their colours. @param {string} finding @param {boolean} drawn */
  choose(finding, drawn) {
    const now = Array.from({ length: CONTOURS_MAX }, (_, i) => contoured(this.state)[i] ?? null);
    const place = now.indexOf(drawn ? null : finding);
    if (place >= 0) this.update({ contours: { on: true, chosen: now.with(place, drawn ? finding : null) } });
  }
}
