/** The table of a series, and the way back to it from the viewer. */
import { byId, closest, create, find, findAll, focusedIn, onChange, setOptions } from '../../core/dom.js';
import { language, modelText, nameOf, plural, t } from '../../core/i18n.js';
import { NAME, progressOf, rowsDrawn, rowsOnShow } from '../../core/table.js';
import { rove } from '../../core/rove.js';
import { rowInView } from '../../core/derived.js';
import { cautions, leftInWords } from '../../core/words.js';
import { createRow } from './row.js';

/** @typedef {import('../../core/table.js').Row} Row */

/** For how long rows are drawn before the page can respond again. */
const TASK_MS = 4;
/** From how far outside what is on show further rows are drawn. */
const NEAR = '600px';

/** @param {import('../../session.js').Session} session */
export function bindSeries(session) {
  const section = byId('series');
  const title = byId('series-title');
  const progress = byId('series-progress', HTMLProgressElement);
  const count = byId('series-count');
  const run = byId('series-run', HTMLButtonElement);
  const findingsToggle = byId('series-findings', HTMLButtonElement);
  const close = byId('series-close', HTMLButtonElement);
  const filterForm = byId('series-filter', HTMLFormElement);
  const name = byId('series-name', HTMLInputElement);
  const above = byId('series-above', HTMLInputElement);
  const finding = byId('series-finding', HTMLSelectElement);
  const shownText = byId('series-shown');
  const scroll = byId('series-scroll');
  const caption = byId('series-caption');
  const heads = byId('series-heads');
  const body = byId('series-rows');
  const none = byId('series-none');
  const more = byId('series-more', HTMLButtonElement);
  const population = byId('series-population');
  const live = byId('series-live');
  const template = byId('series-row', HTMLTemplateElement);
  const stage = byId('stage');
  const notice = byId('notice');
  const nav = byId('series-nav');
  const back = byId('series-back', HTMLButtonElement);
  const previous = byId('series-previous', HTMLButtonElement);
  const place = byId('series-place');
  const next = byId('series-next', HTMLButtonElement);
  const left = byId('series-left');
  const caution = byId('series-caution');
  const cautionTitle = byId('series-caution-title');
  const cautionLines = byId('series-cautions');
  const main = find(document, 'main');
  /** @type {Map<number, {row: Row, element: HTMLTableRowElement, findings: readonly string[], words: string}>} */ const drawn =
    new Map();
  /** @type {Row[]} Those that pass the filter */ let rows = [];
  let lastViewed = 0;
  let pending = 0;
  const sight = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (isIntersecting) session.series.showMore();
    },
    { root: scroll, rootMargin: NEAR },
  );

  const openable = () => rows.filter(({ state }) => state !== 'failed');

  /** @param {Row | undefined} row */
  function view(row) {
    if (!row || row.state === 'failed') return;
    lastViewed = row.id;
    session.series.view(row);
  }

  /** What a row's warning says. @param {Row} row */
  function warn(row) {
    cautionTitle.textContent = row.name;
    cautionLines.replaceChildren(...cautions(row).map((line) => create('p', line)));
    caution.showPopover();
  }

  run.addEventListener('click', () => session.series.run(!session.state.series?.running));
  close.addEventListener('click', () => session.series.close());
  findingsToggle.addEventListener('click', () => {
    const open = main.toggleAttribute('data-findings');
    findingsToggle.setAttribute('aria-expanded', String(open));
  });
  filterForm.addEventListener('submit', (event) => event.preventDefault());
  name.addEventListener('input', () => session.series.filter({ name: name.value }));
  above.addEventListener('input', () => {
    above.reportValidity(); // the browser says which numbers it takes
    session.series.filter({ above: above.value === '' || !above.validity.valid ? null : Number(above.value) });
  });
  finding.addEventListener('change', () => session.series.filter({ finding: finding.value }));
  more.addEventListener('click', () => session.series.showMore());
  heads.addEventListener('click', (event) => {
    const by = closest(event, 'button')?.dataset.by;
    if (by !== undefined) session.series.sort(by);
  });
  body.addEventListener('click', (event) => {
    const row = drawn.get(Number(closest(event, 'tr')?.dataset.id))?.row;
    if (row && closest(event, '.warned')) warn(row);
    else view(row);
  });
  const settleRows = rove(body, ':is(.open, .warned)', ['ArrowUp'], ['ArrowDown']);
  const settleHeads = rove(heads, 'button', ['ArrowLeft'], ['ArrowRight']);
  back.addEventListener('click', () => session.series.show(true));
  const step = (/** @type {number} */ by) => {
    const all = openable();
    const row = rowInView(session.state);
    if (row) view(all[all.indexOf(row) + by]);
  };
  previous.addEventListener('click', () => step(-1));
  next.addEventListener('click', () => step(1));

  /** What opens a row that is drawn and can be opened. @param {number} id */
  function openerOf(id) {
    const entry = drawn.get(id);
    return entry && findAll(entry.element, '.open', HTMLElement).at(0);
  }

  const drawHeads = onChange(
    (/** @type {readonly string[]} */ findings, /** @type {import('../../core/table.js').Sort} */ sort) => {
      const focused = focusedIn(heads, 'by');
      heads.replaceChildren(
        ...[NAME, ...findings].map((by) => {
          const [cell, button] = [create('th'), create('button', by === NAME ? t('series.image') : nameOf(by))];
          if (by !== NAME) button.title = by;
          button.type = 'button';
          button.dataset.by = by;
          cell.scope = 'col';
          cell.append(button);
          if (sort.by === by) cell.setAttribute('aria-sort', sort.down ? 'descending' : 'ascending');
          if (by === focused) queueMicrotask(() => button.focus({ preventScroll: true }));
          return cell;
        }),
      );
      settleHeads();
      const [names, ...others] = findAll(heads, 'th', HTMLTableCellElement);
      const sorted = others.find((cell) => cell.hasAttribute('aria-sort'));
      if (!sorted) return;
      const [least, most] = [
        sorted.offsetLeft - names.offsetWidth,
        sorted.offsetLeft + sorted.offsetWidth - scroll.clientWidth,
      ];
      scroll.scrollLeft = Math.min(least, Math.max(most, scroll.scrollLeft));
    },
  );

  const drawFindings = onChange((/** @type {readonly string[]} */ findings) => {
    setOptions(finding, [
      { value: '', text: t('series.anyFinding') },
      ...findings.map((value) => ({ value, text: nameOf(value) })),
    ]);
  });

  /** The id of the row that has the focus, or 0. */
  function focusedRow() {
    const { activeElement } = document;
    const row = activeElement && body.contains(activeElement) ? activeElement.closest('tr') : null;
    return Number(row?.dataset.id ?? 0);
  }

  /** Makes the table's rows those of `page`, as far as `TASK_MS` allows, and goes on in the next frame. @param {readonly Row[]} page @param {readonly string[]} findings */
  function fill(page, findings) {
    const end = performance.now() + TASK_MS;
    const focused = focusedRow();
    const filled = page.every((row, i) => {
      let entry = drawn.get(row.id);
      if (!entry || entry.row !== row || entry.findings !== findings || entry.words !== language()) {
        if (performance.now() > end) return false;
        entry?.element.remove();
        drawn.set(row.id, (entry = { row, findings, words: language(), element: createRow(template, row, findings) }));
      }
      if (body.children[i] !== entry.element) body.insertBefore(entry.element, body.children[i] ?? null);
      return true;
    });
    settleRows();
    if (focused && !body.contains(document.activeElement)) openerOf(focused)?.focus({ preventScroll: true });
    sight.disconnect();
    if (filled)
      sight.observe(more); // and says at once whether it is near
    else pending = requestAnimationFrame(() => fill(page, findings));
  }

  const drawRows = onChange(
    (
      /** @type {readonly Row[]} */ all,
      /** @type {readonly string[]} */ findings,
      /** @type {object} */ _sort,
      /** @type {object} */ _filter,
      /** @type {number} */ room,
    ) => {
      const { series } = session.state;
      rows = series ? rowsOnShow(series, findings) : [];
      const page = rows.slice(0, room);
      const kept = new Set(page.map(({ id }) => id));
      for (const [id, { element }] of drawn)
        if (!kept.has(id)) {
          element.remove();
          drawn.delete(id);
        }
      cancelAnimationFrame(pending);
      fill(page, findings);
      none.hidden = rows.length > 0;
      more.hidden = rows.length <= room;
      more.textContent = t('series.more', { count: rows.length - page.length });
      shownText.textContent =
        rows.length === all.length ? '' : plural('series.shown', all.length, { shown: rows.length });
    },
  );

  /** Spoken when the work starts, rests or is done, not at each image. */
  const speak = onChange((/** @type {string} */ text) => {
    live.textContent = text;
  });

  /** @param {import('../../core/table.js').Series} series @param {import('../../core/state.js').State} state */
  function drawProgress(series, { findings, model }) {
    const { total, done, failed } = progressOf(series, findings);
    const open = total - done;
    const doing = !open ? 'done' : !series.running ? 'rests' : model === 'ready' ? 'runs' : 'waits';
    const trouble = failed ? t('series.failed', { count: failed }) : '';
    Object.assign(progress, { max: total, value: done });
    section.toggleAttribute('data-done', !open);
    run.hidden = !open;
    run.textContent = t(series.running ? 'cancel' : 'series.continue');
    count.textContent = t(`series.${doing}`, { count: done - failed, total }) + trouble;
    speak(open ? plural(`series.${doing}Live`, total) : plural('series.doneLive', done - failed, { trouble }));
  }

  const enter = onChange((/** @type {boolean} */ shown) => {
    main.toggleAttribute('data-series', shown);
    section.hidden = !shown;
    (shown ? scroll : stage).append(notice);
    if (shown) (openerOf(lastViewed) ?? title).focus();
    else if (session.state.series) back.focus();
  });

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const { series, findings, info } = state;
    if (series) {
      drawHeads(findings, series.sort);
      drawFindings(findings);
      drawRows(series.rows, findings, series.sort, series.filter, rowsDrawn(series, findings));
      drawProgress(series, state);
      title.textContent = plural('series.of', series.rows.length);
      if (document.activeElement !== name) name.value = series.filter.name;
      if (document.activeElement !== above)
        above.value = series.filter.above === null ? '' : String(series.filter.above);
      finding.value = series.filter.finding;
      population.textContent = info?.population
        ? t('series.among', { population: modelText(info.population) })
        : t('series.raw');
      left.textContent = leftInWords(series.left);
      caption.textContent = t('series.caption', { population: population.textContent });
    }
    enter(Boolean(series?.shown));
    const row = rowInView(state);
    const all = row ? openable() : [];
    nav.hidden = !series;
    place.textContent = row ? `${all.indexOf(row) + 1 || '–'} / ${all.length}` : '';
    place.hidden = previous.hidden = next.hidden = !row;
    const at = row ? all.indexOf(row) : -1;
    previous.disabled = at <= 0;
    next.disabled = at === all.length - 1;
  };
}
