/** Cross-attention against the cosine of a CLIP-style head: standings of all listed findings, and both maps of the selected one. */
import { byId, create, onChange } from '../../core/dom.js';
import { headsKey } from '../../core/experiments.js';
import { nameOf, t } from '../../core/i18n.js';
import { paintMap } from '../../core/viewport/heatmap.js';
import { placeInWords, standingInWords } from '../../core/wording.js';
import { drawSeen, SIDE } from './seen.js';

/** @typedef {import('../../core/experiments.js').Headed} Headed */

/** @param {Headed} headed @param {string} selected */
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
  row.toggleAttribute('data-selected', finding === selected);
  row.append(
    create('span', nameOf(finding)),
    track,
    create('span', placeInWords(crossAttention), 'part-value'),
    create('span', placeInWords(cosine), 'part-value small'),
  );
  return row;
}

/** Those with both standings, the highest first. @param {Headed[]} all */
const ranked = (all) =>
  all
    .filter(({ crossAttention, cosine }) => crossAttention.percentile !== undefined && cosine.percentile !== undefined)
    .sort((one, two) => (two.crossAttention.percentile ?? 0) - (one.crossAttention.percentile ?? 0));

/** The finding whose standings lie farthest apart. @param {Headed[]} all Those with both, at least one */
function mostApart(all) {
  const apart = (/** @type {Headed} */ { crossAttention, cosine }) =>
    Math.abs((crossAttention.percentile ?? 0) - (cosine.percentile ?? 0));
  const most = all.reduce((one, two) => (apart(two) > apart(one) ? two : one));
  const [cross, cosine] = [most.crossAttention, most.cosine].map(standingInWords);
  return t('heads.most', { finding: nameOf(most.finding), cross, cosine });
}

/** @param {import('../../session.js').Session} session */
export function bindHeads(session) {
  const list = byId('heads-list');
  const most = byId('heads-most');
  const maps = byId('heads-maps');
  const canvases = {
    cross: byId('heads-cross', HTMLCanvasElement),
    cosine: byId('heads-cosine', HTMLCanvasElement),
  };

  /** @param {HTMLCanvasElement} canvas @param {Float32Array} map */
  function drawMap(canvas, map) {
    const { state } = session;
    const palette = state.palettes.find(({ name }) => name === state.map.palette);
    const context = drawSeen(canvas, state);
    if (!context || !palette) return;
    const painted = document.createElement('canvas');
    const { size, rgba } = paintMap(map, palette.ramp);
    painted.width = painted.height = size;
    painted.getContext('2d')?.putImageData(new ImageData(rgba, size, size), 0, 0);
    context.globalAlpha = 0.7;
    context.drawImage(painted, 0, 0, SIDE, SIDE);
  }

  const draw = onChange(
    (
      /** @type {import('../../core/experiments.js').Heads | {error: string} | undefined} */ heads,
      /** @type {string} */ selected,
      /** @type {Float32Array | undefined} */ own,
    ) => {
      const known = heads && !('error' in heads) ? heads : null;
      const all = ranked(known?.all ?? []);
      list.replaceChildren(...all.map((headed) => createRow(headed, selected)));
      maps.hidden = !known?.map || !own;
      if (known?.map && own) {
        drawMap(canvases.cross, own);
        drawMap(canvases.cosine, known.map);
      }
      most.textContent = known
        ? all.length
          ? mostApart(all)
          : t(known.all.length ? 'heads.unranked' : 'heads.none')
        : heads && 'error' in heads
          ? t('why.failed', { message: heads.error })
          : t('experiments.working');
    },
  );

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { experiments, selected, scores, map } = state;
    draw(experiments.heads.get(headsKey(state)), selected, scores.get(selected)?.[map.kind]);
  };
}
