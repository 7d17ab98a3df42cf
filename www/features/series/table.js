/** The rows of a series, drawn in portions, and the column heads that sort them. */
import { byId, closest, create, findAll, focusedIn, onChange } from '../../core/dom.js';
import { language, nameOf, t } from '../../core/i18n.js';
import { NAME } from '../../core/table.js';
import { rove } from '../../core/rove.js';
import { LIKE } from '../../core/search.js';
import { isNegated } from '../../core/wording.js';
import { cautions } from '../../core/words.js';
import { createRow } from './row.js';

/**
 * @typedef {import('../../core/table.js').Row} Row
 * @typedef {import('./row.js').Look} Look
 */

/** For how long rows are drawn before the page can respond again. */
const TASK_MS = 4;
/** @param {Look} one @param {Look} two */
const isAlike = (one, two) => one.findings === two.findings && one.search === two.search && one.ramp === two.ramp;

/** How far from the visible part further rows are drawn already. */
const NEAR = '600px';

/** @param {import('../../session.js').Session} session @param {(row: Row) => void} view Opens a row in the viewer */
export function bindTable(session, view) {
  const scroll = byId('series-scroll');
  const heads = byId('series-heads');
  const body = byId('series-rows');
  const none = byId('series-none');
  const more = byId('series-more', HTMLButtonElement);
  const template = byId('series-row', HTMLTemplateElement);
  const caution = byId('series-caution');
  const cautionTitle = byId('series-caution-title');
  const cautionLines = byId('series-cautions');
  /** @type {Map<number, {row: Row, element: HTMLTableRowElement, look: Look, words: string}>} */ const drawn =
    new Map();
  let pending = 0;
  const sight = new IntersectionObserver(
    ([{ isIntersecting }]) => {
      if (isIntersecting) session.series.showMore();
    },
    { root: scroll, rootMargin: NEAR },
  );

  /** Rows on the screen, by their ids. @type {Set<number>} */ const inSight = new Set();
  const watch = new IntersectionObserver(
    (changes) => {
      for (const { target, isIntersecting } of changes) {
        const id = target instanceof HTMLElement ? Number(target.dataset.id) : 0;
        if (isIntersecting) inSight.add(id);
        else inSight.delete(id);
      }
      if (session.state.series?.search) session.series.see(new Set(inSight));
    },
    { root: scroll },
  );

  /** @param {HTMLTableRowElement} element */
  function takeAway(element) {
    watch.unobserve(element);
    inSight.delete(Number(element.dataset.id));
    element.remove();
  }

  /** What a row's warning says. @param {Row} row */
  function warn(row) {
    cautionTitle.textContent = row.name;
    cautionLines.replaceChildren(...cautions(row).map((line) => create('p', line)));
    caution.showPopover();
  }

  more.addEventListener('click', () => session.series.showMore());
  heads.addEventListener('click', (event) => {
    const by = closest(event, 'button')?.dataset.by;
    if (by !== undefined) session.series.sort(by);
  });
  body.addEventListener('click', (event) => {
    const row = drawn.get(Number(closest(event, 'tr')?.dataset.id))?.row;
    if (!row) return;
    if (closest(event, '.warned')) warn(row);
    else view(row);
  });
  const settleRows = rove(body, ':is(.open, .warned)', ['ArrowUp'], ['ArrowDown']);
  const settleHeads = rove(heads, 'button', ['ArrowLeft'], ['ArrowRight']);

  /** The button that opens a row, if the row is drawn and can be opened. @param {number} id */
  function openerOf(id) {
    const entry = drawn.get(id);
    return entry && findAll(entry.element, '.open', HTMLElement).at(0);
  }

  const drawHeads = onChange(
    (
      /** @type {readonly string[]} */ findings,
      /** @type {import('../../core/table.js').Sort} */ sort,
      /** @type {Look['search']} */ search,
    ) => {
      const like = search?.by === 'image' ? [LIKE] : [];
      /** @param {string} by */
      const named = (by) => (by === NAME ? t('series.image') : by === LIKE ? t('search.column') : nameOf(by));
      const focused = focusedIn(heads, 'by');
      heads.replaceChildren(
        ...[NAME, ...like, ...findings].map((by) => {
          const [cell, button] = [create('th'), create('button', named(by))];
          if (findings.includes(by)) button.title = by;
          if (isNegated({ finding: by })) button.append(' ', create('span', t('wording.negated'), 'tag'));
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

  /** The id of the row that has the focus, or 0. */
  function focusedRow() {
    const { activeElement } = document;
    const row = activeElement && body.contains(activeElement) ? activeElement.closest('tr') : null;
    return Number(row?.dataset.id ?? 0);
  }

  /** Makes the table's rows those of `page`, as far as `TASK_MS` allows, and goes on in the next frame. @param {readonly Row[]} page @param {Look} look */
  function fill(page, look) {
    const end = performance.now() + TASK_MS;
    const focused = focusedRow();
    const filled = page.every((row, i) => {
      let entry = drawn.get(row.id);
      if (!entry || entry.row !== row || !isAlike(entry.look, look) || entry.words !== language()) {
        if (performance.now() > end) return false;
        if (entry) takeAway(entry.element);
        drawn.set(row.id, (entry = { row, look, words: language(), element: createRow(template, row, look) }));
        watch.observe(entry.element);
      }
      if (body.children[i] !== entry.element) body.insertBefore(entry.element, body.children[i] ?? null);
      return true;
    });
    settleRows();
    if (focused && !body.contains(document.activeElement)) openerOf(focused)?.focus({ preventScroll: true });
    sight.disconnect();
    if (filled)
      sight.observe(more); // which reports at once whether it is near
    else pending = requestAnimationFrame(() => fill(page, look));
  }

  /** @param {readonly Row[]} rows Those that pass the filter @param {Look} look @param {number} room How many are drawn at most */
  function drawRows(rows, look, room) {
    const page = rows.slice(0, room);
    const kept = new Set(page.map(({ id }) => id));
    for (const [id, { element }] of drawn)
      if (!kept.has(id)) {
        takeAway(element);
        drawn.delete(id);
      }
    cancelAnimationFrame(pending);
    fill(page, look);
    none.hidden = rows.length > 0;
    more.hidden = rows.length <= room;
    more.textContent = t('series.more', { count: rows.length - page.length });
  }

  return { drawHeads, drawRows, openerOf };
}
