/** A row of a series' table. */
import { cloned, contextOf, create, find } from '../../core/dom.js';
import { t, tell } from '../../core/i18n.js';
import { isUnknown, related, unranked } from '../../core/wording.js';
import { cautions, signed, standing } from '../../core/words.js';
import { sideOf } from '../../core/zone.js';

/** @typedef {import('../../core/table.js').Row} Row */

/** So wide is a name that fits its lines, in letters; a character of Japanese is as wide as two. */
const ROOM = 36;
const START = 10; // characters that stay of a longer one
const END = 24;

/** @param {HTMLCanvasElement} canvas @param {Row['thumbnail']} thumbnail */
function drawThumbnail(canvas, thumbnail) {
  if (!thumbnail) return;
  const { width, height, grey } = thumbnail;
  const rgba = Uint32Array.from(grey, (value) => 0xff000000 | (value * 0x010101)); // little-endian ABGR
  Object.assign(canvas, { width, height });
  contextOf(canvas).putImageData(new ImageData(new Uint8ClampedArray(rgba.buffer), width, height), 0, 0);
}

/** The name on a few lines, as names of a series differ anywhere; of one that is too long the middle is read aloud alone. @param {HTMLElement} element @param {string} name */
function writeName(element, name) {
  const characters = [...name];
  const wide = characters.reduce((sum, character) => sum + (character > '\u2e80' ? 2 : 1), 0);
  element.classList.add('whole');
  if (wide <= ROOM) return void (element.textContent = name);
  const end = Math.ceil((END * characters.length) / wide);
  const start = Math.ceil((START * characters.length) / wide);
  const middle = create('span', undefined, 'left-out');
  middle.append(create('span', characters.slice(start, -end).join(''), 'sr-only'));
  element.replaceChildren(characters.slice(0, start).join(''), middle, characters.slice(-end).join(''));
}

/** @param {import('../../core/table.js').Mark | undefined} mark */
function createCell(mark) {
  const cell = create('td');
  cell.dataset.kind = !mark ? 'unscored' : mark.percentile === undefined ? 'unranked' : 'ranked';
  if (!mark) cell.append(create('span', '·', 'pending'), create('span', t('series.waiting'), 'sr-only'));
  else if (mark.percentile === undefined)
    cell.append(
      create('span', signed(mark.logit)),
      ...(isUnknown(mark) ? [create('span', unranked(mark), 'near')] : []),
    );
  else {
    const [track, fill] = [create('span', undefined, 'track'), create('span', undefined, 'fill')];
    fill.style.setProperty('width', `${mark.percentile}%`);
    track.append(fill);
    cell.append(create('span', standing(mark.percentile)), track);
    if (sideOf(mark) === 'within') cell.append(create('span', t('zone.word'), 'near'));
    if (related(mark)) cell.append(create('span', related(mark), 'near'));
  }
  return cell;
}

/** @param {HTMLTemplateElement} template @param {Row} row @param {readonly string[]} findings */
export function createRow(template, row, findings) {
  const element = cloned(template, HTMLTableRowElement);
  const open = find(element, '.open');
  const size = find(element, '.size');
  element.dataset.id = String(row.id);
  element.dataset.state = row.state;
  drawThumbnail(find(element, '.thumbnail', HTMLCanvasElement), row.thumbnail);
  open.title = row.name;
  writeName(open, row.name);
  size.textContent = row.width ? `${row.width} × ${row.height}` : '';
  const said = cautions(row);
  if (said.length) {
    const mark = Object.assign(create('button', t('series.warning'), 'warned'), {
      type: 'button',
      title: said.join(' '),
      ariaHasPopup: 'dialog',
    });
    mark.append(create('span', `: ${mark.title}`, 'sr-only'));
    size.after(mark);
  }
  if (row.state !== 'failed') element.append(...findings.map((each) => createCell(row.marks.get(each))));
  else {
    const label = Object.assign(create('span', undefined, 'failed-name'), { title: row.name });
    writeName(label, row.name);
    open.replaceWith(label);
    const cell = create('td');
    cell.append(create('p', t('series.unread', { reason: tell(row.reason) }), 'error'));
    cell.colSpan = Math.max(1, findings.length);
    element.append(cell);
  }
  return element;
}
