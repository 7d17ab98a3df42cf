/** What a reader says of the case on show. */
import { Actions } from '../../core/actions.js';
import { allClear, isReady, noAnswer, withConfidence } from '../../core/round.js';

export class AnswerActions extends Actions {
  /** Changes the round, if there is one. @param {Partial<import('../../core/round.js').Round>} patch */
  change(patch) {
    const { round } = this.state;
    if (round) this.update({ round: { ...round, ...patch } });
  }

  /** The finding that keys and taps are for. @param {string} finding */
  choose(finding) {
    if (this.state.round?.finding !== finding) this.change({ finding });
  }

  /** @param {string} finding @param {import('../../core/round.js').Confidence} confidence @param {boolean} [onwards] The next finding is next */
  rate(finding, confidence, onwards = false) {
    const { round, findings } = this.state;
    if (!round || !isReady(round)) return;
    const next = onwards ? (findings[findings.indexOf(finding) + 1] ?? finding) : finding;
    this.change({ answer: withConfidence(round.answer, finding, confidence), finding: next });
  }

  /** A place for the finding in hand, or for the one that is chosen next. @param {import('../../core/round.js').Point} at */
  mark(at) {
    const { round } = this.state;
    if (!round || !isReady(round)) return;
    const { confidence, marks } = round.answer;
    this.change({ answer: { confidence, marks: { ...marks, [round.finding]: at } } });
  }

  /** Nothing looks abnormal, or not so. @param {boolean} on */
  clear(on) {
    const { round, findings } = this.state;
    if (round && isReady(round)) this.change({ answer: on ? allClear(findings) : noAnswer(), finding: '' });
  }
}
