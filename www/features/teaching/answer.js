/** What a reader says of the case on show. */
import { Actions } from '../../core/actions.js';
import { allClear, isReady, noAnswer, withConfidence } from '../../core/round.js';

export class AnswerActions extends Actions {
  /** Changes the round, if there is one. @param {Partial<import('../../core/round.js').Round>} patch */
  change(patch) {
    const { round } = this.state;
    if (round) this.update({ round: { ...round, ...patch } });
  }

  /** Chooses the finding that keys and taps apply to. @param {string} finding */
  choose(finding) {
    if (this.state.round?.finding !== finding) this.change({ finding });
  }

  /** @param {string} finding @param {import('../../core/round.js').Confidence} confidence @param {boolean} [onwards] Whether to go on to the next finding */
  rate(finding, confidence, onwards = false) {
    const { round, findings } = this.state;
    if (!round || !isReady(round)) return;
    const next = onwards ? (findings[findings.indexOf(finding) + 1] ?? finding) : finding;
    this.change({ answer: withConfidence(round.answer, finding, confidence), finding: next });
  }

  /** Marks a place for the chosen finding, or for the one that is chosen next. @param {import('../../core/round.js').Point} at */
  mark(at) {
    const { round } = this.state;
    if (!round || !isReady(round)) return;
    const { confidence, marks } = round.answer;
    this.change({ answer: { confidence, marks: { ...marks, [round.finding]: at } } });
  }

  /** Answers that nothing looks abnormal, or takes that back. @param {boolean} on */
  clear(on) {
    const { round, findings } = this.state;
    if (round && isReady(round)) this.change({ answer: on ? allClear(findings) : noAnswer(), finding: '' });
  }
}
