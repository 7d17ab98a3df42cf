/** Which parts of the cross-attention carry the score: bars of each alone, or of all but one. */
import { byId, create, onChange } from '../../core/dom.js';
import { partsKey } from '../../core/experiments.js';
import { t } from '../../core/i18n.js';
import { standing } from '../../core/words.js';
import { answerInWords, known } from './answer.js';
import { createBar } from './bar.js';

/** @param {import('carzero').Part} part */
function partInWords(part) {
  if (part.code === 'without-head') return t('part.without-head', { head: part.head + 1, layer: part.layer + 1 });
  if (part.code === 'without-layer') return t('part.without-layer', { layer: part.layer + 1 });
  return t(`part.${part.code}`);
}

/** @param {import('carzero').Ablated} ablated @param {number | undefined} whole Percentile */
function createPart(ablated, whole) {
  const row = createBar(create('span', partInWords(ablated.part)), ablated, whole);
  row.dataset.part = ablated.part.code;
  return row;
}

/** The part whose percentile is farthest from the whole's. @param {import('carzero').Ablated[]} parts */
function mostMoved([whole, ...others]) {
  const { percentile: from } = whole;
  if (from === undefined) return '';
  const apart = (/** @type {import('carzero').Ablated} */ { percentile = from }) => Math.abs(percentile - from);
  const most = others.reduce((one, two) => (apart(two) > apart(one) ? two : one));
  const [before, after] = [from, most.percentile ?? from].map(standing);
  if (before === after) return '';
  const part = partInWords(most.part).replace(/^./u, (letter) => letter.toLowerCase()); // within a sentence
  const without = most.part.code === 'without-head' || most.part.code === 'without-layer';
  return t(without ? 'parts.mostWithout' : 'parts.mostAlone', { part, from: before, to: after });
}

export function bindParts() {
  const list = byId('parts-list');
  const most = byId('parts-most');

  const draw = onChange((/** @type {import('carzero').Ablated[] | {error: string} | undefined} */ parts) => {
    const all = known(parts) ?? [];
    list.replaceChildren(...all.map((part) => createPart(part, all[0].percentile)));
    most.textContent = answerInWords(parts, mostMoved);
  });

  return (/** @type {import('../../core/state.js').State} */ state) =>
    draw(state.experiments.parts.get(partsKey(state)));
}
