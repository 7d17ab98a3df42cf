/** What a printed sheet says, from the state. */
import { differenceInWords, differences, isCompared, isSame, overlayKeyBeside, sideB } from '../../core/beside.js';
import { create } from '../../core/dom.js';
import { contourInWords, contoursInWords, drawImage, drawRamp, outlined } from './image.js';
import { nameOf, t, tell } from '../../core/i18n.js';
import { columnsOf, likenessOf } from '../../core/search.js';
import { rowsOnShow } from '../../core/table.js';
import { hasPicture, ranked } from '../../core/derived.js';
import { overlayKey, shownMap } from '../../core/map.js';
import { createSwatch } from '../../core/viewport/swatch.js';
import { cautions, signed } from '../../core/words.js';
import { sideInWords } from '../../core/zone.js';
import {
  cautionsOfWords,
  marksOf,
  marksOfWords,
  placeInWords,
  placeWithZone,
  scoreInWords,
} from '../../core/wording.js';

/**
 * @typedef {import('../../core/state.js').State} State
 * @typedef {import('../../core/beside.js').Compared} Compared
 */

const SHARP = { half: 1000, low: 600 }; // pixels, some 300 per inch: half as wide as the page, or above a long list
const ROWS = 36; // two columns of them fill the page
const HIGHEST = 5; // findings listed for an image of a series

/** @param {State} state @param {string} finding */
function rowOf({ scores, selected }, finding) {
  const score = scores.get(finding);
  const row = create('li', undefined, 'print-row');
  row.toggleAttribute('data-selected', finding === selected);
  const bar = create('span', undefined, 'print-bar');
  const fill = create('span');
  fill.style.setProperty('width', `${score?.percentile ?? 0}%`);
  bar.append(fill);
  const logit = score && score.percentile === undefined ? t('figure.logit', { logit: signed(score.logit) }) : '';
  const marks = [marksOf(score), logit].filter(Boolean).join(' · ');
  bar.hidden = score?.percentile === undefined;
  row.append(markedName(nameOf(finding), marks), bar, create('span', logit ? '' : placeInWords(score)));
  return row;
}

/** Whether the findings take the page's whole width. @param {State} state */
const isLong = ({ findings }) => findings.length > ROWS / 2;

/** Every finding with its bar, the highest first. @param {State} state @returns {Element[]} */
function listOf(state) {
  const count = state.findings.length;
  const list = create('ol', undefined, 'print-list');
  const order = ranked(state).slice(0, ROWS);
  list.append(...order.map((finding) => rowOf(state, finding)));
  list.dataset.head = t('findings.percentile');
  list.toggleAttribute('data-long', isLong(state));
  return count > ROWS ? [list, create('p', t('print.highest', { count: ROWS, all: count }), 'small')] : [list];
}

/** @param {string[]} heads @param {(string | Element)[][]} rows @param {string} className */
function tableOf(heads, rows, className) {
  const table = create('table', undefined, className);
  const [head, body, line] = [create('thead'), create('tbody'), create('tr')];
  line.append(...heads.map((text) => create('th', text)));
  head.append(line);
  body.append(
    ...rows.map((cells) => {
      const row = create('tr');
      for (const cell of cells) {
        const box = create('td');
        box.append(cell);
        row.append(box);
      }
      return row;
    }),
  );
  table.append(head, body);
  return table;
}

/** A name, and reasons to doubt its score. @param {string} name @param {string} marks */
function markedName(name, marks) {
  const box = create('span', name, 'print-name');
  if (marks) box.append(' ', create('span', marks, 'small'));
  return box;
}

/** Two images, finding by finding. @param {Compared} state */
const differencesOf = (state) =>
  tableOf(
    [t('compare.finding'), 'A', 'B', 'A − B'],
    differences(state)
      .slice(0, ROWS)
      .map((each) => [
        markedName(nameOf(each.finding), marksOfWords(each.a ?? each.b)),
        placeWithZone(each.a),
        placeWithZone(each.b),
        differenceInWords(each),
      ]),
    'print-table',
  );

/** The state without its overlay, if that belongs to another finding or image. @template {State} T @param {T} state @param {string} key Of the overlay that is wanted */
const withOwnMap = (state, key) => (state.overlay?.key === key ? state : { ...state, overlay: null });

/** @param {import('../../core/state.js').Viewed} state Its overlay belongs to it @param {number} long Pixels of its longer side @param {string} [letter] Of a comparison @returns {Element[]} */
function imageOf(state, long, letter = '') {
  const { picture, map, overlay, selected, scores } = state;
  if (!picture.view) return [];
  const score = scores.get(selected);
  const drawn = map.on && overlay && score;
  const figure = create('figure');
  figure.append(drawImage(drawn ? state : { ...state, map: { ...map, on: false } }, long));
  if (drawn) {
    const legend = create('p', undefined, 'small print-legend');
    legend.append(t('median'), ' ', drawRamp(state), ' ', t('map.highest'), ' · ');
    const said = [
      t('figure.map', { kind: shownMap(state)?.name ?? '' }),
      t('figure.dimmed'),
      ...('phantom' in picture.source ? [t('figure.synthetic')] : []),
    ];
    legend.append(said.join(' · '));
    figure.append(legend);
  }
  const contours = create('ul', undefined, 'small print-contours');
  contours.append(
    ...outlined(state).map((contour) => {
      const item = create('li');
      item.append(createSwatch(contour.place), ' ', contourInWords(contour));
      return item;
    }),
  );
  if (contours.hasChildNodes()) figure.append(contours);
  figure.append(...contoursInWords(state).map((text) => create('p', text, 'small')));
  const caption = create('figcaption');
  if (letter) caption.append(create('strong', letter), ' ');
  if (score)
    caption.append(
      create('strong', nameOf(selected)),
      ` ${[scoreInWords(score), ...(score.percentile === undefined ? [] : [sideInWords(score)]), ...cautionsOfWords(score)].join(' ')}`,
    );
  figure.append(caption);
  return [figure];
}

/** @param {string[]} lines */
function warningsOf(lines) {
  const box = create('div', undefined, 'print-warnings');
  box.append(...lines.map((line) => create('p', line)));
  return box;
}

/** @param {State} state @returns {Element[]} */
function sheetOfImage(state) {
  const body = create('div', undefined, 'print-body');
  const [list, ...more] = listOf(state);
  const long = isLong(state) ? SHARP.low : SHARP.half;
  body.append(...(hasPicture(state) ? imageOf(withOwnMap(state, overlayKey(state)), long) : []), list);
  return [warningsOf(state.picture ? cautions(state.picture) : []), body, ...more];
}

/** @param {Compared} state @returns {Element[]} */
function sheetOfComparison(state) {
  const body = create('div', undefined, 'print-body');
  const sides = [
    { letter: 'A', side: withOwnMap(state, overlayKey(state)) },
    { letter: 'B', side: withOwnMap(sideB(state), overlayKeyBeside(state)) },
  ];
  body.append(...sides.flatMap(({ letter, side }) => imageOf(side, SHARP.half, letter)));
  const told = isSame(state)
    ? cautions(state.picture)
    : sides.flatMap(({ letter, side }) => cautions(side.picture).map((line) => `${letter}: ${line}`));
  return [warningsOf(told), body, ...(isSame(state) ? listOf(state) : [differencesOf(state)])];
}

/** @param {import('../../core/table.js').Series} series @param {readonly string[]} findings @returns {Element[]} */
function sheetOfSeries(series, findings) {
  const { search } = series;
  const searched = !search ? [] : [search.by === 'text' ? nameOf(search.finding) : t('search.column')];
  const rows = rowsOnShow(series, columnsOf(series, findings)).map((row, i) => {
    const likeness = likenessOf(search, row);
    const place =
      search?.by === 'text'
        ? placeInWords(row.marks.get(search.finding))
        : likeness === undefined
          ? '…'
          : signed(likeness, 3);
    const scores = new Map(row.marks);
    const highest = ranked({ findings, scores }).slice(0, HIGHEST);
    const told = highest.flatMap((finding) => {
      const mark = row.marks.get(finding);
      return mark ? [[`${nameOf(finding)} ${placeInWords(mark)}`, marksOf(mark)].filter(Boolean).join(' · ')] : [];
    });
    const unread = row.state === 'failed' ? t('series.unread', { reason: tell(row.reason) }) : '';
    const size = row.width ? `${row.width} × ${row.height}` : '';
    return [String(i + 1), ...searched.map(() => place), size, unread || told.join('; '), cautions(row).join(' ')];
  });
  const heads = ['', ...searched, t('series.image'), t('print.highestOf', { count: HIGHEST }), t('series.warning')];
  const lead = [t('print.series'), ...searched.map((by) => t('print.search', { by }))].join(' ');
  return [create('p', lead, 'small'), tableOf(heads, rows, 'print-table')];
}

/** @param {State} state */
export function sheetOf(state) {
  if (state.series?.shown) return sheetOfSeries(state.series, state.findings);
  return isCompared(state) ? sheetOfComparison(state) : sheetOfImage(state);
}
