/** Attention and similarity on one scale each, beside those of an image without the finding: attention is always divided among all patches, while similarity may be low everywhere. */
import { byId, contextOf, create } from '../../core/dom.js';
import { share } from '../../core/explanation.js';
import { t } from '../../core/i18n.js';
import { signed } from '../../core/words.js';
import { SIDE, drawMap, layMap } from './seen.js';

const KINDS = /** @type {const} */ (['attention', 'similarity']);

/** The highest value of a map. @param {Float32Array} map */
const peakOf = (map) => map.reduce((a, b) => Math.max(a, b), -Infinity);

/** The range of colours of two maps: from their common median to their common maximum. @param {Float32Array[]} maps @returns {[number, number]} */
function rangeOf(maps) {
  const all = Float32Array.from(maps.flatMap((map) => [...map])).sort();
  return [all[all.length >> 1], all[all.length - 1]];
}

/** @param {import('../../session.js').Session} session */
export function bindKinds(session) {
  const figures = byId('kinds');

  /** @param {'attention' | 'similarity'} kind @param {Float32Array} map @param {[number, number]} range @param {string} name @param {ImageBitmap | null} seen Of another image */
  function createFigure(kind, map, range, name, seen) {
    const figure = create('figure');
    const canvas = create('canvas');
    if (seen) {
      canvas.width = canvas.height = SIDE;
      const context = contextOf(canvas);
      context.drawImage(seen, 0, 0, SIDE, SIDE);
      layMap(context, session.state, map, range);
    } else drawMap(canvas, session.state, map, range);
    const peak = kind === 'attention' ? share(peakOf(map)) : signed(peakOf(map));
    const caption = t('kinds.caption', { map: t(`map.${kind}`), name, peak });
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', caption);
    figure.append(canvas, create('figcaption', caption, 'small'));
    return figure;
  }

  /** @param {import('../../core/state.js').Score | undefined} own @param {import('../../core/experiments.js').Elsewhere | null} other @param {string} name */
  return (own, other, name) => {
    byId('kinds-part').hidden = !(own && other);
    figures.replaceChildren();
    if (!own || !other) return;
    for (const kind of KINDS) {
      const range = rangeOf([own[kind], other[kind]]);
      figures.append(
        createFigure(kind, own[kind], range, t('elsewhere.this'), null),
        createFigure(kind, other[kind], range, name, other.seen),
      );
    }
  };
}
