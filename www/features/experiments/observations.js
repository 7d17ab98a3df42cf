/** A finding opened into what is seen of it: each observation by itself, with its map, and all of them put together. */
import { byId, create, onChange } from '../../core/dom.js';
import { partsKey } from '../../core/experiments.js';
import { plural, t } from '../../core/i18n.js';
import { marksOfWords, standingInWords } from '../../core/wording.js';
import { standing } from '../../core/words.js';
import { answerInWords, known } from './answer.js';
import { createBar } from './bar.js';
import { drawMap } from './seen.js';

/** @typedef {import('carzero').Observed} Observed */

/** The sentence, and what has to be said of its words. @param {import('carzero').Score} observation */
function createName(observation) {
  const name = create('span');
  name.append(Object.assign(create('span', observation.sentence), { lang: 'en' }));
  const marks = marksOfWords({ ...observation, finding: observation.sentence });
  if (marks) name.append(' ', create('span', marks, 'small'));
  return name;
}

/** @param {Observed} observed @param {import('../../core/state.js').Score} own */
function togetherInWords({ observations, combined }, own) {
  if (!observations.length) return t('observations.none');
  const unranked = observations.filter(({ percentile }) => percentile === undefined).length;
  const left = unranked ? plural('observations.left', unranked) : '';
  if (!combined) return `${t('observations.few')} ${left}`.trim();
  const values = {
    count: combined.observations,
    together: t('percentile', { standing: standing(combined.percentile) }),
    direct: standingInWords(own),
  };
  return `${t('observations.together', values)} ${left}`.trim();
}

/** @param {import('../../session.js').Session} session */
export function bindObservations(session) {
  const list = byId('observations-list');
  const maps = byId('observations-maps');
  const result = byId('observations-result');

  /** @param {import('carzero').Score} observation */
  function createFigure({ sentence, attention }) {
    const figure = create('figure');
    const canvas = create('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', t('observations.map', { sentence }));
    drawMap(canvas, session.state, attention);
    figure.append(canvas, Object.assign(create('figcaption', sentence, 'small'), { lang: 'en' }));
    return figure;
  }

  const draw = onChange(
    (
      /** @type {Observed | {error: string} | undefined} */ answer,
      /** @type {import('../../core/state.js').Score | undefined} */ own,
    ) => {
      const { observations = [], combined } = known(answer) ?? {};
      const all = observations.map((each) => createBar(createName(each), each, own?.percentile));
      const direct = own ? [createBar(create('span', t('observations.direct')), own, own.percentile)] : [];
      direct[0]?.setAttribute('data-part', 'whole');
      const together = combined
        ? [createBar(create('span', t('observations.all')), { percentile: combined.percentile }, own?.percentile)]
        : [];
      list.replaceChildren(...(all.length ? [...direct, ...together, ...all] : []));
      maps.replaceChildren(...observations.map(createFigure));
      result.textContent = answerInWords(answer, (told) => (own ? togetherInWords(told, own) : ''));
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) =>
    draw(state.experiments.observations.get(partsKey(state)), state.scores.get(state.selected));
}
