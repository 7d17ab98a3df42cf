/** The way from the viewer back to the table of a series, and to the images before and after. */
import { byId } from '../../core/dom.js';
import { rowInView } from '../../core/derived.js';

/** @typedef {import('../../core/table.js').Row} Row */

/** @param {import('../../session.js').Session} session @param {() => Row[]} openable Rows in the table's order @param {(row: Row | undefined) => void} view */
export function bindNav(session, openable, view) {
  const nav = byId('series-nav');
  const back = byId('series-back', HTMLButtonElement);
  const previous = byId('series-previous', HTMLButtonElement);
  const place = byId('series-place');
  const next = byId('series-next', HTMLButtonElement);

  const step = (/** @type {number} */ by) => {
    const all = openable();
    const row = rowInView(session.state);
    if (row) view(all[all.indexOf(row) + by]);
  };
  back.addEventListener('click', () => session.series.show(true));
  previous.addEventListener('click', () => step(-1));
  next.addEventListener('click', () => step(1));

  return (/** @type {import('../../core/state.js').State} */ state) => {
    const row = rowInView(state);
    const all = row ? openable() : [];
    const at = row ? all.indexOf(row) : -1;
    nav.hidden = !state.series;
    place.textContent = row ? `${at + 1 || '–'} / ${all.length}` : '';
    place.hidden = previous.hidden = next.hidden = !row;
    previous.disabled = at <= 0;
    next.disabled = at === all.length - 1;
  };
}
