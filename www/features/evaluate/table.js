/** Tables of figures. */
import { create } from '../../core/dom.js';
import { figure, intervalInWords } from './words.js';

/** @param {string} first @param {string[]} numbers */
export function createHead(first, numbers) {
  const [head, row] = [create('thead'), create('tr')];
  const cell = (/** @type {string} */ words, className = '') =>
    Object.assign(create('th', words, className), { scope: 'col' });
  row.append(cell(first), ...numbers.map((words) => cell(words, 'number')));
  head.append(row);
  return head;
}

/** @param {string} name @param {HTMLElement[]} cells */
export function createLine(name, cells) {
  const row = create('tr');
  row.append(Object.assign(create('th', name), { scope: 'row' }), ...cells);
  return row;
}

/** @param {string} text */
export const createNumber = (text) => create('td', text, 'number');

/** A value, and its interval below. @param {import('carzero-evaluation').Estimate | undefined} estimate @param {string} [more] Behind the value */
export function createEstimate(estimate, more = '') {
  const cell = createNumber(figure(estimate?.value) + more);
  if (estimate?.interval) cell.append(create('span', intervalInWords(estimate.interval), 'interval'));
  return cell;
}
