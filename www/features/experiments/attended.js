/** How the image divides its attention among the words: a row for each word, a column for each layer and head. */
import { create } from '../../core/dom.js';
import { share } from '../../core/explanation.js';
import { t } from '../../core/i18n.js';
import { rowsOf } from './vectors.js';

/** @param {string} text @param {'row' | 'col'} scope */
function createHeading(text, scope) {
  const cell = create('th', text);
  cell.scope = scope;
  return cell;
}

/** All heads, layer by layer. @param {{layers: number, heads: number}} of @returns {{layer: number, head: number}[]} */
export const headsOf = ({ layers, heads }) =>
  Array.from({ length: layers * heads }, (_, i) => ({ layer: Math.floor(i / heads), head: i % heads }));

/** @param {string} name @param {number[]} shares */
function createRow(name, shares) {
  const row = create('tr');
  const cells = shares.map((part) => {
    const cell = create('td', share(part), 'number');
    cell.style.setProperty('--part', `${Math.round(100 * part)}%`);
    return cell;
  });
  row.append(createHeading(name, 'row'), ...cells);
  return row;
}

/** The head and the body of the table. @param {import('carzero').Explanation} explanation */
export function createAttended(explanation) {
  const { words, attendedWords, attendedText } = explanation;
  const heads = headsOf(explanation);
  const head = create('tr');
  const names = heads.map(({ layer, head: index }) => t('steps.head', { layer: layer + 1, head: index + 1 }));
  head.append(create('td'), ...names.map((name) => createHeading(name, 'col')));
  const byHead = rowsOf(attendedWords, heads.length);
  const whole = [...attendedText];
  const rest = byHead.map((shares, i) => Math.max(0, 1 - whole[i] - shares.reduce((a, b) => a + b, 0)));
  const [top, body] = [create('thead'), create('tbody')];
  top.append(head);
  body.append(
    ...words.map((word, i) => {
      const row = createRow(
        word,
        byHead.map((shares) => shares[i]),
      );
      row.cells[0].lang = 'en';
      return row;
    }),
    createRow(t('steps.wholeText'), whole),
    createRow(t('steps.emptyRows'), rest),
  );
  return [top, body];
}
