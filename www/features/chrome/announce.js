/** What is read out: the page's phase, and in the lab the percentile of the chosen finding. */
import { phase, ranked } from '../../core/derived.js';
import { byId, onChange } from '../../core/dom.js';
import { glossOf, plural, t } from '../../core/i18n.js';
import { standing } from '../../core/words.js';

const RESTED_MS = 900;

export function bindAnnounce() {
  const live = byId('live');

  const announce = onChange(
    (
      /** @type {import('../../core/state.js').Phase} */ now,
      /** @type {import('../../core/state.js').State} */ state,
    ) => {
      const top = ranked(state)[0];
      const percentile = state.scores.get(top)?.percentile;
      const highest =
        percentile === undefined
          ? ''
          : t('live.highest', {
              finding: glossOf(top) || top,
              standing: t('percentile', { standing: standing(percentile) }),
            });
      const words = {
        loading: t('live.loading'),
        ready: t('live.ready'),
        working: t('work.encoding'),
        done: state.findings.length
          ? [plural('live.scored', state.findings.length), highest].filter(Boolean).join(' ')
          : t('live.none'),
        error: '', // the notice is read out instead
        empty: t('forget.nothing'),
      };
      live.textContent = words[now];
    },
  );

  /** In the lab: reads out the chosen finding, once the drawing has not changed for a while. */
  const announceDrawing = onChange(
    (
      /** @type {import('../../core/state.js').Picture | null} */ picture,
      /** @type {string} */ now,
      /** @type {string} */ text,
    ) => {
      clearTimeout(resting);
      if (picture?.fromLab && now === 'done' && text)
        resting = setTimeout(() => {
          live.textContent = text;
        }, RESTED_MS);
    },
  );

  let resting = 0;
  let announced = '';
  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { scores, findings, selected, picture, redraw, veiled } = state;
    const now = phase(state);
    const percentile = scores.get(selected)?.percentile;
    announceDrawing(
      picture,
      now,
      percentile === undefined
        ? ''
        : t('live.drawing', {
            finding: glossOf(selected) || selected,
            standing: t('percentile', { standing: standing(percentile) }),
          }),
    );
    const quiet = !veiled && Boolean(redraw || picture?.fromLab); // the lab has its own announcement
    const told = `${veiled ? 'veiled ' : ''}${now === 'done' && !findings.length ? 'none' : now}`; // a state with its scores withheld is announced again
    if (told !== announced && !(quiet && ['working', 'done'].includes(now))) announce(now, state);
    announced = told;
  };
}
