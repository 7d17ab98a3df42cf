/** What a person has to know: a refusal, a restart, or why the model does not work. */
import { byId, onChange } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { asSentence } from '../../core/words.js';

/** @param {import('../../session.js').Session} session */
export function bindNotice(session) {
  const notice = byId('notice');
  const noticeTitle = byId('notice-title');
  const noticeText = byId('notice-text');
  const retry = byId('retry', HTMLButtonElement);
  const useOwn = byId('use-own', HTMLButtonElement);
  const useCpu = byId('use-cpu', HTMLButtonElement);
  const dismiss = byId('dismiss', HTMLButtonElement);
  const reportOpen = byId('report-open', HTMLButtonElement);

  retry.addEventListener('click', () => session.model.start());
  useOwn.addEventListener('click', () => session.model.useOwn());
  useCpu.addEventListener('click', () => session.model.setPreference('cpu'));
  dismiss.addEventListener('click', () => session.notices.dismiss());

  const draw = onChange(
    (
      /** @type {import('../../core/state.js').Notice | null} */ refusal,
      /** @type {import('../../core/state.js').Failure | null} */ failure,
    ) => {
      const now = refusal ?? failure;
      notice.hidden = !now;
      if (!now) return;
      noticeTitle.textContent = tell(now.title);
      noticeText.textContent = asSentence(now.text);
      retry.hidden = Boolean(refusal);
      retry.textContent = t(failure?.crash ? 'notice.restart' : 'notice.retry');
      useOwn.hidden = Boolean(refusal) || !failure?.offerOwn;
      useCpu.hidden = Boolean(refusal) || !failure?.offerCpu;
      dismiss.hidden = !refusal;
      reportOpen.hidden = !now.report;
    },
  );

  return (/** @type {import('../../core/state.js').State} */ { notice: refusal, failure }) => draw(refusal, failure);
}
