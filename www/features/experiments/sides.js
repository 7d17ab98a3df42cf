/** Left and right: the finding on either side, on the image and on its mirror image. */
import { byId, create, onChange } from '../../core/dom.js';
import { partsKey } from '../../core/experiments.js';
import { t } from '../../core/i18n.js';
import { placeInWords } from '../../core/wording.js';
import { signed } from '../../core/words.js';
import { answerInWords, known } from './answer.js';

/** @typedef {import('carzero').Mirrored} Mirrored */

/** "87th · 1.20". @param {import('carzero').Standing} standing */
const bothInWords = (standing) =>
  standing.percentile === undefined ? placeInWords(standing) : `${placeInWords(standing)} · ${signed(standing.logit)}`;

/** @param {Mirrored} mirrored */
function createRow({ prompt, asIs, mirrored }) {
  const row = create('tr');
  const name = Object.assign(create('th', prompt), { lang: 'en', scope: 'row' });
  row.append(name, create('td', bothInWords(asIs), 'number'), create('td', bothInWords(mirrored), 'number'));
  return row;
}

/** Whether mirroring moves left and right apart, each further than the finding without a side. @param {Mirrored[]} all */
function sidesInWords(all) {
  const [own, left, right] = all.map(({ asIs, mirrored }) => mirrored.logit - asIs.logit);
  if (all.length < 3) return t('sides.none');
  const further = [left, right].every((move) => Math.abs(move) > Math.abs(own));
  return t(further && left * right < 0 ? 'sides.follow' : 'sides.stay');
}

export function bindSides() {
  const table = byId('sides-table', HTMLTableElement);
  const rows = byId('sides-rows');
  const result = byId('sides-result');

  const draw = onChange((/** @type {Mirrored[] | {error: string} | undefined} */ answer) => {
    const told = known(answer);
    table.hidden = !told;
    rows.replaceChildren(...(told ?? []).map(createRow));
    result.textContent = answerInWords(answer, sidesInWords);
  });

  return (/** @type {import('../../core/state.js').State} */ state) =>
    draw(state.experiments.sides.get(partsKey(state)));
}
