/** The phantom lab: what the synthetic chest shows. */
import { Actions } from '../../core/actions.js';
import { drawing } from '../../core/derived.js';

export class LabActions extends Actions {
  /** Redraws it. Of drawings that come too fast, only the newest is made. @param {Partial<import('../../core/state.js').Params>} change @param {boolean} [moving] */
  redraw(change, moving = false) {
    const now = drawing(this.state);
    if (!now || !this.session.model.hasProgram) return;
    this.update({ redraw: { ...now, phantom: { ...now.phantom, ...change }, moving } });
    setTimeout(() => this.session.scoring.run()); // after the slider's `change`, which on a key follows `input` at once
  }

  /** Outlines what was drawn. @param {boolean} truth */
  showTruth(truth) {
    this.update({ truth });
  }
}
