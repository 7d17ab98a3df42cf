/** Cross-attention against the cosine of a CLIP-style head: percentiles of all listed findings, and both maps of the selected one. */
import { byId, create, onChange } from '../../core/dom.js';
import { headsKey } from '../../core/experiments.js';
import { nameOf, t } from '../../core/i18n.js';
import { placeInWords, standingInWords } from '../../core/wording.js';
import { answerInWords, known } from './answer.js';
import { drawMap } from './seen.js';

/** @typedef {import('../../core/experiments.js').ScoredByBoth} ScoredByBoth */

/** @param {string} head Its name @param {import('carzero').Standing} standing @param {string} className */
function createValue(head, standing, className) {
  const value = create('span', undefined, className);
  value.append(create('span', `${t(head)} `, 'sr-only'), placeInWords(standing));
  return value;
}

/** @param {ScoredByBoth} scored @param {string} selected */
function createRow({ finding, crossAttention, cosine }, selected) {
  const row = create('li', undefined, 'head-row');
  const track = create('span', undefined, 'part-track');
  for (const [name, { percentile }] of /** @type {const} */ ([
    ['cosine', cosine],
    ['cross', crossAttention],
  ])) {
    if (percentile === undefined) continue;
    const mark = create('span', undefined, `head-mark ${name}`);
    mark.style.setProperty('left', `${percentile}%`);
    track.append(mark);
  }
  track.hidden = !track.childElementCount;
  row.toggleAttribute('data-selected', finding === selected);
  row.append(
    create('span', nameOf(finding)),
    track,
    createValue('heads.cross', crossAttention, 'part-value'),
    createValue('heads.cosine', cosine, 'part-value small'),
  );
  return row;
}

/** Whether a finding has a percentile by both heads. @param {ScoredByBoth} scored */
const isRanked = ({ crossAttention, cosine }) =>
  crossAttention.percentile !== undefined && cosine.percentile !== undefined;

/** The findings with both percentiles, the highest first; all findings if none has both. @param {ScoredByBoth[]} all */
function ranked(all) {
  const both = all.filter(isRanked);
  if (!both.length) return all;
  return both.sort((one, two) => (two.crossAttention.percentile ?? 0) - (one.crossAttention.percentile ?? 0));
}

/** The finding whose two percentiles lie farthest apart, in words. @param {ScoredByBoth[]} all Those with both percentiles, at least one */
function mostApart(all) {
  const apart = (/** @type {ScoredByBoth} */ { crossAttention, cosine }) =>
    Math.abs((crossAttention.percentile ?? 0) - (cosine.percentile ?? 0));
  const most = all.reduce((one, two) => (apart(two) > apart(one) ? two : one));
  const [cross, cosine] = [most.crossAttention, most.cosine].map(standingInWords);
  return t('heads.most', { finding: nameOf(most.finding), cross, cosine });
}

/** @param {import('../../session.js').Session} session */
export function bindHeads(session) {
  const question = byId('heads-question');
  const limit = byId('heads-limit');
  const list = byId('heads-list');
  const most = byId('heads-most');
  const maps = byId('heads-maps');
  const mapsOf = byId('heads-of');
  const series = byId('heads-series', HTMLButtonElement);
  const canvases = {
    cross: byId('heads-cross', HTMLCanvasElement),
    cosine: byId('heads-cosine', HTMLCanvasElement),
  };

  series.addEventListener('click', () => {
    session.experiments.show(false);
    session.evaluation.show(true);
  });

  const draw = onChange(
    (
      /** @type {import('../../core/experiments.js').Heads | {error: string} | undefined} */ heads,
      /** @type {string} */ selected,
      /** @type {Float32Array | undefined} */ own,
    ) => {
      const answer = known(heads);
      const all = ranked(answer?.all ?? []);
      list.replaceChildren(...all.map((scored) => createRow(scored, selected)));
      maps.hidden = !answer?.map || !own;
      mapsOf.textContent = maps.hidden ? '' : t('heads.of', { finding: nameOf(selected) });
      if (answer?.map && own) {
        drawMap(canvases.cross, session.state, own);
        drawMap(canvases.cosine, session.state, answer.map);
      }
      most.textContent = answerInWords(heads, () =>
        all.some(isRanked) ? mostApart(all.filter(isRanked)) : t('heads.unranked'),
      );
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, selected, scores, map, info } = state;
    question.textContent = t(info?.cosineHead === false ? 'heads.questionGlobal' : 'heads.question');
    limit.textContent = t(info?.cosineHead === false ? 'heads.limitGlobal' : 'heads.limit');
    series.hidden = !state.series;
    draw(experiments.heads.get(headsKey(state)), selected, scores.get(selected)?.[map.kind]);
  };
}
