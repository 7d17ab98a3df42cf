/** Notices of what a person has to know. */
import { Actions } from '../../core/actions.js';

export class NoticeActions extends Actions {
  /** @param {import('../../core/i18n.js').Message} title @param {import('../../core/i18n.js').Message} text @param {string} [report] Of a crash */
  refuse(title, text, report) {
    this.update({ notice: { title, text, report } });
  }

  dismiss() {
    this.update({ notice: null });
  }
}
