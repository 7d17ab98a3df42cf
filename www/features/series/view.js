/** A series: its table, and the way back to it from the viewer. */
import { byId, find, onChange } from '../../core/dom.js';
import { plural, t } from '../../core/i18n.js';
import { rampOf } from '../../core/map.js';
import { columnsOf } from '../../core/search.js';
import { rowsDrawn, rowsOnShow } from '../../core/table.js';
import { leftInWords, populationInWords } from '../../core/words.js';
import { bindFilter } from './filter.js';
import { bindNav } from './nav.js';
import { bindProgress } from './progress.js';
import { bindSearch } from './search.js';
import { bindTable } from './table.js';

/** @typedef {import('../../core/table.js').Row} Row */
/** @typedef {import('../../core/table.js').Series} Series */

/** @param {import('../../session.js').Session} session */
export function bindSeries(session) {
  const section = byId('series');
  const title = byId('series-title');
  const findingsToggle = byId('series-findings', HTMLButtonElement);
  const close = byId('series-close', HTMLButtonElement);
  const scroll = byId('series-scroll');
  const caption = byId('series-caption');
  const population = byId('series-population');
  const left = byId('series-left');
  const back = byId('series-back', HTMLButtonElement);
  const stage = byId('stage');
  const notice = byId('notice');
  const main = find(document, 'main');
  /** @type {Row[]} Those that pass the filter */ let rows = [];
  let lastViewed = 0;

  /** @param {Row | undefined} row */
  function view(row) {
    if (!row || row.state === 'failed') return;
    lastViewed = row.id;
    session.series.view(row);
  }

  const table = bindTable(session, view);
  const drawFilter = bindFilter(session);
  const drawProgress = bindProgress(session);
  const drawSearch = bindSearch(session);
  const drawNav = bindNav(session, () => rows.filter(({ state }) => state !== 'failed'), view);

  close.addEventListener('click', () => session.series.close());
  findingsToggle.addEventListener('click', () => {
    const open = main.toggleAttribute('data-findings');
    findingsToggle.setAttribute('aria-expanded', String(open));
  });

  const drawRows = onChange(
    (
      /** @type {Series['rows']} */ _all,
      /** @type {readonly string[]} */ findings,
      /** @type {Series['sort']} */ _sort,
      /** @type {Series['filter']} */ _filter,
      /** @type {Series['search']} */ search,
      /** @type {Uint8ClampedArray | undefined} */ ramp,
      /** @type {number} */ room,
    ) => {
      const { series } = session.state;
      rows = series ? rowsOnShow(series, findings) : [];
      table.drawRows(rows, { findings, search, ramp }, room);
    },
  );
  /** The findings of the columns: the same array for the same search and findings. */
  let columns = /** @type {readonly string[]} */ ([]);
  const drawColumns = onChange((/** @type {Series['search']} */ search, /** @type {readonly string[]} */ findings) => {
    columns = columnsOf({ search }, findings);
    if (search) scroll.scrollTop = 0;
  });

  const enter = onChange((/** @type {boolean} */ shown) => {
    main.toggleAttribute('data-series', shown);
    section.hidden = !shown;
    (shown ? scroll : stage).append(notice);
    if (shown) (table.openerOf(lastViewed) ?? title).focus();
    else if (session.state.series) back.focus();
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { series, findings, info } = state;
    if (series) {
      const { sort, filter, search } = series;
      drawColumns(search, findings);
      table.drawHeads(columns, sort, search);
      drawRows(series.rows, columns, sort, filter, search, rampOf(state), rowsDrawn(series, columns));
      drawFilter(series, columns, rows.length);
      drawProgress(series, state);
      drawSearch(series, state);
      title.textContent = plural('series.of', series.rows.length);
      population.textContent = info?.population
        ? t('series.among', { population: populationInWords(info) })
        : t('series.raw');
      left.textContent = leftInWords(series.left);
      caption.textContent = t('series.caption', { population: population.textContent });
    }
    enter(Boolean(series?.shown));
    drawNav(state);
  };
}
