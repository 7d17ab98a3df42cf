/** How much the selected finding's score depends on its wording: a strip of wordings as they are, and one once they are aligned. */
import { byId, create, createSvg, onChange } from '../../core/dom.js';
import { wordingsKey } from '../../core/experiments.js';
import { number, percent, plural, t } from '../../core/i18n.js';
import { placeInWords } from '../../core/wording.js';
import { answerInWords, known } from './answer.js';
import { createAxis, createLabel, createStrip, placeOn } from './strip.js';

const ROW = 64; // height of a line with its marks
/** Wordings by meaning: the same, another one, its negation, or a person's own. Each group has a form of mark. */
const GROUPS = /** @type {const} */ ({
  template: 'same',
  name: 'same',
  misspelling: 'same',
  uncertainty: 'other',
  side: 'other',
  negation: 'negated',
  own: 'own',
});

/** A mark at a place, told apart by its form. @param {string} group @param {number} x @param {number} y */
function createMark(group, x, y) {
  if (group === 'negated')
    return createSvg('path', { d: `M${x - 5} ${y - 5}l10 10m0 -10l-10 10`, class: `wording-mark ${group}` });
  if (group === 'own')
    return createSvg('path', { d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z`, class: `wording-mark ${group}` });
  return createSvg('circle', { cx: x, cy: y, r: 5, class: `wording-mark ${group}` });
}

/** Percentiles on two lines, as they are and aligned. @param {import('carzero').Reworded[]} wordings */
function createStrips(wordings) {
  const height = 2 * ROW + 28;
  const x = (/** @type {number} */ percentile) => placeOn(percentile, 0, 100);
  const figure = createStrip(height, t('wordings.figure'));
  for (const [line, side] of /** @type {const} */ (['before', 'after']).entries()) {
    const axis = (line + 1) * ROW - 4;
    figure.append(createAxis(axis), createLabel(x(0), line * ROW + 20, 'start', t(`wordings.${side}`)));
    for (const [index, reworded] of wordings.entries()) {
      const percentile = reworded[side]?.percentile;
      if (percentile !== undefined)
        figure.append(createMark(GROUPS[reworded.change], x(percentile), axis - 8 - 7 * (index % 4)));
    }
  }
  for (const [at, anchor] of /** @type {const} */ ([
    [0, 'start'],
    [50, 'middle'],
    [100, 'end'],
  ]))
    figure.append(
      createLabel(x(at), height - 4, anchor, at === 100 ? `${number(at)} ${t('findings.percentile')}` : number(at)),
    );
  return figure;
}

/** @param {import('carzero').Standing | undefined} standing @param {boolean} ranks Whether wordings have percentiles */
function placeOrReason(standing, ranks) {
  if (!standing) return t('wordings.unreadable');
  return ranks && standing.percentile === undefined ? t('wording.unknown') : placeInWords(standing);
}

/** @param {import('carzero').Reworded} reworded @param {boolean} ranks Whether wordings have percentiles */
function createRow({ change, text, before, prompt, after }, ranks) {
  const row = create('tr');
  row.dataset.change = change;
  row.append(
    create('td', t(`wordings.${change}`)),
    Object.assign(create('td', text), { lang: 'en' }),
    create('td', placeOrReason(before, ranks), 'number'),
    Object.assign(create('td', prompt ?? t('wordings.unaligned')), { lang: prompt ? 'en' : '' }),
    create('td', placeOrReason(after, ranks), 'number'),
  );
  return row;
}

/** What the numbers say. @param {import('carzero').Sensitivity} sensitivity */
function spreadInWords({ spread }) {
  if (!spread) return t('wordings.noReference');
  const { wordings, before, after, explained } = spread;
  const points = (/** @type {number} */ value) => number(value, { maximumFractionDigits: 1 });
  const values = { before: points(before), after: points(after) };
  const said = plural('wordings.spread', wordings, values);
  return explained === undefined
    ? said
    : `${said} ${t('wordings.explained', { share: percent(Math.floor(100 * explained) / 100) })}`;
}

/** @param {import('../../session.js').Session} session */
export function bindWordings(session) {
  const form = byId('wordings-own', HTMLFormElement);
  const input = byId('wordings-text', HTMLInputElement);
  const figure = byId('wordings-figure');
  const result = byId('wordings-result');
  const rows = byId('wordings-rows');
  const all = byId('wordings-all');

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (text) session.experiments.addWording(text);
    input.value = '';
  });

  const draw = onChange((/** @type {import('carzero').Sensitivity | {error: string} | undefined} */ answer) => {
    const told = known(answer);
    all.hidden = !told;
    figure.replaceChildren(...(told?.spread ? [createStrips(told.wordings)] : []));
    rows.replaceChildren(...(told?.wordings ?? []).map((reworded) => createRow(reworded, Boolean(told?.spread))));
    result.textContent = answerInWords(answer, spreadInWords);
  });

  return (/** @type {import('../../core/state.js').State} */ state) =>
    draw(state.experiments.wordings.get(wordingsKey(state)));
}
