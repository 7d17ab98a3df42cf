/** What a round came to: the learner, the model, and what was drawn. */
import { byId, create, onChange } from '../../core/dom.js';
import { glossOf, percent, t } from '../../core/i18n.js';
import { marksOf } from '../../core/wording.js';
import { reading, standing, warningInWords } from '../../core/words.js';

const named = (/** @type {string} */ finding) => (glossOf(finding) ? `${glossOf(finding)} (${finding})` : finding);
const rankOf = (/** @type {number | undefined} */ percentile) =>
  percentile === undefined ? t('teach.noRank') : t('percentile', { standing: standing(percentile) });

/** The comparison in sentences. @param {import('./round.js').Outcome} outcome @param {boolean} marked @returns {string[]} */
function feedback({ rows, map, drawn, warnings }, marked) {
  const lines = warnings.map(warningInWords);
  if (drawn && marked) {
    if (!drawn.length) lines.push(t('teach.drawnNormalMarked'));
    for (const { finding, distance } of drawn) {
      lines.push(
        distance < 0.005
          ? t('teach.inside', { finding: named(finding) })
          : t('teach.outside', { finding: named(finding), distance: percent(distance) }),
      );
    }
  } else if (drawn) {
    const found = rows.filter((row) => row.drawn).map(({ finding }) => named(finding));
    lines.push(found.length ? t('teach.drawnUnmarked', { findings: found.join(', ') }) : t('teach.drawnNormal'));
  }
  if (map === 'unseen') lines.push(t('teach.unseen'));
  else if (map)
    lines.push(
      t('teach.map', { finding: named(map.finding), share: percent(map.share), distance: percent(map.distance) }),
    );
  const [first] = rows;
  if (first?.score?.percentile !== undefined)
    lines.push(t('teach.rank', { finding: named(first.finding), reading: reading(first.score.percentile) }));
  lines.push(t('teach.caution'));
  return lines;
}

/** You, the model, and what was drawn, by finding. @param {import('./round.js').Outcome['rows']} rows */
function tableOf(rows) {
  const known = rows.some(({ drawn }) => drawn !== null);
  const table = create('table');
  const head = create('tr');
  for (const key of ['finding', 'you', 'model', ...(known ? ['drawn'] : [])]) {
    const cell = create('th', t(`teach.column.${key}`));
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const [top, body] = [create('thead'), create('tbody')];
  top.append(head);
  table.append(create('caption', t('teach.table'), 'sr-only'), top, body);
  for (const { finding, sure, score, drawn } of rows) {
    const row = create('tr');
    const name = create('th', named(finding));
    name.setAttribute('scope', 'row');
    if (marksOf(score)) name.append(create('span', marksOf(score), 'near'));
    row.append(name, create('td', t(`teach.sure.${sure}`)), create('td', rankOf(score?.percentile)));
    if (known) row.append(create('td', t(drawn ? 'teach.yes' : 'teach.no')));
    body.append(row);
  }
  return table;
}

export function bindOutcome() {
  const box = byId('teach-outcome');
  const draw = onChange((/** @type {import('./round.js').Outcome | null} */ outcome, /** @type {boolean} */ marked) => {
    box.replaceChildren(
      ...(outcome ? [tableOf(outcome.rows), ...feedback(outcome, marked).map((line) => create('p', line))] : []),
    );
  });

  return (/** @type {import('./round.js').Round} */ { outcome, mark }) => {
    box.hidden = !outcome;
    draw(outcome, Boolean(mark));
  };
}
