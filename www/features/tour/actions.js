/** The guided tour. */
import { Actions } from '../../core/actions.js';

export class TourActions extends Actions {
  /** @param {number} step Of the tour, or -1 for none */
  show(step) {
    if (step >= 0 && this.state.round) this.session.teaching.teach(false); // it explains what teaching mode hides
    if (step >= 0) this.session.series.leaveTable();
    this.update({ tour: step });
  }
}
