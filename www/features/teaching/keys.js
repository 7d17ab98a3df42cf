/** Keys 1 to 5 say how sure the reader is of the chosen finding, and go on to the next. */
import { STEPS, isReady } from '../../core/round.js';

const TAKES_TEXT = 'input:not([type="radio"], [type="checkbox"], [type="range"]), select, textarea, dialog';

/** Handles these keys before the viewer, which has them for its window presets. @param {import('../../session.js').Session} session @param {(finding: string) => void} moved Called with the finding that is chosen next */
export function bindKeys(session, moved) {
  addEventListener(
    'keydown',
    (event) => {
      const { round, picture, keys, findings } = session.state;
      const { key, target, ctrlKey, metaKey, altKey } = event;
      const step = STEPS.find((each) => String(each) === key);
      if (!step || !round || !isReady(round) || !picture || !keys || ctrlKey || metaKey || altKey) return;
      if (target instanceof Element && target.closest(TAKES_TEXT)) return;
      event.preventDefault();
      event.stopPropagation();
      session.teaching.rate(round.finding || findings[0], step, true);
      moved(session.state.round?.finding ?? '');
    },
    { capture: true },
  );
}
