/** Rounds of teaching mode: what the learner says, the reveal, and the next one. */
import { Actions } from '../../core/actions.js';
import { hasPicture } from '../../core/derived.js';
import { compare, newRound, surprise } from './round.js';

export class TeachingActions extends Actions {
  /** Begins or ends teaching mode, in the viewer and with one picture. @param {boolean} on */
  teach(on) {
    if (on) this.session.series.leaveTable();
    if (on && this.state.compare) this.session.comparison.stop();
    this.update({ teaching: on ? newRound(0) : null, truth: false, tour: -1 });
    if (on) this.session.display.chooseTool('window');
  }

  /** The next round begins with the picture that was opened. */
  goOn() {
    const { teaching } = this.state;
    if (teaching) this.update({ teaching: newRound(teaching.rounds) });
  }

  /** What the learner says. @param {Partial<import('./round.js').Round>} patch */
  answer(patch) {
    const { teaching } = this.state;
    if (teaching && !teaching.outcome) this.update({ teaching: { ...teaching, ...patch } });
  }

  /** Ends the round: shows everything, first what was compared. */
  reveal() {
    const { state } = this;
    const { teaching, scores } = state;
    if (!teaching || !hasPicture(state)) return;
    const outcome = compare(state, teaching);
    this.update({
      teaching: { ...teaching, rounds: teaching.rounds + 1, outcome },
      truth: Boolean(outcome.drawn),
      selected: outcome.rows.find(({ finding }) => scores.has(finding))?.finding ?? state.selected,
      picked: true,
    });
  }

  /** The next round, on a synthetic chest that nobody has chosen. */
  surprise() {
    this.session.series.leaveTable();
    const { params } = this.state.phantoms.find(({ name }) => name === 'normal') ?? this.state.phantoms[0];
    this.session.picture.openExample({ name: 'surprise', title: 'Chest of this round', params: surprise(params) });
  }
}
