/** The outcome of a case: the learner's answer, the model's scores, and the truth. */
import { byId, create, onChange } from '../../core/dom.js';
import { glossOf, nameOf, percent, t } from '../../core/i18n.js';
import { marksOf } from '../../core/wording.js';
import { reading, standing, warningInWords } from '../../core/words.js';

/** @typedef {import('../../core/round.js').Outcome} Outcome */

const named = (/** @type {string} */ finding) => (glossOf(finding) ? `${glossOf(finding)} (${finding})` : finding);
const rankOf = (/** @type {number | undefined} */ percentile) =>
  percentile === undefined ? t('teach.noRank') : t('percentile', { standing: standing(percentile) });

/** The true findings, and how the marks lie relative to them. @param {Outcome} outcome @param {boolean} marked @returns {string[]} */
function places({ truth, placed, warnings }, marked) {
  if (!truth) return [];
  const isDrawn = warnings.some(({ code }) => code === 'drawing'); // of a synthetic chest all findings are known
  const there = Object.keys(truth).filter((finding) => truth[finding]);
  if (!there.length && !isDrawn) return [t('teach.askedNormal')];
  if (!there.length) return [t(marked ? 'teach.drawnNormalMarked' : 'teach.drawnNormal')];
  const unmarked = there.filter((finding) => !placed.some((each) => each.finding === finding));
  return [
    ...placed.map(({ finding, distance, overlap, hit }) => {
      const values = { finding: named(finding), distance: percent(distance), overlap: percent(overlap) };
      return t(distance < 0.005 ? 'teach.inside' : hit ? 'teach.near' : 'teach.outside', values);
    }),
    ...(unmarked.length ? [t('teach.drawnUnmarked', { findings: unmarked.map(named).join(', ') })] : []),
  ];
}

/** The comparison in sentences. @param {Outcome} outcome @param {boolean} marked @returns {string[]} */
function feedback(outcome, marked) {
  const { rows, map, warnings } = outcome;
  const lines = [...warnings.map(warningInWords), ...places(outcome, marked)];
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

/** A table of the learner's answers, the model's scores and the truth, by finding. @param {Outcome['rows']} rows */
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
    if (known) row.append(create('td', drawn === null ? '–' : t(drawn ? 'teach.yes' : 'teach.no')));
    body.append(row);
  }
  return table;
}

/** How a learner does, by finding, in all rounds. @param {import('../../core/state.js').State['progress']} progress */
function progressOf({ findings, level, right }) {
  const [table, body] = [create('table'), create('tbody')];
  const head = create('tr');
  for (const key of ['finding', 'found', 'placed', 'cleared'])
    head.append(Object.assign(create('th', t(`teach.column.${key}`)), { scope: 'col' }));
  const top = create('thead');
  top.append(head);
  const share = (/** @type {number} */ count, /** @type {number} */ of) => (of ? t('teach.share', { count, of }) : '–');
  for (const [finding, { present, found, placed, absent, cleared }] of Object.entries(findings)) {
    const row = create('tr');
    row.append(
      Object.assign(create('th', nameOf(finding)), { scope: 'row' }),
      ...[share(found, present), share(placed, present), share(cleared, absent)].map((text) => create('td', text)),
    );
    body.append(row);
  }
  table.append(create('caption', t('teach.progress'), 'sr-only'), top, body);
  return [
    create('p', t('teach.level', { level, count: right.length, right: right.filter(Boolean).length })),
    table,
    create('p', t('teach.progressText')),
  ];
}

export function bindOutcome() {
  const box = byId('teach-outcome');
  const draw = onChange(
    (
      /** @type {Outcome | null} */ outcome,
      /** @type {boolean} */ marked,
      /** @type {import('../../core/state.js').State['progress'] | null} */ progress,
    ) => {
      const told = () =>
        outcome && [tableOf(outcome.rows), ...feedback(outcome, marked).map((line) => create('p', line))];
      box.replaceChildren(...((progress ? progressOf(progress) : told()) ?? []));
    },
  );

  return (
    /** @type {import('../../core/round.js').Round} */ { outcome, answer },
    /** @type {import('../../core/state.js').State['progress'] | null} At the end of a round */ progress,
  ) => {
    box.hidden = !outcome && !progress;
    draw(outcome, Object.keys(answer.marks).length > 0, progress);
  };
}
