/** Figures with their intervals, in words and in tables. */
import { create } from './dom.js';
import { t } from './i18n.js';
import { signed } from './words.js';

/** @param {number | undefined} value */
export const figure = (value) => (value === undefined ? '–' : signed(value, 3));

/** A p-value, which is never 0. @param {number} p */
export const pInWords = (p) => (p < 0.001 ? `< ${figure(0.001)}` : figure(p));

/** "−0.050 to 0.783". @param {[number, number]} interval */
export const intervalInWords = ([low, high]) => t('evaluate.interval', { low: figure(low), high: figure(high) });

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

/** A value, and its interval below. @param {import('carzero-evaluation').Estimate | undefined} estimate @param {string} [more] Text after the value @param {(value: number | undefined) => string} [words] */
export function createEstimate(estimate, more = '', words = figure) {
  const cell = createNumber(words(estimate?.value) + more);
  if (estimate?.interval) {
    const [low, high] = estimate.interval.map(words);
    cell.append(create('span', t('evaluate.interval', { low, high }), 'interval'));
  }
  return cell;
}
