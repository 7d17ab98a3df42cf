/** A row with a bar up to a percentile, and a thin line to compare it with. */
import { create } from '../../core/dom.js';
import { signed, standing } from '../../core/words.js';

/** @param {HTMLElement} name @param {{percentile?: number, logit?: number}} of @param {number | undefined} line Percentile of what it is compared with */
export function createBar(name, { percentile, logit }, line) {
  const row = create('li', undefined, 'part');
  const [track, fill, mark] = ['part-track', 'part-fill', 'part-mark'].map((part) => create('span', undefined, part));
  fill.style.setProperty('width', `${percentile ?? 0}%`);
  mark.style.setProperty('left', `${line ?? 0}%`);
  mark.hidden = line === undefined;
  track.append(fill, mark);
  track.hidden = percentile === undefined;
  row.append(
    name,
    track,
    create('span', percentile === undefined ? '' : standing(percentile), 'part-value'),
    create('span', logit === undefined ? '' : signed(logit), 'part-value small'),
  );
  return row;
}
